"""Checks of numbers that all arguments share."""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np

from graf.exceptions import InputError

__all__ = ["LARGEST_SEED", "count", "is_whole", "type_name", "unmasked"]

LARGEST_SEED = 2**32 - 1  # that NumPy, and so scikit-learn and XGBoost, can draw from


def is_whole(value: Any, least: int | None = None, most: int | None = None) -> bool:
    """Whether it is an integer, and no truth value, from `least` to `most` where these are given.

    Examples
    --------
    >>> is_whole(3), is_whole(3.0), is_whole(True), is_whole(3, 4)
    (True, False, False, False)
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    return whole and (least is None or value >= least) and (most is None or value <= most)


def type_name(value: Any) -> str:
    """The name of its type, with that of the library: pandas' DataFrame is not the only one.

    Examples
    --------
    >>> type_name(3), type_name(np.arange(3))
    ('int', 'numpy.ndarray')
    """
    found = type(value)
    library = found.__module__.partition(".")[0]
    return found.__name__ if library == "builtins" else f"{library}.{found.__name__}"


def count(name: str, value: Any, least: int = 1) -> int:
    """The value of an argument as an integer; `InputError`, which names it, unless it is one of `least` or more."""
    if not is_whole(value, least):
        raise InputError(f"`{name}` must be an integer of {least} or more, got {value!r:.60}")
    return int(value)


def unmasked(values: Any) -> Any:
    """A masked array of numbers with NaN where it is masked, of which NumPy would show what is hidden; others as they are.

    Examples
    --------
    >>> unmasked(np.ma.masked_array([1, 2], [False, True]))
    array([ 1., nan])
    """
    return (
        np.ma.filled(values.astype(np.float64), np.nan) if isinstance(values, np.ma.MaskedArray) else values
    )
