"""Rows that occur several times: an architecture that was measured more than once."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["number_of_row"]


def number_of_row(X: NDArray[np.float64]) -> NDArray[np.intp]:
    """Number (n,) of each row among the distinct ones, by first occurrence; NaN equals NaN.

    Where all rows are the same, each has a number of its own: there is nothing else to judge by.

    Examples
    --------
    >>> number_of_row(np.array([[5.0, np.nan], [1.0, 2.0], [5.0, np.nan]]))
    array([0, 1, 0])
    """
    rows = np.ascontiguousarray(X + 0.0)  # no -0, which has other bytes
    number, distinct = pd.factorize(np.array([row.tobytes() for row in rows], dtype=object))
    return number if len(distinct) > 1 else np.arange(len(X))
