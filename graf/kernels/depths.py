"""Distances of the operations on live paths from both ends.

Live is what lies on a path from an input to an output without zero operations. Active are live
operations that are no identities; distances count active operations.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import jit, parallel_jit

__all__ = ["depths"]

Array = NDArray[Any]


@jit
def _distances(
    start: int,
    n: int,
    node_op: Array,
    flags: Array,
    pred_indptr: Array,
    preds: Array,
    zero: Array,
    active: Array,
) -> Array:
    """Shortest, then minus longest, distances (n, 4) from inputs, then to outputs; inf without a path."""
    near = np.full((n, 4), np.inf)
    for v in range(n):
        if zero[node_op[start + v]]:
            continue
        if flags[start + v] & 1:
            near[v, 0] = near[v, 1] = 0.0
        for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
            u = preds[e]
            step = 1.0 if active[node_op[start + u]] else 0.0
            near[v, 0] = min(near[v, 0], near[u, 0] + step)
            near[v, 1] = min(near[v, 1], near[u, 1] - step)
    for v in range(n - 1, -1, -1):
        if zero[node_op[start + v]]:
            near[v, 2] = near[v, 3] = np.inf
            continue
        if flags[start + v] & 2:
            near[v, 2] = min(near[v, 2], 0.0)
            near[v, 3] = min(near[v, 3], 0.0)
        step = 1.0 if active[node_op[start + v]] else 0.0
        for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
            u = preds[e]
            near[u, 2] = min(near[u, 2], near[v, 2] + step)
            near[u, 3] = min(near[u, 3], near[v, 3] - step)
    return near


@parallel_jit
def depths(
    offset: Array,
    node_op: Array,
    flags: Array,
    pred_indptr: Array,
    preds: Array,
    zero: Array,
    active: Array,
    allowed: Array,
    out: Array,
) -> None:
    """Distances of live operations from both ends into out (n_graphs, 4 n_sets).

    Per set: least of the shortest and most of the longest distances from an input, then the same
    to an output; NaN without a live operation of the set. zero and active are bool (n_ops + 2,),
    allowed is bool (n_ops + 2, n_sets). O(V sets + E) per graph.
    """
    n_sets = allowed.shape[1]
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        near = _distances(start, n, node_op, flags, pred_indptr, preds, zero, active)
        out[g] = np.inf
        for v in range(n):
            op = node_op[start + v]
            if op == -1 or near[v, 0] == np.inf or near[v, 2] == np.inf:
                continue
            for s in range(n_sets):
                if allowed[op, s]:
                    for k in range(4):
                        out[g, 4 * s + k] = min(out[g, 4 * s + k], near[v, k])
        for s in range(n_sets):
            for k in range(4):
                value = out[g, 4 * s + k]
                out[g, 4 * s + k] = np.nan if value == np.inf else abs(value)
