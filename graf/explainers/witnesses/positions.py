"""How far operations are from the ends, and what they see of the input."""

from __future__ import annotations

import math

import numpy as np

from graf.explainers.witnesses.attributes import scaled
from graf.explainers.witnesses.counts import ones
from graf.explainers.witnesses.view import View, names_of, walk
from graf.explainers.witnesses.witness import Witness, finds, none, of_path
from graf.features import Column
from graf.features.receptive import AXES, settings_of

__all__: list[str] = []


@finds("op_depth")
def _op_depth(view: View, column: Column) -> Witness:
    which, end = column.stat.split("_")
    sign, back = (1.0 if which == "first" else -1.0), end == "out"
    words = f"way from the {'output' if back else 'input'} to the {'nearest' if sign > 0 else 'farthest'}"
    words += f" {names_of(column.ops)}"
    members = np.flatnonzero(view.having(column.ops) & view.live).tolist()
    if not members:
        return none(column, f"no live {names_of(column.ops)}")
    cost = sign * view.active
    best, link = view.trace(cost, view.usable, back=back)
    node = min(members, key=lambda v: best[v] - cost[v])
    path = walk(link, node)
    return of_path(column, words, path if back else path[::-1], ones(view.active, path[1:]))


@finds("receptive_field")
def _receptive_field(view: View, column: Column) -> Witness:
    settings = [settings_of(view.batch, axis) for axis in AXES]
    if column.stat == "global_at":
        everything = settings[0][-1]
        return _first_global(view, column, np.flatnonzero(everything).tolist())
    if "kernel" not in view.batch.attributes:
        return none(column, "no kernels known")
    path, amounts = max((_field(view, *some) for some in settings), key=lambda found: sum(found[1].values()))
    found = of_path(column, "path of the largest receptive field", path, amounts)
    if path is None:
        found = none(column, "no receptive field", 1.0)
    if column.stat == "log":
        return scaled(found, math.log10)
    if column.stat == "of_input":
        resolution = view.attribute("resolution")[sorted(view.inputs)]
        side = float(np.nanmax(resolution)) if np.isfinite(resolution).any() else 0.0
        return scaled(found, lambda size: size / max(side, 1) if side > 0 else math.nan)
    return found


def _field(
    view: View, reach: np.ndarray, step: np.ndarray, everything: np.ndarray
) -> tuple[list[int] | None, dict[int, float]]:
    """The path along which the field grows largest, and how much each node adds."""
    field, distance, link = np.zeros(view.n), np.zeros(view.n), [-1] * view.n
    added = np.zeros(view.n)
    for v in range(view.n):
        reads = view.preds[v]
        if reads:
            link[v] = max(reads, key=field.__getitem__)
            field[v], distance[v] = field[link[v]], max(distance[u] for u in reads)
        else:
            field[v] = distance[v] = 1.0
        if everything[v] or field[v] == 0:
            field[v] = distance[v] = 0.0
            continue
        added[v] = reach[v] * distance[v]
        field[v] += added[v]
        distance[v] *= step[v]
    if field.max() < 1:
        return None, {}
    path = walk(link, int(np.argmax(field)))[::-1]
    return path, {v: added[v] + (i == 0) for i, v in enumerate(path)}


def _first_global(view: View, column: Column, members: list[int]) -> Witness:
    level, depth = view.levels
    if not members:
        return none(column, "no operation that sees everything")
    node = min(members, key=level.__getitem__)
    everywhere = np.ones(view.n, bool)
    _, link = view.trace(-1.0 * view.is_op, everywhere, range(view.n))
    path = walk(link, node)
    amounts = {v: 1 / max(depth, 1) for v in path[1:] if view.is_op[v]}
    return of_path(column, "way to the first operation that sees everything", path[::-1], amounts)
