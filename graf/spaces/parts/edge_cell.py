"""Cells of four junctions with one operation on every edge, shared by two benchmarks."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import product
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.graph import ComputationGraph, GraphBatch
from graf.spaces.base import SearchSpace
from graf.spaces.parts.costs import Cost, cost_attributes

__all__ = ["EdgeCellSpace", "Layer"]

N_JUNCTIONS = 4


class Layer(NamedTuple):
    """One cell of the network: channels in and out, and pixels of its output."""

    c_in: int
    c_out: int
    pixels: int


@dataclass(frozen=True)
class EdgeCellSpace(SearchSpace):
    """A cell of four junctions, fully connected forward, with one operation per edge.

    Choices are operation indices in the order of `edges`, given as pairs of junctions. The
    graph of a cell sums its parameters and multiply-adds over all copies of the cell in the
    network; what comes before the cells is put on the input junction, what lies between and
    after them on the output junction.
    """

    edges: ClassVar[tuple[tuple[int, int], ...]]
    kind_of_choices: ClassVar[str] = "operation"

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Number of operations, once per edge."""
        return (len(self.ops),) * len(self.edges)

    def choice_name(self, position: int) -> str:
        """The edge, as "1->2"."""
        return _edge_name(*self.edges[position])

    def option_name(self, position: int, option: int) -> str:
        """The operation."""
        return self.ops.names[option]

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The operation ids of a string, a tuple of ids, or the text of such a tuple."""
        known = _choices_by_text(type(self)).get(architecture) if isinstance(architecture, str) else None
        return super().parse(architecture) if known is None else known

    @cached_property
    def _template(self) -> ComputationGraph:
        """The cell with the first operation on every edge, and the costs outside of edges."""
        before, after = self.frame_cost()
        return ComputationGraph.from_edge_operations(
            N_JUNCTIONS,
            [(u - 1, v - 1, self.ops.names[0]) for u, v in self.edges],
            inputs=[0],
            outputs=[N_JUNCTIONS - 1],
            ops=self.ops,
            names=[*(str(i + 1) for i in range(N_JUNCTIONS)), *(_edge_name(u, v) for u, v in self.edges)],
            attributes=cost_attributes([before, Cost(), Cost(), after, *[Cost()] * len(self.edges)]),
        )

    @cached_property
    def _edge_node(self) -> np.ndarray:
        """Node number of each edge's operation in the template."""
        names = self._template.names or ()
        return np.array([names.index(_edge_name(u, v)) for u, v in self.edges])

    @cached_property
    def _edge_costs(self) -> dict[str, NDArray[np.int64]]:
        """Attributes by edge and operation, (n_edges, n_ops): costs in all cells."""
        costs = [
            sum((self.op_cost(op, layer, from_input=u == 1) for layer in self.layers()), Cost())
            for u, _ in self.edges
            for op in self.ops
        ]
        return {name: values.reshape(len(self.edges), -1) for name, values in cost_attributes(costs).items()}

    def graph(self, architecture: Any) -> ComputationGraph:
        """The cell's graph; junctions are named "1" to "4", operations "u->v"."""
        return replace(self.batch([self.parse(architecture)])[0], names=self._template.names)

    def batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The graphs of many cells; they share one template, in which operations and their costs are filled in."""
        choices = self.choices(architectures)

        def filled(shared: NDArray[Any], own: NDArray[Any]) -> NDArray[Any]:
            rows = np.tile(shared, (len(choices), 1))
            rows[:, self._edge_node] = own
            return rows

        attributes = {
            name: filled(self._template.attributes[name], table[np.arange(len(self.edges)), choices])
            for name, table in self._edge_costs.items()
        }
        node_op = filled(self._template.node_op, choices)
        return GraphBatch.from_template(self._template, node_op, attributes=attributes)

    def op_cost(self, op: str, layer: Layer, *, from_input: bool) -> Cost:
        """Cost of one operation in one cell."""
        if not op.startswith("conv"):
            return Cost()
        c_in = layer.c_in if from_input else layer.c_out
        weights = int(op[-1]) ** 2 * c_in * layer.c_out
        return Cost(weights + 2 * layer.c_out, weights * layer.pixels)

    @abstractmethod
    def layers(self) -> list[Layer]:
        """The cells of the network, first to last."""

    @abstractmethod
    def frame_cost(self) -> tuple[Cost, Cost]:
        """Cost of what comes before the first cell, and of the rest outside cells."""


@cache
def _choices_by_text(space: type[EdgeCellSpace]) -> dict[str, tuple[int, ...]]:
    """Choices of all architectures as `format` writes them, so that reading many is a look-up."""
    plain = space()
    return {plain.format(choices): choices for choices in product(*map(range, plain.cardinalities))}


def _edge_name(u: int, v: int) -> str:
    return f"{u}->{v}"
