"""Operations counted: in the whole graph, at its ends, and per station."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import jit, parallel_jit

__all__ = ["adjacent", "count_operations", "degrees"]

Array = NDArray[Any]


@parallel_jit
def adjacent(
    offset: Array, node_op: Array, pred_indptr: Array, preds: Array, first: Array, second: Array, out: Array
) -> None:
    """Edges from an operation of the first set to one of the second into out (n_graphs, n_pairs).

    first and second are bool (n_ops + 2, n_pairs); junctions do not count. O(pairs E) per graph.
    """
    for g in prange(len(offset) - 1):
        out[g] = 0.0
        for v in range(offset[g], offset[g + 1]):
            if node_op[v] == -1:
                continue
            for e in range(pred_indptr[v], pred_indptr[v + 1]):
                source = node_op[offset[g] + preds[e]]
                if source == -1:
                    continue
                for p in range(out.shape[1]):
                    if first[source, p] and second[node_op[v], p]:
                        out[g, p] += 1.0


@parallel_jit
def count_operations(offset: Array, node_op: Array, out: Array) -> None:
    """Number of nodes of each operation into out (n_graphs, n_ops). O(V) per graph."""
    for g in prange(len(offset) - 1):
        out[g] = 0.0
        for v in range(offset[g], offset[g + 1]):
            if node_op[v] >= 0:
                out[g, node_op[v]] += 1.0


@jit
def _count_ends(
    start: int, last: int, node_op: Array, flags: Array, pred_indptr: Array, preds: Array, counts: Array
) -> float:
    """The number of stations; into counts (n_ops, 4), per operation, what `degrees` sums up over sets."""
    counts[:] = 0.0
    stations = 0.0
    for v in range(start, last):
        target, is_station = node_op[v], flags[v] & 4 != 0
        stations += is_station
        for e in range(pred_indptr[v], pred_indptr[v + 1]):
            u = start + preds[e]
            source = node_op[u]
            if target >= 0:
                counts[target, 0] += flags[u] & 1 != 0
                counts[target, 3] += flags[u] & 4 != 0
            if source >= 0:
                counts[source, 1] += flags[v] & 2 != 0
                counts[source, 2] += is_station
    return stations


@parallel_jit
def degrees(
    offset: Array, node_op: Array, flags: Array, pred_indptr: Array, preds: Array, allowed: Array, out: Array
) -> None:
    """Degrees over operation sets into out (n_graphs, 4 n_sets).

    Per set: operations of the set that read an input; that an output reads; mean over stations
    of those that the station reads; mean over stations of those that read it. allowed is bool
    (n_ops + 2, n_sets). O(V + E + sets ops) per graph.
    """
    n_ops, n_sets = allowed.shape[0] - 2, allowed.shape[1]
    n_graphs = len(offset) - 1
    chunk = max(1, min(256, n_graphs // 16))
    for c in prange((n_graphs + chunk - 1) // chunk):
        counts = np.empty((n_ops, 4), np.float64)
        for g in range(c * chunk, min(n_graphs, (c + 1) * chunk)):
            stations = _count_ends(offset[g], offset[g + 1], node_op, flags, pred_indptr, preds, counts)
            for s in range(n_sets):
                at_input, at_output, total_in, total_out = 0.0, 0.0, 0.0, 0.0
                for op in range(n_ops):
                    weight = 1.0 if allowed[op, s] else 0.0
                    at_input += weight * counts[op, 0]
                    at_output += weight * counts[op, 1]
                    total_in += weight * counts[op, 2]
                    total_out += weight * counts[op, 3]
                out[g, 4 * s] = at_input
                out[g, 4 * s + 1] = at_output
                out[g, 4 * s + 2] = total_in / stations
                out[g, 4 * s + 3] = total_out / stations
