"""Exact SHAP values of trees where rows of a background stand for what is unknown.

A row x and a background row z go down a tree together. Where they part at a feature for the first time,
both ways are gone: the way of x for the sets of known features that hold this one, that of z for all others.
Where the path asks for the feature again, it is the value of the same row.

Let a leaf be reached with a features taken from x and b taken from z. The sets that lead to it hold all of
the a features and none of the b. By Shapley's formula it counts (a - 1)! b! / (a + b)! for each of the a,
and -a! (b - 1)! / (a + b)! for each of the b.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import jit, parallel_jit

__all__ = ["interventional_shap"]

Array = NDArray[Any]


@parallel_jit
def interventional_shap(
    X: Array,
    background: Array,
    offsets: Array,
    left: Array,
    right: Array,
    feature: Array,
    threshold: Array,
    missing_left: Array,
    values: Array,
    weights: Array,
    out: Array,
) -> None:
    """SHAP values of rows X (n, n_features) into out (n, n_features, n_outputs), which holds zeros.

    Nodes are as in `graf.explainers.ensembles.Ensemble`; weights (most, most) at [a, b] are
    a! b! / (a + b + 1)!, where most is the number of features on a path. O(rows, times rows of the
    background, times leaves that are reached with any features known, times features on a path).
    """
    most = len(weights)
    for i in prange(len(X)):
        path, own = np.empty(most, np.int64), np.empty(most, np.bool_)
        waiting, counts = np.empty(most + 1, np.int64), np.empty(most + 1, np.int64)
        for z in background:
            for tree in range(len(offsets) - 1):
                first = offsets[tree]
                waiting[0], counts[0], size = first, 0, 1
                while size > 0:
                    size -= 1
                    node, n = waiting[size], counts[size]
                    if n > 0:
                        own[n - 1] = False
                    while left[node] >= 0:
                        f = feature[node]
                        low, high = first + left[node], first + right[node]
                        mine = low if _left(X[i, f], threshold[node], missing_left[node]) else high
                        other = low if _left(z[f], threshold[node], missing_left[node]) else high
                        if mine == other:
                            node = mine
                            continue
                        k = _place(f, path, n)
                        if k == n:
                            waiting[size], counts[size] = other, n + 1
                            size += 1
                            path[n], own[n] = f, True
                            n += 1
                        node = mine if own[k] else other
                    _share(values[node], path, own, n, weights, out[i])
        out[i] /= len(background)


@jit
def _left(value: float, threshold: float, missing_left: bool) -> bool:
    return missing_left if np.isnan(value) else value <= threshold


@jit
def _place(f: int, path: Array, n: int) -> int:
    """Where on the path the rows parted at a feature; n where they have not yet."""
    for k in range(n):
        if path[k] == f:
            return k
    return n


@jit
def _share(value: Array, path: Array, own: Array, n: int, weights: Array, out: Array) -> None:
    """What a leaf gives to each feature that it was reached by."""
    a = 0
    for k in range(n):
        a += own[k]
    for k in range(n):
        weight = weights[a - 1, n - a] if own[k] else -weights[a, n - a - 1]
        for o in range(len(value)):
            out[path[k], o] += weight * value[o]
