"""How long paths are: mean and variance over all paths, without ever writing their number.

Paths multiply with every block that forks, beyond any float. Each node therefore keeps the
logarithm of the number of paths, and the mean and variance of what they hold; where paths meet,
these are those of the mixture.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import jit, parallel_jit

__all__ = ["backward_paths", "path_moments", "path_shares"]

Array = NDArray[Any]


@jit
def _merge(into: Array, log_count: float, moments: Array, step: Array) -> None:
    """Add paths, and what one step adds to each of them, to those in (1 + 2k,): log count, k means, k variances."""
    k = len(step)
    high, low = max(into[0], log_count), min(into[0], log_count)
    if high == -np.inf:
        return
    total = high + np.log1p(np.exp(low - high))
    share = np.exp(log_count - total)
    for i in range(k):
        delta = moments[i] + step[i] - into[1 + i]
        into[1 + k + i] += share * (moments[k + i] - into[1 + k + i] + (1.0 - share) * delta * delta)
        into[1 + i] += share * delta
    into[0] = total


@parallel_jit
def path_moments(
    offset: Array,
    node_op: Array,
    flags: Array,
    pred_indptr: Array,
    preds: Array,
    zero: Array,
    weight: Array,
    out: Array,
) -> None:
    """Number and weights of live paths into out (n_graphs, 1 + 2k).

    First the natural logarithm of the number of paths, -inf without one; then k means and k
    variances of the sum of weights along a path, NaN without one. zero is bool (n_ops + 2,),
    weight is float (n_ops + 2, k). O(k (V + E)) per graph.
    """
    k = weight.shape[1]
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        found = np.zeros((n + 1, 1 + 2 * k))  # the last row: all paths
        nothing, none = np.zeros(2 * k), np.zeros(k)
        found[n, 0] = -np.inf
        for v in range(n):
            found[v, 0] = -np.inf
            if zero[node_op[start + v]]:
                continue
            step = weight[node_op[start + v]]
            if flags[start + v] & 1:
                _merge(found[v], 0.0, nothing, step)
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                _merge(found[v], found[preds[e], 0], found[preds[e], 1:], step)
            if flags[start + v] & 2:
                _merge(found[n], found[v, 0], found[v, 1:], none)
        for c in range(1 + 2 * k):
            out[g, c] = found[n, c] if c == 0 or found[n, 0] > -np.inf else np.nan


@parallel_jit
def backward_paths(
    offset: Array,
    node_op: Array,
    flags: Array,
    pred_indptr: Array,
    preds: Array,
    zero: Array,
    weight: Array,
    counted: Array,
    out: Array,
) -> None:
    """What lies on the paths from an output back to nodes into out (n_graphs, 3k).

    Per kind k: the least weight on such a path, as its mean and its maximum over the counted
    nodes, and the mean weight over all paths, as its mean over them. A node's own weight is left
    out; NaN where no counted node leads to an output. zero is bool (n_ops + 2,), weight is float
    (n_ops + 2, k), counted is bool (n_nodes,). O(k (V + E)) per graph.
    """
    k = weight.shape[1]
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        found = np.zeros((n, 1 + 2 * k))
        least = np.full((n, k), np.inf)
        nothing, none = np.zeros(2 * k), np.zeros(k)
        found[:, 0] = -np.inf
        size = 0
        out[g] = 0.0
        for v in range(n - 1, -1, -1):
            if zero[node_op[start + v]]:
                continue
            if flags[start + v] & 2:
                _merge(found[v], 0.0, nothing, none)
                for i in range(k):
                    least[v, i] = 0.0
            if found[v, 0] == -np.inf:
                continue
            step = weight[node_op[start + v]]
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                u = preds[e]
                _merge(found[u], found[v, 0], found[v, 1:], step)
                for i in range(k):
                    least[u, i] = min(least[u, i], least[v, i] + step[i])
            if counted[start + v]:
                size += 1
                for i in range(k):
                    out[g, 3 * i] += least[v, i]
                    out[g, 3 * i + 1] = max(out[g, 3 * i + 1], least[v, i])
                    out[g, 3 * i + 2] += found[v, 1 + i]
        for i in range(k):
            out[g, 3 * i] = out[g, 3 * i] / size if size > 0 else np.nan
            out[g, 3 * i + 1] = out[g, 3 * i + 1] if size > 0 else np.nan
            out[g, 3 * i + 2] = out[g, 3 * i + 2] / size if size > 0 else np.nan


@parallel_jit
def path_shares(
    offset: Array, node_op: Array, flags: Array, pred_indptr: Array, preds: Array, zero: Array, out: Array
) -> None:
    """How often a live path passes through each operation in the mean, into out (n_graphs, n_ops).

    NaN without a live path. zero is bool (n_ops + 2,). O(V + E) per graph.
    """
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        log_count = np.full((n + 1, 1), -np.inf)  # of the paths up to a node; the last row: all
        nothing = np.zeros(0)
        for v in range(n):
            if zero[node_op[start + v]]:
                continue
            if flags[start + v] & 1:
                _merge(log_count[v], 0.0, nothing, nothing)
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                _merge(log_count[v], log_count[preds[e], 0], nothing, nothing)
            if flags[start + v] & 2:
                _merge(log_count[n], log_count[v, 0], nothing, nothing)
        share = np.zeros(n)
        out[g] = 0.0 if log_count[n, 0] > -np.inf else np.nan
        for v in range(n - 1, -1, -1):
            if log_count[v, 0] == -np.inf:
                continue
            if flags[start + v] & 2:
                share[v] += np.exp(log_count[v, 0] - log_count[n, 0])
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                u = preds[e]
                if log_count[u, 0] > -np.inf:
                    share[u] += share[v] * np.exp(log_count[u, 0] - log_count[v, 0])
            if node_op[start + v] >= 0:
                out[g, node_op[start + v]] += share[v]
