"""Choices as one-hot columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["one_hot"]


def one_hot(choices: NDArray[np.integer], cardinalities: Sequence[int]) -> NDArray[np.float64]:
    """One column per choice and option, (n, sum of cardinalities), of choices (n, positions).

    Examples
    --------
    >>> one_hot(np.array([[1, 0]]), (2, 3))
    array([[0., 1., 1., 0., 0.]])
    """
    return np.hstack([choices[:, [i]] == np.arange(k) for i, k in enumerate(cardinalities)]) * 1.0
