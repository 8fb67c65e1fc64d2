"""Chains of blocks, and their graphs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.graph import ComputationGraph, GraphBatch
from graf.graph.batch import INPUT, OUTPUT, STATION
from graf.graph.csr import offsets
from graf.ops import OpSet
from graf.spaces.parts.costs import Cost, Shape, cost_attributes

__all__ = ["Block", "attributes", "chain_batch", "chain_graph", "image_block"]


class Block(NamedTuple):
    """One node of a graph: its label and operation, its cost, and the attributes that apply to it."""

    name: str
    op: str | None
    cost: Cost
    attributes: Mapping[str, float]


def image_block(name: str, op: str | None, shape: Shape, cost: Cost = Cost(), **details: float) -> Block:
    """A node whose output is images of a shape."""
    return Block(name, op, cost, {"channels": shape.channels, "resolution": shape.height, **details})


def attributes(blocks: Sequence[Block], names: Iterable[str] | None = None) -> dict[str, NDArray[np.generic]]:
    """Cost of the nodes and the attributes named, by default all that any has; NaN where one does not apply."""
    if names is None:
        names = dict.fromkeys(name for block in blocks for name in block.attributes)
    return {
        **cost_attributes([block.cost for block in blocks]),
        **{name: np.array([block.attributes.get(name, nan) for block in blocks], float) for name in names},
    }


def chain_graph(blocks: Sequence[Block], ops: OpSet, names: Iterable[str] | None = None) -> ComputationGraph:
    """The graph of blocks that follow one another, with `attributes`; the first is its input, the last its output."""
    return ComputationGraph.from_edges(
        [block.op for block in blocks],
        [(i, i + 1) for i in range(len(blocks) - 1)],
        ops=ops,
        names=[block.name for block in blocks],
        attributes=attributes(blocks, names),
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
