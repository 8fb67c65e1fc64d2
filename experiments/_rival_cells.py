"""Cells as small labelled graphs: path encoding, and Weisfeiler-Lehman labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from graf import ComputationGraph

__all__ = ["Cell", "cell", "cells", "path_table", "paths", "wl_counts"]


@dataclass(frozen=True)
class Cell:
    """Labels of nodes in topological order, and which feeds which: (n, n), [u, v] for u to v."""

    labels: tuple[str, ...]
    edges: NDArray[np.bool_]


def cells(graphs: Iterable[ComputationGraph]) -> list[Cell]:
    """One per graph."""
    return [cell(graph) for graph in graphs]


def cell(graph: ComputationGraph) -> Cell:
    """Inputs, outputs and operations on a path between them; `none` is taken away, junctions bridged."""
    edges = np.zeros((graph.n_nodes, graph.n_nodes), bool)
    edges[graph.preds, np.repeat(np.arange(graph.n_nodes), np.diff(graph.pred_indptr))] = True
    labels = _labels(graph)
    for v, label in enumerate(labels):
        if not label:  # a junction within the cell
            edges |= np.outer(edges[:, v], edges[v])
        if not label or label.startswith("none"):
            edges[v] = edges[:, v] = False
    live = _reached(edges, graph.inputs) & _reached(edges.T, graph.outputs)
    kept = np.flatnonzero(live | np.isin(np.arange(graph.n_nodes), [*graph.inputs, *graph.outputs]))
    return Cell(tuple(labels[v] for v in kept), edges[np.ix_(kept, kept)])


def _labels(graph: ComputationGraph) -> list[str]:
    """Operation and named cell of each node, and which input or output it is."""
    labels = [op or "" for op in graph.op_names]
    for kind, nodes in (("input", graph.inputs), ("output", graph.outputs)):
        for number, v in enumerate(nodes):
            labels[v] = f"{kind}{number}"
    for name, nodes in graph.cells.items():
        for v in nodes:
            labels[v] = labels[v] and f"{labels[v]}@{name}"
    return labels


def _reached(edges: NDArray[np.bool_], starts: NDArray[np.int32]) -> NDArray[np.bool_]:
    reached = np.zeros(len(edges), bool)
    reached[starts] = True
    for _ in range(len(edges)):
        reached |= edges[reached].any(axis=0)
    return reached


def paths(one: Cell) -> Iterator[tuple[str, ...]]:
    """Labels along every path from an input to an output."""
    starts = [v for v, label in enumerate(one.labels) if label.startswith("input")]
    waiting = [(v,) for v in starts]
    while waiting:
        path = waiting.pop()
        if one.labels[path[-1]].startswith("output"):
            yield tuple(one.labels[v] for v in path)
        waiting += [(*path, int(v)) for v in np.flatnonzero(one.edges[path[-1]])]


def path_table(graphs: list[Cell]) -> pd.DataFrame:
    """Path encoding (White et al., BANANAS, 2021): 1 where a cell has the path, a column per path."""
    found = [set(paths(one)) for one in graphs]
    names = sorted(set().union(*found))
    place = {path: i for i, path in enumerate(names)}
    table = np.zeros((len(graphs), len(names)))
    for row, own in enumerate(found):
        table[row, [place[path] for path in own]] = 1
    return pd.DataFrame(table, columns=[" ".join(path) for path in names])


def wl_counts(graphs: list[Cell], depth: int) -> list[csr_matrix]:
    """How often each Weisfeiler-Lehman label occurs in each graph, one matrix for every round 0 to `depth`.

    In every round the label of a node becomes its own and the sorted ones of its successors.
    """
    now = [list(one.labels) for one in graphs]
    following = [[np.flatnonzero(row).tolist() for row in one.edges] for one in graphs]
    counts = []
    for _ in range(depth + 1):
        numbers: dict[object, int] = {}
        coded = [[numbers.setdefault(label, len(numbers)) for label in labels] for labels in now]
        counts.append(_matrix(coded, len(numbers)))
        now = [
            [(own[v], *sorted(own[w] for w in after)) for v, after in enumerate(heads)]
            for own, heads in zip(coded, following, strict=True)
        ]
    return counts


def _matrix(coded: list[list[int]], width: int) -> csr_matrix:
    triples = [(row, label, n) for row, own in enumerate(coded) for label, n in Counter(own).items()]
    rows, columns, values = map(np.array, zip(*triples, strict=True))
    return csr_matrix((values.astype(float), (rows, columns)), shape=(len(coded), width))
