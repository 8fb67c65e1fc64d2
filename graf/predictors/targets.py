"""Targets: what a predictor learns, checked and put in the order of the items."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from graf.exceptions import InputError
from graf.predictors.checks import check_pandas

__all__ = ["is_text", "read_targets"]


def read_targets(y: Any, index: pd.Index[Any]) -> pd.DataFrame:
    """Targets as a table of floats, one row per item, one named column per target.

    Where there are several, an item may lack some: NaN.

    Parameters
    ----------
    y : array (n,) or (n, targets), Series or DataFrame. One whose index holds texts is matched
        to the items by architecture; anything else is taken in the order of the items.
    index : the items' architectures.

    Raises
    ------
    InputError
        If the length or the architectures are not those of the items, there are fewer than two
        labels, names occur twice, or a value is not a finite number (of several targets: is infinite,
        or a target has fewer than two labels).
    """
    table = _table(y)
    if len(table) != len(index):
        raise InputError(
            f"`y` must have one label per item, got {len(table)} for {len(index)} items (samples);"
            " select the same rows of both"
        )
    if len(table) < 2:
        raise InputError(f"`y` must hold at least two labels, got {len(table)} sample")
    table = _matched(table, index)
    several = table.shape[1] > 1
    return pd.DataFrame(
        {name: _floats(str(name), column, several) for name, column in table.items()}, index=index
    )


def _table(y: Any) -> pd.DataFrame:
    if y is None:
        raise InputError("fit requires y to be passed, but the target y is None")
    if isinstance(y, pd.Series):
        y = y.to_frame("target" if y.name is None else y.name)
    check_pandas("y", y)
    if not isinstance(y, pd.DataFrame):
        y = _frame_of_array(y)
    table = pd.DataFrame(y).set_axis(y.columns.map(str), axis=1)
    if table.columns.has_duplicates:
        twice = table.columns[table.columns.duplicated()][0]
        raise InputError(f"`y` must have distinct target names, got {twice!r} more than once")
    if table.shape[1] == 0:
        raise InputError("`y` must hold at least one target, got none")
    return table


def _frame_of_array(y: Any) -> pd.DataFrame:
    try:
        values = np.asanyarray(y)  # of masked arrays, pandas takes what is masked for missing
    except ValueError:
        raise InputError("`y` must hold as many targets in every row, got rows of several lengths") from None
    if values.ndim not in (1, 2):
        raise InputError(f"`y` must have shape (items,) or (items, targets), got {values.shape}")
    names = ["target"] if values.ndim == 1 else [f"target_{i}" for i in range(values.shape[1])]
    return pd.DataFrame(values.reshape(len(values), len(names)), columns=names)


def _matched(table: pd.DataFrame, index: pd.Index[Any]) -> pd.DataFrame:
    """The rows in the order of the items, if both are indexed by text."""
    if not (is_text(table.index) and is_text(index)) or table.index.equals(index):
        return table
    strangers = index.difference(table.index)
    if len(strangers):
        raise InputError(
            f"`y` must be indexed by the architectures of the items, but lacks {len(strangers)} of them,"
            f" such as {strangers[0]!r:.80}; pass y.to_numpy() if the order is the same"
        )
    if index.has_duplicates or table.index.has_duplicates:
        raise InputError(
            "`y` and the items are in different orders, and architectures occur twice, so that they cannot be"
            " matched; bring both into the same order"
        )
    return table.loc[index]


def is_text(index: pd.Index[Any]) -> bool:
    """Whether an index holds texts alone, also as categories, by which rows can be matched.

    Examples
    --------
    >>> is_text(pd.CategoricalIndex(["a", "b"])), is_text(pd.Index(["a", 1]))
    (True, False)
    """
    return bool(pd.api.types.infer_dtype(index.astype(object)) == "string")


def _floats(name: str, column: pd.Series[Any], may_lack: bool) -> np.ndarray:
    strange = [] if _is_real(column) else [i for i, v in enumerate(column) if not isinstance(v, Real)]
    if strange:
        raise InputError(
            f"target {name!r} must hold numbers, got {column.iloc[strange[0]]!r:.40} at index {strange[0]}"
        )
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    if may_lack and np.isfinite(values).sum() < 2:
        raise InputError(f"target {name!r} must have at least two labels; leave it out")
    missing = np.flatnonzero(np.isinf(values) if may_lack else ~np.isfinite(values))
    if len(missing):
        raise InputError(
            f"target {name!r} must be finite, got {len(missing)} NaN or infinite values, the first at index"
            f" {missing[0]}; drop these items"
        )
    return values


def _is_real(column: pd.Series[Any]) -> bool:
    types = pd.api.types
    return types.is_numeric_dtype(column.dtype) and not types.is_complex_dtype(column.dtype)
