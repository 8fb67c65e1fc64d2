"""Chains of blocks, and their graphs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.graph import ComputationGraph, GraphBatch
from graf.graph.batch import INPUT, OUTPUT, STATION
from graf.graph.csr import offsets
from graf.ops import OpSet
from graf.spaces.parts.costs import Cost, Shape, cost_attributes

__all__ = ["Block", "attributes", "chain_batch", "chain_graph"]


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


def attributes(blocks: Sequence[Block], details: Sequence[str]) -> dict[str, NDArray[np.generic]]:
    """Attributes of the nodes: cost, channels, resolution, and the details of blocks named."""
    return {
        **cost_attributes([block.cost for block in blocks]),
        "channels": np.array([block.shape.channels for block in blocks], float),
        "resolution": np.array([block.shape.height for block in blocks], float),
        **{name: np.array([getattr(block, name) for block in blocks], float) for name in details},
    }


def chain_graph(
    blocks: Sequence[Any], ops: OpSet, attributes: Mapping[str, NDArray[Any]]
) -> ComputationGraph:
    """The graph of named operations that follow one another, the first its input, the last its output."""
    return ComputationGraph.from_edges(
        [block.op for block in blocks],
        [(i, i + 1) for i in range(len(blocks) - 1)],
        ops=ops,
        names=[block.name for block in blocks],
        attributes=attributes,
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
