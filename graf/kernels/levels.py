"""How deep nodes lie, and what there is at each depth."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import parallel_jit

__all__ = ["counts_by_depth", "levels", "sums_by_depth"]

Array = NDArray[Any]


@parallel_jit
def levels(
    offset: Array, node_op: Array, pred_indptr: Array, preds: Array, level: Array, depth: Array
) -> None:
    """Most operations before each node into level (n_nodes,), on a whole path into depth (n_graphs,).

    O(V + E) per graph.
    """
    for g in prange(len(offset) - 1):
        start = offset[g]
        depth[g] = 0
        for v in range(start, offset[g + 1]):
            level[v] = 0
            for e in range(pred_indptr[v], pred_indptr[v + 1]):
                u = start + preds[e]
                level[v] = max(level[v], level[u] + (node_op[u] != -1))
            depth[g] = max(depth[g], level[v] + (node_op[v] != -1))


@parallel_jit
def counts_by_depth(
    offset: Array, node_op: Array, level: Array, depth: Array, allowed: Array, bins: int, out: Array
) -> None:
    """Operations of each set at each part of the depth into out (n_graphs, n_sets bins).

    level and depth as from `levels`, allowed is bool (n_ops + 2, n_sets). O(sets V) per graph.
    """
    n_sets = allowed.shape[1]
    for g in prange(len(offset) - 1):
        out[g] = 0.0
        for v in range(offset[g], offset[g + 1]):
            if node_op[v] == -1:
                continue
            part = bins * level[v] // depth[g]
            for s in range(n_sets):
                if allowed[node_op[v], s]:
                    out[g, bins * s + part] += 1.0


@parallel_jit
def sums_by_depth(
    offset: Array,
    node_op: Array,
    level: Array,
    depth: Array,
    values: Array,
    bins: int,
    sums: Array,
    sizes: Array,
) -> None:
    """Sums and numbers of values at each part of the depth into (n_graphs, k bins) each.

    values is float (k, n_nodes), NaN where there is none; junctions do not count. O(k V) per
    graph.
    """
    k = len(values)
    for g in prange(len(offset) - 1):
        sums[g], sizes[g] = 0.0, 0.0
        for i in range(k):
            for v in range(offset[g], offset[g + 1]):
                if node_op[v] != -1 and not np.isnan(values[i, v]):
                    part = bins * level[v] // depth[g]
                    sums[g, bins * i + part] += values[i, v]
                    sizes[g, bins * i + part] += 1.0
