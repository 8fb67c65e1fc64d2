"""NormalScores: targets as if they were drawn from a normal distribution, and back; what rivals learn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata

from graf.predictors.power_scores import PowerScores

__all__ = ["NormalScores"]

Floats = NDArray[np.float64]


class NormalScores(PowerScores):
    """Ranks of labels as quantiles of the normal distribution (van der Waerden, 1952)."""

    def _scored(self, y: Floats) -> Floats:
        return norm.ppf((rankdata(y) - 0.5) / len(y))
