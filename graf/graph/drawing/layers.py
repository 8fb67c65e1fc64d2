"""In which column and on which lane each box of a drawing goes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count, pairwise
from typing import NamedTuple

import networkx as nx

__all__ = ["Edges", "Route", "layers", "routes"]

Edges = Sequence[tuple[int, int]]


class Route(NamedTuple):
    """A chain of boxes, those of them that no earlier chain has, and the lane of these."""

    chain: list[int]
    own: list[int]
    lane: int


def layers(n: int, edges: Edges) -> list[int]:
    """Column of each box: half-way between the first and the last that it can have.

    A box that nothing goes into stands just before what reads it, one that nothing reads just
    behind what it reads.
    """
    before, after = _neighbours(n, edges)
    early, late = [0] * n, [0] * n
    for v in range(n):
        early[v] = max((early[u] + 1 for u in before[v]), default=0)
    last = max(early)
    for u in reversed(range(n)):
        late[u] = min((late[v] - 1 for v in after[u]), default=last)
    found = [(a + b) // 2 for a, b in zip(early, late, strict=True)]
    for v in range(n):
        if before[v] and not after[v]:
            found[v] = max(found[u] for u in before[v]) + 1
    for v in range(n):
        if after[v] and not before[v]:
            found[v] = min(found[w] for w in after[v]) - 1
    return found


def routes(n: int, edges: Edges, layer: Sequence[int]) -> list[Route]:
    """Chains that take every edge once, each with the nearest lane that is free over its length.

    The longest path has lane 0; of the others, short chains choose first. Edges from one box
    past others share a lane: they carry the same tensor.
    """
    seen: set[int] = set()
    lines: dict[object, list[tuple[list[int], list[int]]]] = {}
    for i, chain in enumerate(_chains(n, edges)):
        own = [node for node in chain if node not in seen]
        lines.setdefault(("past", chain[0]) if i and not own else i, []).append((chain, own))
        seen.update(chain)
    spans = {key: _span(line, layer) for key, line in lines.items()}
    order = sorted(lines, key=lambda key: spans[key][1] - spans[key][0] if key else -1)
    taken: dict[int, list[tuple[float, float]]] = {}
    found = []
    for key in order:
        start, stop = spans[key]
        free = (lane for lane in _nearest() if all(stop <= a or start >= b for a, b in taken.get(lane, [])))
        lane = next(free)
        taken.setdefault(lane, []).append((start, stop))
        found += [Route(chain, own, lane) for chain, own in lines[key]]
    return found


def _span(line: list[tuple[list[int], list[int]]], layer: Sequence[int]) -> tuple[float, float]:
    """First and last column that chains on one lane need, with a half more where a box is theirs."""
    starts = [layer[chain[0]] - (0.5 if chain[0] in own else 0) for chain, own in line]
    stops = [layer[chain[-1]] + (0.5 if chain[-1] in own else 0) for chain, own in line]
    return min(starts), max(stops)


def _neighbours(n: int, edges: Edges) -> tuple[list[list[int]], list[list[int]]]:
    before: list[list[int]] = [[] for _ in range(n)]
    after: list[list[int]] = [[] for _ in range(n)]
    for u, v in edges:
        before[v].append(u)
        after[u].append(v)
    return before, after


def _chains(n: int, edges: Edges) -> Iterator[list[int]]:
    """Paths that together take every edge once, the longest path of the graph first."""
    _, ahead = _neighbours(n, edges)
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(edges)
    spine = nx.dag_longest_path(graph)
    for u, v in pairwise(spine):
        ahead[u].remove(v)
    yield spine
    seen = set(spine)
    for node in range(n):
        while ahead[node] or node not in seen:
            chain = [node]
            while ahead[chain[-1]] and (len(chain) == 1 or chain[-1] not in seen):
                chain.append(ahead[chain[-1]].pop(0))
            yield chain
            seen.update(chain)


def _nearest() -> Iterator[int]:
    """0, -1, 1, -2, 2, ..."""
    return (lane for distance in count() for lane in dict.fromkeys((-distance, distance)))
