"""One number per trial from one or several objectives, for strategies that compare trials."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

__all__ = ["fitness", "is_efficient"]

Floats = NDArray[np.float64]


def fitness(gains: Floats, goal: str = "front") -> Floats:
    """Fitness (n,) of gains (n, objectives), more is better.

    One objective is taken as it is. Of several, "front" counts by how many others a trial is
    dominated, with a minus sign (Fonseca & Fleming, ICGA 1993); "each" takes its best relative
    rank in any of them.

    Examples
    --------
    >>> fitness(np.array([[1.0, 2.0], [2.0, 1.0], [0.5, 0.5]])).tolist()
    [0.0, 0.0, -2.0]
    """
    if gains.shape[1] == 1:
        return gains[:, 0]
    if goal == "each":
        ranks: Floats = rankdata(gains, axis=0).max(axis=1)
        return ranks
    return 0.0 - _dominators(gains)


def is_efficient(gains: Floats) -> NDArray[np.bool_]:
    """Which of (n, objectives) no other dominates; of equal ones all. Quadratic in n.

    Examples
    --------
    >>> is_efficient(np.array([[1.0, 2.0], [2.0, 1.0], [0.5, 0.5]])).tolist()
    [True, True, False]
    """
    return np.asarray(_dominators(gains) == 0)


def _dominators(gains: Floats) -> Floats:
    counts = [np.count_nonzero((gains >= row).all(axis=1) & (gains > row).any(axis=1)) for row in gains]
    return np.array(counts, np.float64)
