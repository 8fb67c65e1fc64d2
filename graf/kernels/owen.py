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
    """Mean contribution of each column, and its standard error over background rows, into out (2, n_rows, d).

    Draw p of background row b starts from it and sets the columns to those of the row that is explained, in the
    order of orders (n_background, n_draws, d); draws of a row are no new rows, and count by their mean. train is
    (d, n) and apart (n_background, n) holds the squared distances of background rows (n_background, d) to the
    training rows. The error of one background row is undefined: NaN. O(n_background n_draws d n) per row.
    """
    n_background, n_draws, d = orders.shape
    for i in prange(len(rows)):
        total, squares, added = np.zeros(d), np.zeros(d), np.empty(d)
        squared = np.empty(len(dual))
        for b in range(n_background):
            added[:] = 0.0
            for p in range(n_draws):
                squared[:] = apart[b]
                before = _mean(squared, dual)
                for j in orders[b, p]:
                    mine, other = rows[i, j], background[b, j]
                    if mine == other:
                        continue
                    for k in range(len(dual)):
                        squared[k] += (mine - train[j, k]) ** 2 - (other - train[j, k]) ** 2
                    after = _mean(squared, dual)
                    added[j] += (after - before) / n_draws
                    before = after
            total += added
            squares += added**2
        for j in range(d):
            mean = total[j] / n_background
            variance = max(0.0, squares[j] / n_background - mean * mean)
            out[0, i, j] = mean
            out[1, i, j] = np.sqrt(variance / (n_background - 1)) if n_background > 1 else np.nan
