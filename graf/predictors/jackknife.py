"""How wide intervals must be, judged by predictions of labels that were left out."""

from __future__ import annotations

from math import ceil

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

__all__ = ["ONE_STD", "own_share", "width_that_holds"]

Floats = NDArray[np.float64]
SHARES = np.linspace(0, 1, 5)
ONE_STD = 0.6826894921370859  # share of a normal distribution within one standard deviation


def width_that_holds(misses: Floats, coverage: float) -> float:
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


def own_share(widths: Floats, misses: Floats, n_distinct: int) -> float:
    """How much the widths (n,) that a model states tell of its misses (n,): from 0, nothing, to 1, in proportion.

    The exponent e by which misses go like widths**e: the mean of 0, 1/4, ... 1, weighed by the likelihood of
    n_distinct misses whose size is exponentially distributed around widths**e times the factor that suits them best.

    Examples
    --------
    >>> widths = np.repeat([1.0, 2.0, 4.0, 8.0], 25)
    >>> round(own_share(widths, widths / 3, 100), 1), round(own_share(widths, np.ones(100), 100), 1)
    (1.0, 0.0)
    """
    stated = widths > 0
    if not misses[stated].any():
        return float(SHARES.mean())
    logs = np.log(widths[stated])
    logs -= logs.mean()
    sizes = np.exp(-np.outer(SHARES, logs)) @ misses[stated] / stated.sum()
    return float(SHARES @ softmax(-n_distinct * np.log(sizes)))
