"""Paths from inputs to outputs of a batch of graphs, for many operation sets at once.

All kernels take the arrays of a `GraphBatch` and a table with one row per operation and two
more: row -2 for operations outside the vocabulary, row -1 for junctions. The inner loop runs
over operation sets, which lie side by side in memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import parallel_jit

__all__ = ["count_paths", "lightest_paths"]

Array = NDArray[Any]


@parallel_jit
def lightest_paths(
    offset: Array,
    node_op: Array,
    flags: Array,
    pred_indptr: Array,
    preds: Array,
    cost: Array,
    scale: float,
    out: Array,
) -> None:
    """Scale times the least total cost of a path into out (n_graphs, n_sets); NaN: no path.

    cost is float32 (n_ops + 2, n_sets), inf where the set does not allow the operation. Costs
    may be negative, since the graphs have no cycles. O(sets (V + E)) per graph.
    """
    n_graphs, n_sets = len(offset) - 1, cost.shape[1]
    chunk = max(1, min(256, n_graphs // 16))
    for c in prange((n_graphs + chunk - 1) // chunk):
        first, last = c * chunk, min(n_graphs, (c + 1) * chunk)
        longest = np.diff(offset[first : last + 1]).max()
        best = np.empty((longest, n_sets), np.float32)
        for g in range(first, last):
            out[g] = np.inf
            start = offset[g]
            for v in range(offset[g + 1] - start):
                begin = np.float32(0.0 if flags[start + v] & 1 else np.inf)
                for s in range(n_sets):
                    best[v, s] = begin
                for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                    u = preds[e]
                    for s in range(n_sets):
                        best[v, s] = min(best[v, s], best[u, s])
                op = node_op[start + v]
                if op != -1:
                    for s in range(n_sets):
                        best[v, s] += cost[op, s]
                if flags[start + v] & 2:
                    for s in range(n_sets):
                        out[g, s] = min(out[g, s], best[v, s])
            for s in range(n_sets):
                out[g, s] = scale * out[g, s] if out[g, s] < np.inf else np.nan


@parallel_jit
def count_paths(
    offset: Array, node_op: Array, flags: Array, pred_indptr: Array, preds: Array, allowed: Array, out: Array
) -> None:
    """Number of paths per graph and set into out (n_graphs, n_sets).

    allowed is bool (n_ops + 2, n_sets). Counts are float64 and become inf beyond 1e308.
    O(sets (V + E)) per graph.
    """
    n_graphs, n_sets = len(offset) - 1, allowed.shape[1]
    chunk = max(1, min(256, n_graphs // 16))
    for c in prange((n_graphs + chunk - 1) // chunk):
        first, last = c * chunk, min(n_graphs, (c + 1) * chunk)
        longest = np.diff(offset[first : last + 1]).max()
        count = np.empty((longest, n_sets), np.float64)
        for g in range(first, last):
            out[g] = 0.0
            start = offset[g]
            for v in range(offset[g + 1] - start):
                begin = 1.0 if flags[start + v] & 1 else 0.0
                for s in range(n_sets):
                    count[v, s] = begin
                for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                    u = preds[e]
                    for s in range(n_sets):
                        count[v, s] += count[u, s]
                op = node_op[start + v]
                if op != -1:
                    for s in range(n_sets):
                        count[v, s] = count[v, s] if allowed[op, s] else 0.0
                if flags[start + v] & 2:
                    for s in range(n_sets):
                        out[g, s] += count[v, s]
