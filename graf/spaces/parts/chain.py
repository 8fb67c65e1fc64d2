"""Chains of blocks: their graph, and what convolutions and linear layers cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.graph import ComputationGraph, GraphBatch
from graf.graph.batch import INPUT, OUTPUT, STATION
from graf.graph.csr import offsets
from graf.ops import OpSet

__all__ = [
    "Block",
    "Cost",
    "Shape",
    "attributes",
    "chain_batch",
    "chain_graph",
    "conv_cost",
    "linear_cost",
    "residual_cost",
]


@dataclass(frozen=True)
class Cost:
    """Parameters, and multiply-adds for one example.

    Examples
    --------
    >>> Cost(10, 20) + Cost(1, 2)
    Cost(parameters=11, macs=22)
    """

    parameters: int = 0
    macs: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.parameters + other.parameters, self.macs + other.macs)


class Shape(NamedTuple):
    """Channels, height and width of a tensor between two blocks.

    Examples
    --------
    >>> Shape(3, 32, 31).after(16, stride=2)
    Shape(channels=16, height=16, width=16)
    """

    channels: int
    height: int
    width: int

    def after(self, channels: int, stride: int = 1) -> Shape:
        """The shape behind a convolution that pads by half its kernel."""
        return Shape(channels, -(-self.height // stride), -(-self.width // stride))


class Block(NamedTuple):
    """One node of a graph: its label and operation, the shape of its output, and its cost.

    What does not apply to an operation (the kernel of a linear layer) is NaN.
    """

    name: str
    op: str | None
    shape: Shape
    cost: Cost = Cost()
    stride: float = nan
    kernel: float = nan
    expansion: float = nan
    groups: float = nan


def conv_cost(before: Shape, after: Shape, kernel: int, groups: int = 1) -> Cost:
    """Cost of a convolution without bias and the batch normalisation behind it."""
    weights = kernel**2 * before.channels // groups * after.channels
    return Cost(weights + 2 * after.channels, weights * after.height * after.width)


def linear_cost(n_in: int, n_out: int) -> Cost:
    """Cost of a linear layer with bias."""
    return Cost((n_in + 1) * n_out, n_in * n_out)


def residual_cost(before: Shape, after: Shape) -> Cost:
    """Cost of the two 3x3 convolutions of a residual block, without its shortcut."""
    return conv_cost(before, after, 3) + conv_cost(after, after, 3)


def attributes(blocks: Sequence[Block], details: Sequence[str]) -> dict[str, NDArray[np.generic]]:
    """Attributes of the nodes: cost, channels, resolution, and the details of blocks named."""
    return {
        "n_parameters": np.array([block.cost.parameters for block in blocks], np.int64),
        "n_macs": np.array([block.cost.macs for block in blocks], np.int64),
        "channels": np.array([block.shape.channels for block in blocks], float),
        "resolution": np.array([block.shape.height for block in blocks], float),
        **{name: np.array([getattr(block, name) for block in blocks], float) for name in details},
    }


def chain_graph(blocks: Sequence[Block], ops: OpSet, details: Sequence[str]) -> ComputationGraph:
    """The graph of blocks that follow one another, the first its input, the last its output."""
    return ComputationGraph.from_edges(
        [block.op for block in blocks],
        [(i, i + 1) for i in range(len(blocks) - 1)],
        ops=ops,
        names=[block.name for block in blocks],
        attributes=attributes(blocks, details),
    )


def chain_batch(
    ops: OpSet,
    lengths: NDArray[np.integer],
    node_op: NDArray[np.integer],
    carried: Mapping[str, NDArray[np.float64]],
) -> GraphBatch:
    """Chains of the given lengths; nodes and what they carry follow one another."""
    offset = offsets(lengths)
    number = np.arange(len(node_op)) - np.repeat(offset[:-1], lengths)
    flags = np.full(len(node_op), STATION, np.uint8)
    flags[offset[:-1]] |= INPUT
    flags[offset[1:] - 1] |= OUTPUT
    return GraphBatch(
        ops=ops,
        offset=offset,
        node_op=node_op.astype(np.int32),
        flags=flags,
        pred_indptr=offsets(number > 0),
        preds=(number[number > 0] - 1).astype(np.int32),
        attributes=carried,
    )
