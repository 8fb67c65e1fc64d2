"""A topological order in which what belongs together is together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["module_order"]

ModulePath = tuple[str, ...]


def module_order(graph: ComputationGraph, paths: list[ModulePath]) -> list[int]:
    """Nodes in a topological order that finishes a module before it goes on.

    Of the nodes that are ready, the next shares the longest module path with the one before. Of
    these it is the one whose input was computed last (branch by branch), or the first by number:
    whichever has fewer tensors wait for their readers. O((V + E) D log V) for paths of length D.
    """
    orders = [_order(graph, paths, by_number) for by_number in (False, True)]
    return min(orders, key=lambda order: _waiting(graph, order))


def _waiting(graph: ComputationGraph, order: list[int]) -> int:
    """Sum over the nodes of how far away their last reader is."""
    place = np.argsort(order)
    last = place.copy()
    np.maximum.at(last, graph.edges[:, 0], place[graph.edges[:, 1]])
    return int((last - place).sum())


def _order(graph: ComputationGraph, paths: list[ModulePath], by_number: bool) -> list[int]:
    waiting = [len(set(graph.predecessors(node).tolist())) for node in range(graph.n_nodes)]
    ready = _Ready(paths)
    for node in range(graph.n_nodes):
        if not waiting[node]:
            ready.add(node, 1)
    path: ModulePath = ()
    for position in range(graph.n_nodes):
        node = ready.next_after(path)
        path = paths[node]
        for reader in dict.fromkeys(graph.successors(node).tolist()):
            waiting[reader] -= 1
            if not waiting[reader]:
                ready.add(reader, 1 if by_number else -position)
    return list(ready.done)


class _Ready:
    """Nodes whose predecessors are done, in a heap for each module that they are in; and the nodes done, in order."""

    def __init__(self, paths: list[ModulePath]) -> None:
        self._paths = paths
        self._heaps: dict[ModulePath, list[tuple[int, int]]] = defaultdict(list)
        self.done: dict[int, None] = {}

    def add(self, node: int, age: int) -> None:
        """A node that is ready; among the nodes of a module, those of the least age come first."""
        path = self._paths[node]
        for depth in range(len(path) + 1):
            heappush(self._heaps[path[:depth]], (age, node))

    def next_after(self, path: ModulePath) -> int:
        """The first node of the innermost module around a path that has one; it is done then."""
        heaps = [self._heaps[path[:depth]] for depth in range(len(path), -1, -1)]
        node = next(node for heap in heaps for node in _popped(heap) if node not in self.done)
        self.done[node] = None
        return node


def _popped(heap: list[tuple[int, int]]) -> Iterator[int]:
    while heap:
        yield heappop(heap)[1]
