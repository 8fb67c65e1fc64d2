"""The network of an LHD genotype: its layers, what they cost, and its graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import NamedTuple

from graf.graph import ComputationGraph
from graf.ops import OpSet
from graf.spaces.parts.costs import Cost, Shape, conv_cost, cost_attributes, linear_cost
from graf.spaces.parts.genotype import CELLS, CONVOLUTION, Layer, Stage, stages
from graf.spaces.parts.lhd_cells import Cell

__all__ = ["Skeleton"]


class Node(NamedTuple):
    """A node of the graph: its label and operation, its cost, and the nodes that it reads."""

    name: str
    op: str | None
    cost: Cost
    preds: list[int]


@dataclass(frozen=True)
class Skeleton:
    """The network around the cells, at one width: the settings of the space that shape it."""

    channels: int
    n_cells: int
    input_shape: tuple[int, int, int]
    n_classes: int
    ops: OpSet

    @property
    def stems(self) -> tuple[Shape, Shape]:
        """What the two convolutions on the image return."""
        size = self.input_shape[1:]
        return Shape(self.channels, *size), Shape(3 * self.channels, *size)

    @cached_property
    def stages(self) -> list[Stage]:
        """The cells of the network, first to last."""
        return list(stages(self.n_cells, self.channels, self.input_shape))

    def layers(self, cells: Mapping[str, Cell]) -> list[Layer]:
        """The same with what they read: the sum and the concatenation of the one before."""
        found, sources = [], self.stems
        for stage in self.stages:
            found.append(Layer(stage, sources))
            sources = self.outputs(stage, cells)
        return found

    def outputs(self, stage: Stage, cells: Mapping[str, Cell]) -> tuple[Shape, Shape]:
        """The shapes of the sum and the concatenation that a cell returns."""
        n_joined = len(cells[stage.kind].concat)
        return stage.inner, stage.inner._replace(channels=n_joined * stage.inner.channels)

    def features(self, cells: Mapping[str, Cell]) -> int:
        """What the classifier reads: both outputs of the last cell."""
        return sum(shape.channels for shape in self.outputs(self.stages[-1], cells))

    def frame(self, cells: Mapping[str, Cell]) -> dict[str, list[Cost]]:
        """Costs outside edges, in all copies of a cell: at its two inputs and its concatenation.

        The stems stand at the inputs of the normal cell, the classifier at its concatenation.
        """
        images = Shape(*self.input_shape)
        stems = [conv_cost(images, stem, 3) for stem in self.stems]
        costs = {name: [Cost()] * 3 for name in CELLS}
        costs["normal"] = [*stems, linear_cost(self.features(cells), self.n_classes)]
        for stage, (summed, joined) in self.layers(cells):
            own = costs[stage.kind]
            if stage.stride > 1:  # elsewhere the sum has the shape that the cell needs
                own[0] += conv_cost(summed, stage.inputs, 1)
            own[1] += conv_cost(joined, stage.inputs, 1)
        return costs

    @cached_property
    def edge_costs(self) -> dict[tuple[str, bool, str], Cost]:
        """Cost of an edge in all copies of a cell, by cell, reading of its input, and operation."""
        costs = dict.fromkeys(product(CELLS, (False, True), self.ops), Cost())
        for stage in self.stages:
            for reads_input, op in product((False, True), self.ops):
                costs[stage.kind, reads_input, op] += op_cost(op, stage, reads_input=reads_input)
        return costs

    def nodes(self, cells: Mapping[str, Cell]) -> list[Node]:
        """The nodes of the graph: inputs of a cell, inner nodes behind their edges, outputs."""
        frame, found = self.frame(cells), list[Node]()
        for name, cell in cells.items():
            number = {0: len(found), 1: len(found) + 1}
            labels = ("sum_{k-1}", "concat_{k-1}")
            found += [Node(f"{name}/{labels[i]}", None, frame[name][i], []) for i in number]
            for node in sorted(cell.live):
                for source, op in cell.nodes[node]:
                    cost = self.edge_costs[name, source < len(labels), self.ops.names[op]]
                    label = f"{name}/{source}->{node + 2}"
                    found.append(Node(label, self.ops.names[op], cost, [number[source]]))
                edges = range(len(found) - len(cell.nodes[node]), len(found))
                number[node + 2] = len(found)
                found.append(Node(f"{name}/{node + 2}", None, Cost(), list(edges)))
            summed, joined = ([number[node + 2] for node in read] for read in (cell.sum, cell.concat))
            found.append(Node(f"{name}/sum_{{k}}", None, Cost(), summed))
            found.append(Node(f"{name}/concat_{{k}}", None, frame[name][2], joined))
        return found

    def n_parameters(self, cells: Mapping[str, Cell]) -> int:
        """Number of weights."""
        return sum(node.cost.parameters for node in self.nodes(cells))

    def graph(self, cells: Mapping[str, Cell]) -> ComputationGraph:
        """Both cells side by side; the inputs and outputs of both are those of the graph."""
        nodes = self.nodes(cells)
        members = {name: [i for i, node in enumerate(nodes) if node.name.startswith(name)] for name in CELLS}
        return ComputationGraph.from_edges(
            [node.op for node in nodes],
            [(source, target) for target, node in enumerate(nodes) for source in node.preds],
            inputs=[i for own in members.values() for i in own[:2]],
            outputs=[i for own in members.values() for i in own[-2:]],
            ops=self.ops,
            ops_on="edges",
            names=[node.name for node in nodes],
            attributes=cost_attributes([node.cost for node in nodes]),
            cells=members,
        )


def op_cost(op: str, stage: Stage, *, reads_input: bool) -> Cost:
    """Cost of one operation in one cell; an identity that strides is a convolution."""
    before, after = (stage.inputs if reads_input else stage.inner), stage.inner
    kind = CONVOLUTION.fullmatch(op)
    if kind is not None:
        return conv_cost(before, after, int(kind[2]), groups=after.channels)
    if op == "conv7x1_1x7":  # rows first, so that the columns see fewer pixels
        weights, pixels = 7 * after.channels**2, after.width * (before.height + after.height)
        return Cost(2 * (weights + after.channels), weights * pixels)
    return conv_cost(before, after, 1) if op == "skip" and reads_input and stage.stride > 1 else Cost()
