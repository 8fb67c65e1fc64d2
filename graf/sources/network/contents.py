"""What the content of a tensor says of it."""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["described", "is_mask", "is_ramp", "is_wave"]

HIDDEN = -1e4  # a score below it hides what it is added to
SHORTEST, LONGEST, ERROR = 6, 256, 1e-3  # rows that are looked at; behind them rounding is too large


def described(content: NDArray[Any]) -> dict[str, bool]:
    """What later passes ask of a constant: whether it is a mask of later positions, or of waves along them."""
    table = content.squeeze()
    if table.ndim < 2 or not table.size:
        return {}
    is_real = np.issubdtype(table.dtype, np.floating)
    return {"triangular": _hides_later_positions(table), "wave": bool(is_real and is_wave(table))}


def is_mask(table: NDArray[Any]) -> bool:
    """Whether it holds zeros and one other number only, or very negative ones; zeros alone if square."""
    other = table.flat[np.argmax(np.abs(table))]
    if not np.all((table == 0) | (table == other) | (table < HIDDEN)):
        return False
    return bool(np.any(table == 0)) and (table.shape[-1] == table.shape[-2] > 1 or other != 0)


def is_ramp(table: NDArray[Any]) -> bool:
    """Whether rows are the distance to one place times slopes that differ, as what is added to scores may be.

    Source: Press et al., ALiBi, 2022.

    Examples
    --------
    >>> is_ramp(np.outer([0.5, 0.25], np.arange(8) - 7)), is_ramp(np.arange(16).reshape(2, 8))
    (True, False)
    """
    if table.shape[-1] < SHORTEST:
        return False
    table = table.astype(np.float64)
    slopes = table[..., 1:2] - table[..., :1]
    if not np.all(slopes) or np.ptp(slopes) == 0:
        return False
    distances = table / slopes
    return bool(np.all(np.abs(np.diff(distances) - 1) < ERROR) and np.ptp(distances[..., 0]) < ERROR)


def is_wave(table: NDArray[Any]) -> bool:
    """Whether every column is a sine or cosine of the row, or of the places of the rows in a square.

    Axes of size one do not count, nor does a row of zeros, which stands for padding. Equal rows are no waves.

    Examples
    --------
    >>> angles = np.outer(np.arange(8), [1, 0.1])
    >>> is_wave(np.cos(angles)), is_wave(angles**2), is_wave(np.repeat(np.cos(angles), 8, 0))
    (True, False, True)
    """
    table = table.squeeze()
    if table.ndim < 2 or np.ptp(table) < 1 or np.max(np.abs(table)) > 2 or not np.ptp(table, -2).any():
        return False
    side = isqrt(table.shape[-2])
    if side**2 != table.shape[-2] or _are_waves(table):
        return _are_waves(table)
    square = table.reshape(*table.shape[:-2], side, side, table.shape[-1])
    return _are_waves(square) and _are_waves(square.swapaxes(-2, -3))


def _are_waves(table: NDArray[Any]) -> bool:
    """Whether every column is a sine or cosine of the row: x[t + 1] + x[t - 1] = 2 cos(w) x[t]."""
    table = table[..., :LONGEST, :].astype(np.float64)
    told = np.any(table != 0, axis=-1, keepdims=True)
    told = told[..., 1:-1, :] & told[..., 2:, :] & told[..., :-2, :]
    middle, sides = table[..., 1:-1, :] * told, (table[..., 2:, :] + table[..., :-2, :]) * told
    norm = np.square(middle).sum(-2, keepdims=True)
    slope = (middle * sides).sum(-2, keepdims=True) / np.where(norm == 0, 1, norm)
    return bool(told.sum(-2).min() >= SHORTEST - 2 and np.all(np.abs(sides - slope * middle) < ERROR))


def _hides_later_positions(values: NDArray[Any]) -> bool:
    """Whether a table holds one value behind the diagonal, and another one on it and right before it.

    Positions farther back may be hidden as well, as by a sliding window (Beltagy et al., Longformer, 2020).
    """
    if not 1 < values.shape[-2] <= values.shape[-1]:
        return False
    rows, columns = values.shape[-2:]
    behind = columns - rows
    hidden = values[..., np.triu(np.ones((rows, columns), bool), behind + 1)]
    near = [np.diagonal(values, offset, -2, -1) for offset in (behind, behind - 1)]
    shown = near[0].flat[0]
    if not hidden.size or hidden.flat[0] == shown:
        return False
    is_hidden = values == hidden.flat[0]
    return bool(
        np.all(hidden == hidden.flat[0])
        and all(np.all(diagonal == shown) for diagonal in near)
        and np.all(is_hidden | (values == shown))
    )
