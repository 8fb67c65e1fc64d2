"""What each column adds to the mean of a Matérn 5/2 Gaussian process, along orders of columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import jit, parallel_jit

__all__ = ["owen"]

Array = NDArray[Any]


@jit
def _mean(squared: Array, dual: Array) -> float:
    """The process at a point, up to its variance, from squared distances (n,) to the training rows."""
    total = 0.0
    for k in range(len(squared)):
        r = np.sqrt(5.0 * max(squared[k], 0.0))
        total += dual[k] * (1.0 + r + r * r / 3.0) * np.exp(-r)
    return total


@parallel_jit
def owen(
    rows: Array, train: Array, dual: Array, background: Array, apart: Array, orders: Array, out: Array
) -> None:
    """Mean contribution of each column, and its standard error over the draws, into out (2, n_rows, d).

    Draw p starts from background row p and sets the columns to those of the row that is explained, in
    the order of orders (n_draws, d). train is (d, n) and apart (n_draws, n) holds the squared distances
    of background rows (n_draws, d) to the training rows. O(draws d n) per row.
    """
    n_draws, d = orders.shape
    for i in prange(len(rows)):
        total, squares = np.zeros(d), np.zeros(d)
        squared = np.empty(len(dual))
        for p in range(n_draws):
            squared[:] = apart[p]
            before = _mean(squared, dual)
            for j in orders[p]:
                mine, other = rows[i, j], background[p, j]
                if mine == other:
                    continue
                for k in range(len(dual)):
                    squared[k] += (mine - train[j, k]) ** 2 - (other - train[j, k]) ** 2
                after = _mean(squared, dual)
                total[j] += after - before
                squares[j] += (after - before) ** 2
                before = after
        for j in range(d):
            mean = total[j] / n_draws
            out[0, i, j] = mean
            out[1, i, j] = np.sqrt(max(0.0, squares[j] / n_draws - mean * mean) / max(1, n_draws - 1))
