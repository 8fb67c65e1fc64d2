"""Operations that follow each other on live paths, with nothing active between them.

A stretch leads from an active operation, or an input, to the next active operation, or an output, over
identities and junctions. Counted are the live paths that hold it.
"""

from __future__ import annotations

import numpy as np

from graf.explainers.witnesses.paths import as_float
from graf.explainers.witnesses.view import View
from graf.explainers.witnesses.witness import Edge, Witness, finds, of_nodes
from graf.features import Column

__all__: list[str] = []


@finds("n_follow")
def _n_follow(view: View, column: Column) -> Witness:
    first, second = (np.flatnonzero(view.having((name,)) & view.active).tolist() for name in column.ops)
    amounts: dict[int, float] = {}
    edges: set[Edge] = set()
    for u in first:
        arrivals = _arrivals(view, u)
        for v in second:
            n = view.paths_to[u] * arrivals[v] * view.paths_from[v]
            if n:
                edges |= _stretch(view, v, u, arrivals)
                for end in (u, v):
                    amounts[end] = amounts.get(end, 0.0) + as_float(n) / 2
    words = f"live paths on which {column.ops[1]} follows {column.ops[0]}"
    return of_nodes(column, words, amounts, edges=edges)


@finds("n_first", "n_last")
def _n_ends(view: View, column: Column) -> Witness:
    back = column.family == "n_last"
    arrivals, onward = _arrivals(view, back=back), view.paths_to if back else view.paths_from
    members = np.flatnonzero(view.having(column.ops) & view.active).tolist()
    amounts = {v: as_float(arrivals[v] * onward[v]) for v in members if arrivals[v] * onward[v]}
    edges = {edge for v in amounts for edge in _stretch(view, v, None, arrivals, back)}
    words = f"live paths that {'end' if back else 'begin'} with {column.ops[0]}"
    return of_nodes(column, words, amounts, edges=edges)


@finds("branching")
def _branching(view: View, column: Column) -> Witness:
    back = column.stat == "out"
    words = f"{column.ops[0]} that most operations flow {'out of' if back else 'into'}"
    members = np.flatnonzero(view.having(column.ops) & view.live).tolist()
    found = [_neighbours(view, v, back) for v in members]
    if not found:
        return of_nodes(column, words, {})
    most = max(range(len(found)), key=lambda i: sum(found[i][0].values()))
    amounts, edges = found[most]
    return of_nodes(column, words, amounts, nodes=[members[most]], edges=edges)


def _arrivals(view: View, source: int | None = None, back: bool = False) -> list[int]:
    """Number of stretches from the source, or from any input, that arrive at each node.

    With `back` from any output, against the edges.
    """
    nodes, ahead, begin = view.along(view.usable, back)
    passive = (view.usable & ~view.active).tolist()
    found = [0] * view.n
    for v in nodes:
        begins = source is None and v in begin
        found[v] = begins + sum(1 if u == source else passive[u] * found[u] for u in ahead[v])
    return found


def _stretch(view: View, node: int, source: int | None, arrivals: list[int], back: bool = False) -> set[Edge]:
    """Edges of the stretches that arrive at a node."""
    reads = view.succs if back else view.preds
    passive = view.usable & ~view.active
    edges: set[Edge] = set()
    pending = {node}
    while pending:
        v = pending.pop()
        for u in reads[v]:
            between = bool(passive[u]) and arrivals[u] > 0
            if u == source or between:
                edges.add((v, u) if back else (u, v))
            if between:
                pending.add(u)
    return edges


def _neighbours(view: View, node: int, back: bool) -> tuple[dict[int, float], set[Edge]]:
    """How often each active operation flows into the node (`back`: out of it), and over which edges."""
    reads, reached = (view.succs, view.paths_from) if back else (view.preds, view.paths_to)
    ways, edges = {node: 1}, set[Edge]()
    amounts: dict[int, float] = {}
    while ways:
        v = (min if back else max)(ways)
        n = ways.pop(v)
        for u in reads[v]:
            if not reached[u]:
                continue
            edges.add((v, u) if back else (u, v))
            if view.active[u]:
                amounts[u] = amounts.get(u, 0.0) + n
            else:
                ways[u] = ways.get(u, 0) + n
    return amounts, edges
