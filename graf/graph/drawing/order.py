"""A topological order in which what belongs together is together."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["module_order"]


def module_order(graph: ComputationGraph, paths: list[tuple[str, ...]]) -> list[int]:
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


def _order(graph: ComputationGraph, paths: list[tuple[str, ...]], by_number: bool) -> list[int]:
    waiting = [len(set(graph.predecessors(node).tolist())) for node in range(graph.n_nodes)]
    ready: dict[tuple[str, ...], list[tuple[int, int]]] = {}
    done = [False] * graph.n_nodes
    order: list[int] = []

    def add(node: int, age: int) -> None:
        for depth in range(len(paths[node]) + 1):
            heappush(ready.setdefault(paths[node][:depth], []), (age, node))

    def next_after(path: tuple[str, ...]) -> int:
        for depth in range(len(path), -1, -1):
            heap = ready.get(path[:depth], [])
            while heap:
                _, node = heappop(heap)
                if not done[node]:
                    return node
        raise AssertionError("a graph without cycles always has a node that is ready")

    for node in range(graph.n_nodes):
        if not waiting[node]:
            add(node, 1)
    path: tuple[str, ...] = ()
    for position in range(graph.n_nodes):
        node = next_after(path)
        done[node], path = True, paths[node]
        order.append(node)
        for reader in dict.fromkeys(graph.successors(node).tolist()):
            waiting[reader] -= 1
            if not waiting[reader]:
                add(reader, 1 if by_number else -position)
    return order
