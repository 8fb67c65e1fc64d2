"""Chains of blocks, and their graphs."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from math import nan
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.graph import ComputationGraph, GraphBatch
from graf.graph.batch import INPUT, OUTPUT, STATION
from graf.graph.csr import offsets
from graf.ops import OpSet
from graf.spaces.base import SearchSpace
from graf.spaces.parts.costs import Cost, Shape, cost_attributes

__all__ = ["Block", "ChainSpace", "attributes", "chain_graph", "image_block"]


class Block(NamedTuple):
    """One node of a graph: its label and operation, its cost, and the attributes that apply to it."""

    name: str
    op: str | None
    cost: Cost
    attributes: Mapping[str, float]


def image_block(name: str, op: str | None, shape: Shape, cost: Cost = Cost(), **details: float) -> Block:
    """A node whose output is images of a shape."""
    return Block(name, op, cost, {"channels": shape.channels, "resolution": shape.height, **details})


def attributes(blocks: Sequence[Block], names: Iterable[str]) -> dict[str, NDArray[np.generic]]:
    """Cost of the nodes and the attributes named; NaN where one does not apply."""
    return {
        **cost_attributes([block.cost for block in blocks]),
        **{name: np.array([block.attributes.get(name, nan) for block in blocks], float) for name in names},
    }


def chain_graph(blocks: Sequence[Block], ops: OpSet, carried: Iterable[str]) -> ComputationGraph:
    """The graph of blocks that follow one another, the first its input, the last its output."""
    return ComputationGraph.from_edges(
        [block.op for block in blocks],
        [(i, i + 1) for i in range(len(blocks) - 1)],
        ops=ops,
        names=[block.name for block in blocks],
        attributes=attributes(blocks, carried),
    )


@dataclass(frozen=True)
class ChainSpace(SearchSpace):
    """Chains with one of several blocks, or none, at each of their positions.

    A subclass states the blocks that may stand at each position (`candidates`), and which of them
    choices select (`selected`); graphs and batches follow. Nodes carry the attributes `carried`.
    """

    carried: ClassVar[tuple[str, ...]]

    @abstractmethod
    def candidates(self) -> list[list[Block]]:
        """The blocks that may stand at each position."""

    @abstractmethod
    def selected(self, choices: NDArray[np.int32]) -> NDArray[np.integer]:
        """The number of the block at each position, (n, positions), -1 for none."""

    @cached_property
    def _blocks(self) -> list[list[Block]]:
        """The candidates, made once, as many at each position."""
        rows = self.candidates()
        longest = max(map(len, rows))
        return [row + row[-1:] * (longest - len(row)) for row in rows]

    @cached_property
    def _tables(self) -> tuple[NDArray[np.intp], Mapping[str, NDArray[np.generic]]]:
        """Operation and attributes of every candidate, (positions, candidates)."""
        blocks, shape = list(chain.from_iterable(self._blocks)), (len(self._blocks), -1)
        op = np.array([self.ops.index(str(block.op)) for block in blocks]).reshape(shape)
        return op, {name: v.reshape(shape) for name, v in attributes(blocks, self.carried).items()}

    def graph(self, architecture: Any) -> ComputationGraph:
        """One node per block; attributes that do not apply to it are NaN."""
        numbers = self.selected(np.array([self.parse(architecture)], np.int32))[0].tolist()
        blocks = [row[number] for row, number in zip(self._blocks, numbers, strict=True) if number >= 0]
        return chain_graph(blocks, self.ops, self.carried)

    def batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The graphs of many architectures, looked up in tables of the candidates."""
        numbers = self.selected(self.choices(architectures))
        op, carried = self._tables
        rows, present = np.arange(len(op)), numbers >= 0
        offset = offsets(present.sum(axis=1))
        number = np.arange(offset[-1]) - np.repeat(offset[:-1], np.diff(offset))
        flags = np.full(len(number), STATION, np.uint8)
        flags[offset[:-1]] |= INPUT
        flags[offset[1:] - 1] |= OUTPUT
        return GraphBatch(
            ops=self.ops,
            offset=offset,
            node_op=op[rows, numbers][present].astype(np.int32),
            flags=flags,
            pred_indptr=offsets(number > 0),
            preds=(number[number > 0] - 1).astype(np.int32),
            attributes={
                name: values[rows, numbers][present].astype(float) for name, values in carried.items()
            },
        )
