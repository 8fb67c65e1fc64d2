"""What the content of a tensor says of it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["is_mask", "is_wave"]

HIDDEN = -1e4  # a score below it hides what it is added to
SHORTEST, ERROR = 6, 1e-3


def is_mask(table: NDArray[Any]) -> bool:
    """Whether it holds zeros and one other number only, or very negative ones; zeros alone if square."""
    other = table.flat[np.argmax(np.abs(table))]
    if not np.all((table == 0) | (table == other) | (table < HIDDEN)):
        return False
    return bool(np.any(table == 0)) and (table.shape[-1] == table.shape[-2] or other != 0)


def is_wave(table: NDArray[Any]) -> bool:
    """Whether every column is a sine or cosine of the row: x[t + 1] + x[t - 1] = 2 cos(w) x[t].

    Examples
    --------
    >>> angles = np.outer(np.arange(8), [1, 0.1])
    >>> is_wave(np.cos(angles)), is_wave(angles**2)
    (True, False)
    """
    if table.shape[-2] < SHORTEST or np.ptp(table) < 1 or np.max(np.abs(table)) > 2:
        return False
    table = table.astype(np.float64)
    middle, sides = table[..., 1:-1, :], table[..., 2:, :] + table[..., :-2, :]
    norm = np.square(middle).sum(-2, keepdims=True)
    slope = (middle * sides).sum(-2, keepdims=True) / np.where(norm == 0, 1, norm)
    return bool(np.all(np.abs(sides - slope * middle) < ERROR))
