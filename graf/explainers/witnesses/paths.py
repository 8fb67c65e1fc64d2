"""Paths over the operations of a set, and what lies on live paths."""

from __future__ import annotations

import math

import numpy as np

from graf.explainers.witnesses.counts import ones
from graf.explainers.witnesses.view import Mask, View, names_of
from graf.explainers.witnesses.witness import Witness, finds, none, of_nodes, of_path
from graf.features import Column
from graf.features.paths import TIE

__all__: list[str] = []


@finds("min_path_len", "max_path_len")
def _path_len(view: View, column: Column) -> Witness:
    sign = 1.0 if column.family == "min_path_len" else -1.0
    path = view.lightest(sign * view.is_op, view.allowed(column.ops))
    words = f"{'shortest' if sign > 0 else 'longest'} path over {names_of(column.ops)}"
    return of_path(column, words, path, ones(view.is_op, path or ()))


@finds("input_path_len")
def _input_path_len(view: View, column: Column) -> Witness:
    words = f"longest path over {names_of(column.ops)} from the {column.stat} input"
    start = input_of(view, column.stat)
    path = view.lightest(-1.0 * view.is_op, view.allowed(column.ops), start)
    return of_path(column, words, path, ones(view.is_op, path or ()))


@finds("traded_path_len")
def _traded_path_len(view: View, column: Column) -> Witness:
    counted = view.having(column.ops)
    cost = np.where(counted, 1 - TIE, 1 + TIE) * view.is_op
    path = view.lightest(cost * 1.0, np.ones(view.n, bool))
    words = f"path with most of {names_of(column.ops)} for the others on it"
    return of_path(column, words, path, ones(counted, path or ()))


@finds("n_paths")
def _n_paths(view: View, column: Column) -> Witness:
    allowed = view.allowed(column.ops)
    to, onward = view.count(allowed), view.count(allowed, back=True)
    through = {v: to[v] * onward[v] for v in range(view.n) if to[v] * onward[v]}
    words = f"paths over {names_of(column.ops)}"
    return of_passing(view, column, words, through, sum(to[v] for v in view.outputs))


@finds("path_ops")
def _path_ops(view: View, column: Column) -> Witness:
    return on_live_paths(view, column, view.having(column.ops) & view.usable, names_of(column.ops))


def on_live_paths(view: View, column: Column, counted: Mask, what: str) -> Witness:
    """The witness of the fewest ("min") or the most ("max") counted nodes on a live path, or of their mean."""
    if column.stat in ("min", "max"):
        sign = 1.0 if column.stat == "min" else -1.0
        path = view.lightest(sign * counted, view.usable)
        words = f"live path with {'fewest' if sign > 0 else 'most'} {what}"
        return of_path(column, words, path, ones(counted, path or ()))
    if not view.n_paths:
        return none(column, "no live path")
    through = {v: view.through(v) / view.n_paths for v in np.flatnonzero(counted & view.live).tolist()}
    return of_nodes(column, f"{what} on live paths", through)


def input_of(view: View, stat: str) -> list[int]:
    """The "first" or the "second" input, in the order of nodes; none if there are fewer."""
    position = ("first", "second").index(stat)
    return sorted(view.inputs)[position : position + 1]


def of_passing(view: View, column: Column, words: str, through: dict[int, int], n_paths: int) -> Witness:
    """The witness of a number of paths, divided by how many of them pass each operation.

    `through` holds all nodes on these paths; edges are those between them.
    """
    edges = [(u, v) for u, v in view.graph.edges.tolist() if u in through and v in through]
    passed = {v: n for v, n in through.items() if view.is_op[v]} or through
    total = sum(passed.values())
    amounts = {v: as_float(n_paths) * (n / total) for v, n in passed.items()}
    return of_nodes(column, words, amounts, nodes=through, edges=edges)


def as_float(n: int) -> float:
    """A whole number as a float, infinite beyond 1e308."""
    return float(n) if n < 2**1023 else math.inf
