"""Size and shape of the live part of graphs."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import parallel_jit

__all__ = ["structure"]

Array = NDArray[Any]


@parallel_jit
def structure(
    offset: Array, node_op: Array, flags: Array, pred_indptr: Array, preds: Array, zero: Array, out: Array
) -> None:
    """Nodes, edges, depth and width of the live part into out (n_graphs, 4).

    zero is bool (n_ops + 2,). Live: on a path from an input to an output without zero
    operations. Depth is NaN where nothing is live. O(V + E) per graph.
    """
    n_graphs = len(offset) - 1
    for g in prange(n_graphs):
        start, n = offset[g], offset[g + 1] - offset[g]
        level = np.full(n, -1, np.int64)  # most operations up to the node; -1: cut off
        live = np.zeros(n, np.bool_)
        for v in range(n):
            op = node_op[start + v]
            if zero[op]:
                continue
            reach = 0 if flags[start + v] & 1 else -1
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                reach = max(reach, level[preds[e]])
            if reach >= 0:
                level[v] = reach + (op != -1)
        nodes, edges, depth = 0, 0, -1
        per_level = np.zeros(n + 1, np.int64)
        for v in range(n - 1, -1, -1):
            if level[v] < 0:
                continue
            if flags[start + v] & 2:
                live[v] = True
            if not live[v]:
                continue
            station = flags[start + v] & 4
            if station:
                nodes += 1
            else:
                edges += 1
            if flags[start + v] & 2:
                depth = max(depth, level[v])
            if node_op[start + v] != -1:
                per_level[level[v]] += 1
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                u = preds[e]
                if level[u] >= 0:
                    live[u] = True
                    if station and flags[start + u] & 4:
                        edges += 1
        out[g, 0] = nodes
        out[g, 1] = edges
        out[g, 2] = depth if depth >= 0 else np.nan
        out[g, 3] = per_level.max()
