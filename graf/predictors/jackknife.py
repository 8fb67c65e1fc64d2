"""How wide intervals must be, judged by predictions of labels that were left out."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray

__all__ = ["ONE_STD", "width_that_holds"]

ONE_STD = 0.6826894921370859  # share of a normal distribution within one standard deviation


def width_that_holds(misses: NDArray[np.float64], coverage: float) -> float:
    """The miss, of those of n labels in increasing order, that a share `coverage` does not exceed.

    Of n labels and one to come (Barber et al., Predictive inference with the jackknife+, 2021); the
    largest miss where so few labels cannot promise as much.

    Examples
    --------
    >>> width_that_holds(np.array([1.0, 2.0, 3.0, 4.0]), 0.5)
    3.0
    """
    rank = min(ceil((len(misses) + 1) * coverage), len(misses))
    return float(misses[rank - 1])
