"""What a network holds in memory while its nodes run one after the other."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import parallel_jit

__all__ = ["peak_memory"]

Array = NDArray[Any]


@parallel_jit
def peak_memory(
    offset: Array, flags: Array, pred_indptr: Array, preds: Array, size: Array, out: Array
) -> None:
    """Largest sum of live tensors, and the node that runs then, into out (n_graphs, 2).

    size is float (n_nodes,). Inputs are live from the start, inputs and outputs to the end, any
    other tensor from its own node to its last reader. O(V + E) per graph.
    """
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        last = np.arange(n)  # the node after which a tensor dies
        for v in range(n):
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                last[preds[e]] = max(last[preds[e]], v)
        live = 0.0
        for v in range(n):
            if flags[start + v] & 3:
                last[v] = n
            if flags[start + v] & 1:
                live += size[start + v]
        peak, at = live, 0
        for v in range(n):
            if not flags[start + v] & 1:
                live += size[start + v]
            if live > peak:
                peak, at = live, v
            if last[v] == v:  # nobody reads it
                live -= size[start + v]
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                u = preds[e]
                if last[u] == v:
                    live -= size[start + u]
                    last[u] = n  # it dies once
        out[g, 0] = peak
        out[g, 1] = at
