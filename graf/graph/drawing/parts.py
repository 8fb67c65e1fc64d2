"""A network as parts of parts: its modules, and repetitions that need to be drawn only once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING

from graf.graph.drawing.cuts import chunks, segments
from graf.graph.drawing.facts import NodeFacts
from graf.graph.drawing.order import module_order
from graf.graph.drawing.repeats import repeats

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["Part", "Parts"]


@dataclass(frozen=True)
class Part:
    """A stretch of the order of a graph: an operation, a block, or repetitions of either.

    Parameters
    ----------
    nodes : all nodes that it stands for, repetition after repetition.
    parts : what the first repetition consists of; () for an operation.
    kind : the same number for parts that differ in sizes only.
    path : path of the module it is, of the first if it is several; () if it is no module.
    times : how often it occurs.
    joined : repetitions are a "chain", "parallel", or "dense" (each reads all before it).
    """

    nodes: tuple[int, ...]
    parts: tuple[Part, ...]
    kind: int
    path: tuple[str, ...] = ()
    times: int = 1
    joined: str = "chain"

    @property
    def first(self) -> tuple[int, ...]:
        """Nodes of the first repetition."""
        return self.nodes[: len(self.nodes) // self.times]

    @property
    def last(self) -> tuple[int, ...]:
        """Nodes of the last repetition."""
        return self.nodes[-(len(self.nodes) // self.times) :]


class Parts:
    """Splits the nodes of a graph into parts.

    Parameters
    ----------
    most : a level of more parts than that is folded by structure where modules do not help.
    """

    def __init__(self, graph: ComputationGraph, facts: NodeFacts, most: float) -> None:
        self.graph, self.facts, self.most = graph, facts, most
        self.order = module_order(graph, facts.paths)
        self._labels: dict[object, int] = {}
        self.preds = [graph.predecessors(node).tolist() for node in range(graph.n_nodes)]
        self.succs = [graph.successors(node).tolist() for node in range(graph.n_nodes)]
        self.outputs = set(graph.outputs.tolist())

    def operations(self, nodes: Sequence[int]) -> tuple[Part, ...]:
        """Every node a part of its own."""
        return tuple(Part((node,), (), self._own[node]) for node in nodes)

    def modules(self, nodes: Sequence[int], depth: int = 0) -> tuple[Part, ...]:
        """Parts by the names at one depth of the module paths, repetitions folded."""
        found: list[Part] = []
        for name, run in groupby(nodes, key=lambda node: self.facts.paths[node][depth : depth + 1]):
            stretch = tuple(run)
            inner = self.modules(stretch, depth + 1) if name else self.operations(stretch)
            path = self.facts.paths[stretch[0]][: depth + 1]
            found += [Part(stretch, inner, self.kind(stretch), path)] if name and len(inner) > 1 else inner
        return self._folded(found)

    def kind(self, nodes: Sequence[int]) -> int:
        """The same number for stretches of isomorphic operations with the same settings.

        Each node is labelled by what leads to it, then by what follows from it, within the
        stretch; where data enters and leaves counts, sizes do not.
        """
        inside = set(nodes)
        up: dict[int, int] = {}
        for node in nodes:
            reads = [up[u] for u in self.preds[node] if u in inside]
            up[node] = self._label(
                ("up", self._own[node], len(reads) < len(self.preds[node]), *sorted(reads))
            )
        down: dict[int, int] = {}
        for node in reversed(nodes):
            readers = [down[v] for v in self.succs[node] if v in inside]
            leaves = len(readers) < len(self.succs[node]) or node in self.outputs
            down[node] = self._label(("down", up[node], leaves, *sorted(readers)))
        return self._label(("kind", *sorted(down.values())))

    def _folded(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        """Repeated blocks once; where that is still too much, regions and repeated operations too."""
        found = self._repeats(parts, operations=False)
        if len(found) <= self.most:
            return tuple(found)
        regions = [self._joined(run) for run in segments(found, self.preds)]
        folded = (self._repeats(parts, operations=True) for parts in (regions, found))
        return self._in_chunks(min(folded, key=_n_drawn))

    def _in_chunks(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        """The parts, if they are still too many in about half as many stretches as may be."""
        if len(parts) <= self.most:
            return tuple(parts)
        return tuple(self._joined(run) for run in chunks(parts, self.preds, int(self.most) // 2))

    def _joined(self, parts: Sequence[Part]) -> Part:
        if len(parts) == 1:
            return parts[0]
        nodes = tuple(node for part in parts for node in part.nodes)
        inner = tuple(parts)
        if len(inner) > self.most:
            inner = self._in_chunks(self._repeats(parts, operations=True))
        return Part(nodes, inner, self.kind(nodes))

    def _repeats(self, parts: Sequence[Part], *, operations: bool) -> list[Part]:
        """The parts with each repetition in them as one part."""
        tokens = [self._label((part.kind, part.times, self.facts.sizes[part.nodes[-1]])) for part in parts]
        found: list[Part] = []
        done = 0
        for start, period, times, joined in repeats(parts, tokens, self.preds, self.succs, operations):
            stop = start + period * times
            unit = self._joined(parts[start : start + period])
            nodes = tuple(node for part in parts[start:stop] for node in part.nodes)
            found += [*parts[done:start], Part(nodes, unit.parts, unit.kind, unit.path, times, joined)]
            done = stop
        return [*found, *parts[done:]]

    @cached_property
    def _own(self) -> list[int]:
        return [self._label(("operation", settings)) for settings in self.facts.settings]

    def _label(self, what: object) -> int:
        return self._labels.setdefault(what, len(self._labels))


def _n_drawn(parts: Sequence[Part]) -> int:
    """How many boxes it takes to draw the parts, and each kind of block once."""
    return len(parts) + sum({part.kind: len(part.first) for part in parts if part.parts}.values())
