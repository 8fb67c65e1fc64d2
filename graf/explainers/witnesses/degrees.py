"""Degrees: edges between operations and the ends, junctions or each other."""

from __future__ import annotations

from collections.abc import Container

import numpy as np

from graf.explainers.witnesses.paths import input_of
from graf.explainers.witnesses.view import View, names_of
from graf.explainers.witnesses.witness import Edge, Witness, finds, none, of_nodes
from graf.features import Column

__all__: list[str] = []


@finds("node_degree")
def _node_degree(view: View, column: Column) -> Witness:
    good, names = view.having(column.ops), names_of(column.ops)
    stations = set(np.flatnonzero(view.graph.stations).tolist())
    members = set(np.flatnonzero(good).tolist())
    if column.stat == "in":
        return _edges(view, column, f"{names} at the input", view.inputs, members)
    if column.stat == "out":
        return _edges(view, column, f"{names} at the output", members, view.outputs)
    if not stations:
        return none(column, "no junctions")
    ends = (members, stations) if column.stat == "mean_in" else (stations, members)
    words = f"edges {'out of' if column.stat == 'mean_in' else 'into'} {names}, per node"
    return _edges(view, column, words, *ends, 1 / len(stations))


@finds("input_degree")
def _input_degree(view: View, column: Column) -> Witness:
    members = set(np.flatnonzero(view.having(column.ops)).tolist())
    readable = input_of(view, column.stat)
    if not readable:
        return none(column, "no such input")
    return _edges(view, column, f"{names_of(column.ops)} at the {column.stat} input", readable, members)


@finds("n_adjacent")
def _n_adjacent(view: View, column: Column) -> Witness:
    first, second = (set(np.flatnonzero(view.having((name,))).tolist()) for name in column.ops)
    return _edges(view, column, f"{column.ops[1]} that reads {column.ops[0]}", first, second)


@finds("junction_degree")
def _junction_degree(view: View, column: Column) -> Witness:
    position, reads = int(column.stat[-1]) - 1, column.stat.startswith("out")
    junctions = np.flatnonzero(~view.is_op).tolist()
    if position >= len(junctions):
        return none(column, "no such junction")
    junction = junctions[position] if reads else junctions[-1 - position]
    members = set(np.flatnonzero(view.having(column.ops) & view.live).tolist())
    ends = ([junction], members) if reads else (members, [junction])
    where = f"{'behind' if reads else 'before'} junction {position + 1}{'' if reads else ' from the end'}"
    return _edges(view, column, f"{names_of(column.ops)} {where}", *ends)


def _edges(
    view: View,
    column: Column,
    words: str,
    sources: Container[int],
    targets: Container[int],
    amount: float = 1.0,
) -> Witness:
    """The witness of a count of edges, repeated ones repeated."""
    found: dict[Edge, float] = {}
    for u, v in view.graph.edges.tolist():
        if u in sources and v in targets:
            found[u, v] = found.get((u, v), 0.0) + amount
    return of_nodes(column, words, found)
