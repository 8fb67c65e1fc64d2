"""Rows that occur several times: an architecture that was measured more than once, or under several recipes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import KFold

__all__ = ["folds_apart", "is_among", "number_of_architecture", "number_of_row", "recipe", "row_keys"]


def number_of_row(X: NDArray[np.float64]) -> NDArray[np.intp]:
    """Number (n,) of each row among the distinct ones, by first occurrence; NaN equals NaN.

    Where all rows are the same, each has a number of its own: there is nothing else to judge by.

    Examples
    --------
    >>> number_of_row(np.array([[5.0, np.nan], [1.0, 2.0], [5.0, np.nan]]))
    array([0, 1, 0])
    """
    number, distinct = pd.factorize(row_keys(X))
    return number if len(distinct) > 1 else np.arange(len(X))


def number_of_architecture(X: NDArray[np.float64], structure: Sequence[int]) -> NDArray[np.intp]:
    """Number (n,) of each row's architecture, which the columns at some positions tell; its own where none or all do.

    Examples
    --------
    >>> number_of_architecture(np.array([[5.0, 0.1], [5.0, 0.2], [1.0, 0.1]]), [0])
    array([0, 0, 1])
    """
    beside = 0 < len(structure) < X.shape[1]
    return number_of_row(X[:, structure]) if beside else np.arange(len(X))


def recipe(X: NDArray[np.float64], structure: Sequence[int]) -> list[int]:
    """Positions of the columns that differ between rows of one architecture, as settings of its training do.

    Examples
    --------
    >>> recipe(np.array([[5.0, 0.1, 7.0], [5.0, 0.2, 7.0], [1.0, 0.1, 3.0]]), [0])
    [1]
    """
    number = number_of_architecture(X, structure)
    first = X[np.unique(number, return_index=True)[1]][number]
    differ = np.any((first != X) & ~(np.isnan(X) & np.isnan(first)), axis=0)
    return np.flatnonzero(differ).tolist()


def folds_apart(
    number: NDArray[np.intp], most: int, random_state: int | None = 0
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Positions of rows to learn from and to judge by, in up to `most` folds; rows of a number (n,) stay together.

    Examples
    --------
    >>> [(seen.tolist(), unseen.tolist()) for seen, unseen in folds_apart(np.array([0, 1, 0]), 2)]
    [([0, 2], [1]), ([1], [0, 2])]
    """
    distinct = np.unique(number)
    folds = KFold(min(len(distinct), most), shuffle=True, random_state=random_state)
    return [
        (np.flatnonzero(np.isin(number, seen)), np.flatnonzero(np.isin(number, unseen)))
        for seen, unseen in folds.split(distinct)
    ]


def is_among(X: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each row (n,) is one of the known ones; NaN equals NaN.

    Examples
    --------
    >>> is_among(np.array([[5.0, np.nan], [1.0, 3.0]]), np.array([[1.0, 2.0], [5.0, np.nan]]))
    array([ True, False])
    """
    keys = set(row_keys(known))
    return np.array([key in keys for key in row_keys(X)], dtype=bool)


def row_keys(X: NDArray[np.float64]) -> NDArray[np.object_]:
    """The bytes of each row, the same for -0 and 0, and for every NaN."""
    rows = np.ascontiguousarray(np.where(np.isnan(X), np.nan, X + 0.0))
    return np.array([row.tobytes() for row in rows], dtype=object)
