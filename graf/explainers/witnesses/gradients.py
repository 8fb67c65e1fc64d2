"""What gradients meet on their way from the loss back to the parameters."""

from __future__ import annotations

import numpy as np

from graf.explainers.witnesses.counts import ones
from graf.explainers.witnesses.view import View, walk
from graf.explainers.witnesses.witness import Edge, Witness, finds, none, of_nodes, of_path
from graf.features import Column
from graf.features.gradients import has_parameters, kind_of

__all__: list[str] = []

VERBS = {"pass": " that pass gradients on", "shrink": " that shrink them", "gate": " that gate them",
         "mix": " that mix them", "all": ""}  # fmt: skip


@finds("gradient_path")
def _gradient_path(view: View, column: Column) -> Witness:
    stat, kind = column.stat.split("_")
    met, words = _met(view, kind), f"operations{VERBS[kind]} between parameters and the loss"
    reached = np.array([n > 0 for n in view.paths_from])
    sources = np.flatnonzero(has_parameters(view.batch) & reached).tolist()
    if not sources:
        return none(column, "no parameters that lead to an output")
    if stat == "mean":
        return _met_on_the_way(view, column, words, met, sources, _at_random(view))
    best, link = view.trace(met * 1.0, view.usable, back=True)
    if stat == "min":
        steps = [{after: 1.0} if after >= 0 else {} for after in link]
        return _met_on_the_way(view, column, words, met, sources, steps)
    farthest = max(sources, key=lambda v: best[v] - met[v])
    path = walk(link, farthest)
    return of_path(column, f"{words}, from the farthest", path, ones(met, path[1:]))


def _met(view: View, kind: str) -> np.ndarray:
    """Operations of a kind."""
    ops = view.graph.ops
    found = [kind in ("all", kind_of(op)) for op in ops.operations] + [False]
    return np.array(found)[view.graph.node_op]


def _at_random(view: View) -> list[dict[int, float]]:
    """Where paths to an output go on from each node: shares of them by the next node."""
    steps: list[dict[int, float]] = [{} for _ in range(view.n)]
    for u, v in view.graph.edges.tolist():
        if view.paths_from[u] and view.paths_from[v]:
            steps[u][v] = steps[u].get(v, 0.0) + view.paths_from[v] / view.paths_from[u]
    return steps


def _met_on_the_way(
    view: View, column: Column, words: str, met: np.ndarray, sources: list[int], steps: list[dict[int, float]]
) -> Witness:
    """What is met on the way from each source along the steps, in the mean over the sources."""
    arrived = np.zeros(view.n)
    edges: set[Edge] = set()
    begin = set(sources)
    for v in range(view.n):
        leaving = arrived[v] + (v in begin)
        if leaving:
            for after, share in steps[v].items():
                arrived[after] += leaving * share
                edges.add((v, after))
    amounts = {v: arrived[v] / len(sources) for v in np.flatnonzero(met & (arrived > 0)).tolist()}
    return of_nodes(column, words, amounts, nodes=sources, edges=edges)
