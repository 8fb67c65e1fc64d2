"""What a network costs to run: traffic, memory, weights that are used again."""

from __future__ import annotations

import math

import numpy as np

from graf.explainers.witnesses.attributes import means, scaled, sums
from graf.explainers.witnesses.view import View
from graf.explainers.witnesses.witness import Witness, finds, none, of_nodes
from graf.features import Column
from graf.features.costs import LOW

__all__: list[str] = []


@finds("arithmetic_intensity")
def _arithmetic_intensity(view: View, column: Column) -> Witness:
    traffic = np.nan_to_num(view.attribute("n_bytes"))
    work = 2 * view.attribute("n_macs") + np.nan_to_num(view.attribute("n_elementary"))
    moves = traffic > 0
    if not moves.any():
        return none(column, "no memory traffic")
    work, total = np.where(moves, work, np.nan), traffic.sum()
    ratio = np.divide(work, traffic, out=np.full(view.n, np.nan), where=moves)
    if column.stat == "network":
        return of_nodes(column, "computations per byte of traffic", sums(work / total))
    if column.stat == "mean":
        return means(column, "computations per byte", ratio)
    waiting = np.where(ratio < LOW, traffic / total, 0.0)
    return of_nodes(column, "operations that wait for memory", sums(waiting))


@finds("peak_memory")
def _peak_memory(view: View, column: Column) -> Witness:
    size = np.nan_to_num(view.attribute("n_output_bytes"))
    if size.sum() == 0:
        return none(column, "no sizes of activations")
    held, at = _peak(view, size)
    words = "activations live at the peak of memory"
    if column.stat == "at":
        return of_nodes(column, "operation at the peak of memory", {at: at / view.n})
    live = of_nodes(column, words, {v: size[v] for v in held if size[v]}, nodes=[at])
    if column.stat == "log":
        return scaled(live, lambda total: math.log10(1 + total))
    return scaled(live, lambda total: total / size.sum()) if column.stat == "share" else live


def _peak(view: View, size: np.ndarray) -> tuple[list[int], int]:
    """The tensors that are live together at the peak, and the node that runs then."""
    ends = view.inputs | view.outputs
    last = [view.n if v in ends else max(view.succs[v], default=v) for v in range(view.n)]
    held = set(view.inputs)
    peak, at, found = sum(size[v] for v in held), 0, sorted(held)
    total = peak
    for v in range(view.n):
        if v not in held:
            held.add(v)
            total += size[v]
        if total > peak:
            peak, at, found = total, v, sorted(held)
        for u in {v, *view.preds[v]}:
            if last[u] == v and u in held:
                held.remove(u)
                total -= size[u]
    return found, at


@finds("parameter_sharing")
def _parameter_sharing(view: View, column: Column) -> Witness:
    ids = view.attribute("shared_id")
    known = np.flatnonzero(np.isfinite(ids)).tolist()
    first: dict[float, int] = {}
    again = [v for v in known if first.setdefault(ids[v], v) != v]
    words = "operations that use weights again"
    if not known:
        return none(column, f"no {words}")
    return of_nodes(column, words, dict.fromkeys(again, 1 / len(known)))
