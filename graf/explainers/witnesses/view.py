"""View: a graph with what witnesses ask of it, worked out once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.features.depth import levels_of
from graf.features.registry import are_active, are_zero, membership
from graf.graph import ComputationGraph, GraphBatch
from graf.graph.computation_graph import JUNCTION

__all__ = ["Mask", "View", "names_of", "walk"]

Mask = NDArray[np.bool_]
Floats = NDArray[np.floating[Any]]


class View:
    """A graph with what witnesses ask of it, worked out once.

    Paths are counted in whole numbers of any size, repeated edges one by one. Live is what lies on a
    path from an input to an output without zero operations.
    """

    def __init__(self, graph: ComputationGraph) -> None:
        self.graph = graph
        self.n = graph.n_nodes
        self.preds = [graph.predecessors(node).tolist() for node in range(self.n)]
        self.succs = [graph.successors(node).tolist() for node in range(self.n)]
        self.inputs = set(graph.inputs.tolist())
        self.outputs = set(graph.outputs.tolist())
        self.is_op: Mask = graph.node_op != JUNCTION

    @cached_property
    def batch(self) -> GraphBatch:
        """The graph alone in a batch, for what is worked out of batches."""
        return GraphBatch.from_graphs([self.graph], self.graph.ops)

    def attribute(self, name: str) -> Floats:
        """An attribute of the nodes, NaN where there is none."""
        return self.batch.attribute(name)

    def allowed(self, names: tuple[str, ...]) -> Mask:
        """Nodes of the operations and groups, and junctions."""
        return membership(self.graph.ops, [names])[self.graph.node_op, 0]

    def having(self, names: tuple[str, ...]) -> Mask:
        """Nodes of the operations and groups."""
        return self.allowed(names) & self.is_op

    @cached_property
    def live(self) -> Mask:
        """Nodes on a path from an input to an output without zero operations."""
        return self.graph.live

    @cached_property
    def usable(self) -> Mask:
        """Nodes that are no zero operations."""
        return ~are_zero(self.graph.ops)[self.graph.node_op]

    @cached_property
    def active(self) -> Mask:
        """Nodes of operations that are neither zeros nor identities."""
        return are_active(self.graph.ops)[self.graph.node_op]

    @cached_property
    def levels(self) -> tuple[list[int], int]:
        """Most operations before each node, and on a whole path."""
        level, depth = levels_of(self.batch)
        return level.tolist(), int(depth[0])

    @cached_property
    def before(self) -> list[int]:
        """Nodes that lead to each node, as the bits of a number."""
        found = [0] * self.n
        for v in range(self.n):
            for u in self.preds[v]:
                found[v] |= found[u] | 1 << u
        return found

    @cached_property
    def paths_to(self) -> list[int]:
        """Number of paths without zero operations from an input up to each node."""
        return self.count(self.usable)

    @cached_property
    def paths_from(self) -> list[int]:
        """Number of paths without zero operations from each node to an output."""
        return self.count(self.usable, back=True)

    @cached_property
    def n_paths(self) -> int:
        """Number of live paths."""
        return sum(self.paths_to[node] for node in self.outputs)

    def through(self, node: int) -> int:
        """Number of live paths that pass a node."""
        return self.paths_to[node] * self.paths_from[node]

    def along(self, mask: Mask, back: bool) -> tuple[list[int], list[list[int]], set[int]]:
        """Nodes of the mask in the order of paths, the nodes ahead of each, and where paths begin.

        With `back`, paths run from the outputs against the edges.
        """
        nodes = np.flatnonzero(mask).tolist()
        return (nodes[::-1], self.succs, self.outputs) if back else (nodes, self.preds, self.inputs)

    def count(self, mask: Mask, back: bool = False) -> list[int]:
        """Number of paths over the nodes of the mask up to each of them; with `back` as `along`."""
        nodes, ahead, begin = self.along(mask, back)
        found = [0] * self.n
        for v in nodes:
            found[v] = (v in begin) + sum(found[u] for u in ahead[v])
        return found

    def trace(
        self, cost: Floats, mask: Mask, starts: Iterable[int] | None = None, back: bool = False
    ) -> tuple[Floats, list[int]]:
        """Least total cost of a path over the nodes of the mask up to each node, and the node before it.

        Paths begin at `starts` (the inputs) and hold the node itself; infinite without one, and -1 before
        the first. Costs may be negative. `back` as in `along`.
        """
        nodes, ahead, begin = self.along(mask, back)
        first = begin if starts is None else set(starts)
        best, link = np.full(self.n, np.inf), [-1] * self.n
        for v in nodes:
            reached = min(ahead[v], key=best.__getitem__, default=-1)
            least = 0.0 if v in first else np.inf
            if reached >= 0 and best[reached] < least:
                least, link[v] = best[reached], reached
            best[v] = least + cost[v]
        return best, link

    def lightest(self, cost: Floats, mask: Mask, starts: Iterable[int] | None = None) -> list[int] | None:
        """The nodes of a path of least total cost from an input (`starts`) to an output, None without one."""
        best, link = self.trace(cost, mask, starts)
        end = min(sorted(self.outputs), key=best.__getitem__)
        return walk(link, end)[::-1] if np.isfinite(best[end]) else None


def walk(link: Sequence[int], node: int) -> list[int]:
    """The node, the one that it is linked to, and so on."""
    found = []
    while node >= 0:
        found.append(node)
        node = link[node]
    return found


def names_of(names: Sequence[str]) -> str:
    """Operations of a set as they stand in a sentence: "conv3x3", or "{skip, conv3x3}"."""
    return names[0] if len(names) == 1 else "{" + ", ".join(names) + "}"
