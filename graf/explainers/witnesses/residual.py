"""Shortcuts, and the paths of the unrolled network."""

from __future__ import annotations

import math

import numpy as np

from graf.explainers.witnesses.paths import on_live_paths
from graf.explainers.witnesses.view import View, names_of
from graf.explainers.witnesses.witness import Edge, Witness, finds, none, of_nodes
from graf.features import Column
from graf.features.residual import WEIGHTED

__all__: list[str] = []


@finds("log_paths")
def _log_paths(view: View, column: Column) -> Witness:
    """Each node adds the choices that a path drawn at random has there (bits of entropy, on base 10)."""
    if not view.n_paths:
        return none(column, "no live path")
    to, amounts = view.paths_to, dict[int, float]()
    for v in np.flatnonzero(view.live).tolist():
        before = sum(to[u] / to[v] * math.log10(to[u]) for u in view.preds[v] if to[u])
        amounts[v] = view.through(v) / view.n_paths * (math.log10(to[v]) - before)
    for v in view.outputs:
        share = to[v] / view.n_paths
        amounts[v] = amounts.get(v, 0.0) - (share * math.log10(share) if share else 0.0)
    return of_nodes(column, "where paths meet", amounts)


@finds("effective_depth")
def _effective_depth(view: View, column: Column) -> Witness:
    of_layers = not column.stat.endswith("_ops")
    counted, what = (view.having(WEIGHTED), "layers") if of_layers else (view.is_op, "operations")
    if not view.n_paths:
        return none(column, "no live path")
    if not column.stat.startswith("std"):
        return on_live_paths(view, column, counted, what)
    nodes = np.flatnonzero(counted & view.live).tolist()
    return of_nodes(column, f"{what} by which live paths differ", _deviations(view, counted, nodes))


def _deviations(view: View, counted: np.ndarray, nodes: list[int]) -> dict[int, float]:
    """Covariance of passing a node with the length of the path, over the standard deviation of lengths.

    They add up to the standard deviation.
    """
    n, weight = view.n_paths, counted.astype(int).tolist()
    to, onward = _lengths(view, weight, back=False), _lengths(view, weight, back=True)
    total = sum(to[v] for v in view.outputs)
    found = {}
    for v in nodes:
        passing = to[v] * view.paths_from[v] + view.paths_to[v] * onward[v] - view.through(v)
        found[v] = (passing * n - view.through(v) * total) / n**2
    spread = math.sqrt(max(0.0, math.fsum(found.values())))
    return {v: covariance / spread if spread else 0.0 for v, covariance in found.items()}


def _lengths(view: View, weight: list[int], back: bool) -> list[int]:
    """Total length of all paths from an input up to each node, itself included; with `back` to an output."""
    nodes, ahead, _ = view.along(view.usable, back)
    paths, found = view.paths_from if back else view.paths_to, [0] * view.n
    for v in nodes:
        found[v] = sum(found[u] for u in ahead[v]) + weight[v] * paths[v]
    return found


@finds("shortcut")
def _shortcut(view: View, column: Column) -> Witness:
    lengths = _shortcuts(view, view.allowed(column.ops))
    n, words = sum(times for times, _ in lengths.values()), f"shortcuts that end in {names_of(column.ops)}"
    if column.stat == "n":
        return of_nodes(column, words, {edge: float(times) for edge, (times, _) in lengths.items()})
    if not lengths:
        return none(column, f"no {words}")
    if column.stat == "max":
        longest = max(lengths, key=lambda edge: lengths[edge][1])
        return of_nodes(column, f"longest of {words}", {longest: float(lengths[longest][1])})
    mean = sum(times * length for times, length in lengths.values()) / n
    if column.stat == "mean":
        amounts = {edge: times * length / n for edge, (times, length) in lengths.items()}
        return of_nodes(column, f"length of {words}", amounts)
    squares = {edge: times * (length - mean) ** 2 / n for edge, (times, length) in lengths.items()}
    spread = math.sqrt(sum(squares.values()))
    return of_nodes(
        column, f"spread of {words}", {e: s / spread if spread else 0.0 for e, s in squares.items()}
    )


def _shortcuts(view: View, good: np.ndarray) -> dict[Edge, tuple[int, int]]:
    """Edges beside which another path leads: how often each occurs, and how many operations it skips."""
    level, _ = view.levels
    found: dict[Edge, tuple[int, int]] = {}
    for v in np.flatnonzero(good).tolist():
        between = 0
        for u in view.preds[v]:
            between |= view.before[u]
        for u in view.preds[v]:
            if between >> u & 1:
                found[u, v] = (found.get((u, v), (0, 0))[0] + 1, level[v] - level[u] - int(view.is_op[u]))
    return found
