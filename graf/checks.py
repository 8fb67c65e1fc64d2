"""The check of whole numbers that all arguments share."""

from __future__ import annotations

from numbers import Integral
from typing import Any

__all__ = ["LARGEST_SEED", "is_whole"]

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
