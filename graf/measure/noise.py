"""How well any predictor could do at best, given that seeds disagree."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations
from math import asin, isnan, pi, sin, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kendalltau

__all__ = ["noise_ceiling", "noise_facts", "seed_agreement"]


def seed_agreement(values: NDArray[np.floating]) -> float:
    """Mean Kendall tau between every two columns of an array (architectures, seeds).

    NaN for fewer than two seeds or architectures, or if a column is constant or has NaN.

    Examples
    --------
    >>> round(seed_agreement(np.array([[1., 1., 2.], [2., 2., 1.], [3., 3., 3.]])), 4)
    0.5556
    """
    n, k = values.shape
    if n < 2 or k < 2:
        return float("nan")
    return float(np.mean([kendalltau(a, b).statistic for a, b in combinations(values.T, 2)]))


def noise_ceiling(agreement: float, k: int) -> float:
    """Kendall tau of a perfect predictor with the mean over `k` seeds.

    A perfect predictor knows the expected value of every architecture; the mean over k seeds
    still scatters around it. From the mean Kendall tau between two seeds follow, if values and
    noise are normal and the noise is alike everywhere,

    - their correlation r = sin(pi/2 tau) (Greiner, 1909),
    - the reliability of the mean, R = k r / (1 + (k - 1) r) (Spearman, 1910; Brown, 1910),
    - the correlation of the mean with the expected value, sqrt(R), and its
      tau = 2/pi asin(sqrt(R)).

    Seeds that agree no better than chance give 0; NaN gives NaN.

    References
    ----------
    R. Greiner, Ueber das Fehlersystem der Kollektivmasslehre, Zeitschrift fuer Mathematik und
    Physik 57 (1909). C. Spearman, Correlation calculated from faulty data, British Journal of
    Psychology 3 (1910). W. Brown, Some experimental results in the correlation of mental
    abilities, British Journal of Psychology 3 (1910).

    Examples
    --------
    >>> round(noise_ceiling(0.7, 3), 3)
    0.873
    >>> noise_ceiling(1.0, 3)
    1.0
    """
    if isnan(agreement):
        return agreement
    r = max(0.0, sin(pi / 2 * agreement))
    reliability = k * r / (1 + (k - 1) * r)
    return 2 / pi * asin(sqrt(reliability))


def noise_facts(
    repeats: Mapping[str, NDArray[np.floating]], k: int | None = None
) -> dict[str, dict[str, float | None]]:
    """Seed agreement, and noise ceiling of the mean over `k` seeds (None for all), by column; None where undefined."""
    agreement = {name: seed_agreement(values) for name, values in repeats.items()}
    ceiling = {name: noise_ceiling(tau, k or repeats[name].shape[1]) for name, tau in agreement.items()}
    return {"noise_ceiling": _rounded(ceiling), "seed_agreement": _rounded(agreement)}


def _rounded(figures: dict[str, float]) -> dict[str, float | None]:
    """Figures as JSON takes them: None where undefined."""
    return {name: None if isnan(value) else round(value, 4) for name, value in figures.items()}
