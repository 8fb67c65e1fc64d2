"""NormalScores: targets by their ranks, as if they were drawn from a normal distribution, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from graf.predictors.power_scores import PowerScores

__all__ = ["NormalScores"]

Floats = NDArray[np.float64]


class NormalScores(PowerScores):
    """Ranks of labels as quantiles of the normal distribution (van der Waerden, 1952).

    They spread the best labels apart, however close these are: what a search for the best needs.

    Examples
    --------
    >>> scores = NormalScores().fit(np.array([90.0, 91.0, 94.0]))
    >>> scores.transform([91.0]), scores.inverse_transform([0.0])
    (array([0.]), array([91.]))
    """

    def _scored(self, y: Floats) -> Floats:
        found: Floats = norm.ppf((rankdata(y) - 0.5) / len(y))
        return found
