"""Counted nodes: operations, blocks, what is live."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from graf.explainers.witnesses.view import View, names_of
from graf.explainers.witnesses.witness import Place, Witness, finds, none, of_nodes, of_path
from graf.features import Column
from graf.features.depth import N_PARTS

__all__: list[str] = []


@finds("op_count")
def _op_count(view: View, column: Column) -> Witness:
    return of_nodes(column, names_of(column.ops), ones(view.having(column.ops)))


@finds("n_nodes")
def _n_nodes(view: View, column: Column) -> Witness:
    return of_nodes(column, "nodes", dict.fromkeys(range(view.n), 1.0))


@finds("n_among_first")
def _n_among_first(view: View, column: Column) -> Witness:
    n, ops = int(column.stat.removeprefix("blocks")), view.graph.ops
    blocks = [
        v for v in range(view.n) if view.is_op[v] and ops.operation(view.graph.node_op[v]).group == "block"
    ]
    if len(blocks) < n:
        return none(column, f"no {n} blocks")
    good = view.having(column.ops)
    words = f"{names_of(column.ops)} among the first {n} blocks"
    return of_nodes(column, words, {v: 1.0 for v in blocks[:n] if good[v]})


@finds("depth_count")
def _depth_count(view: View, column: Column) -> Witness:
    amounts = view.having(column.ops).astype(np.float64)
    if {"batch_norm", "normalisation"} & set(column.ops):
        amounts += np.where(view.is_op, np.nan_to_num(view.attribute("folded_norms")), 0.0)
    inside = in_quarter(view, column.stat)
    words = f"{names_of(column.ops)} in quarter {column.stat[1:]} of the depth"
    return of_nodes(column, words, {v: amounts[v] for v in np.flatnonzero(inside & (amounts != 0)).tolist()})


@finds("live")
def _live(view: View, column: Column) -> Witness:
    if column.stat == "depth":
        path = view.lightest(-view.is_op.astype(np.float64), view.usable)
        return of_path(column, "longest live path", path, ones(view.is_op, path or ()))
    if column.stat == "width":
        return _width(view, column)
    stations = view.graph.stations
    counted = ones(view.live & (stations if column.stat == "nodes" else ~stations))
    if column.stat == "nodes":
        return of_nodes(column, "live nodes", counted)
    found: dict[Place, float] = dict(counted.items())
    for u, v in view.graph.edges[np.all((view.live & stations)[view.graph.edges], axis=1)].tolist():
        found[u, v] = found.get((u, v), 0.0) + 1.0
    return of_nodes(column, "live edges", found)


def _width(view: View, column: Column) -> Witness:
    depth = np.zeros(view.n, int)
    for v in np.flatnonzero(view.live).tolist():
        depth[v] = max((depth[u] for u in view.preds[v] if view.live[u]), default=0) + view.is_op[v]
    counted = view.live & view.is_op
    widest = np.bincount(depth[counted]).argmax() if counted.any() else 0
    return of_nodes(column, "live operations side by side", ones(counted & (depth == widest)))


def in_quarter(view: View, stat: str) -> np.ndarray:
    """Operations in a quarter of the depth, named "q1" to "q4"."""
    level, depth = view.levels
    quarter = N_PARTS * np.array(level) // max(depth, 1)
    found: np.ndarray = view.is_op & (quarter == int(stat[1:]) - 1)
    return found


def ones(mask: np.ndarray, nodes: Iterable[int] | None = None) -> dict[int, float]:
    """1 for each node of the mask, or for those among `nodes` alone."""
    found = np.flatnonzero(mask).tolist() if nodes is None else [v for v in nodes if mask[v]]
    return dict.fromkeys(found, 1.0)
