"""Acquisition: what measuring a candidate is expected to bring, from predictions and their uncertainty."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

__all__ = ["ACQUISITIONS", "POINTS", "expected_improvement", "outcomes", "volume_gained"]

Floats = NDArray[np.float64]
POINTS = 1000  # for volumes
DRAWS = 8


def _mean(mean: Floats, std: Floats, beta: float, rng: np.random.Generator) -> Floats:
    return mean[None]


def _upper(mean: Floats, std: Floats, beta: float, rng: np.random.Generator) -> Floats:
    return (mean + beta * std)[None]


def _thompson(mean: Floats, std: Floats, beta: float, rng: np.random.Generator) -> Floats:
    return (mean + std * rng.standard_normal(mean.shape))[None]


def _draws(mean: Floats, std: Floats, beta: float, rng: np.random.Generator) -> Floats:
    return mean + std * rng.standard_normal((DRAWS, *mean.shape))


ACQUISITIONS: dict[str, Callable[[Floats, Floats, float, np.random.Generator], Floats]] = {
    "ucb": _upper,
    "thompson": _thompson,
    "ei": _draws,
    "mean": _mean,
}


def outcomes(name: str, mean: Floats, std: Floats, beta: float, rng: np.random.Generator) -> Floats:
    """Outcomes that a candidate is judged by, (draws, n, objectives), more is better.

    "ucb" is the upper confidence bound, mean + beta * std (Srinivas et al., ICML 2010); "thompson"
    one draw of each candidate from a normal distribution (Thompson 1933), independently; "ei"
    several draws, over which improvements are averaged; "mean" the prediction alone.

    Examples
    --------
    >>> one = np.ones((2, 1))
    >>> outcomes("ucb", one, one, 0.5, np.random.default_rng(0)).ravel().tolist()
    [1.5, 1.5]
    """
    return ACQUISITIONS[name](mean, std, beta, rng)


def expected_improvement(mean: Floats, std: Floats, best: float) -> Floats:
    """Expected improvement (n,) over the best gain (Mockus 1975; Jones et al. 1998).

    Where the standard deviation is 0 it is what the mean is better by.

    Examples
    --------
    >>> expected_improvement(np.array([1.0, 3.0]), np.array([0.0, 0.0]), 2.0).tolist()
    [0.0, 1.0]
    """
    safe = np.where(std > 0, std, 1.0)
    z = (mean - best) / safe
    found: Floats = np.where(std > 0, safe * (z * norm.cdf(z) + norm.pdf(z)), np.maximum(mean - best, 0.0))
    return found


def volume_gained(points: Floats, outcomes: Floats) -> Floats:
    """Share of points that each outcome dominates, (n,) from (points, objectives) and (draws, n, objectives).

    Where the points are drawn uniformly from what no measured trial dominates, this is the
    improvement of the hypervolume up to a factor, averaged over draws (Emmerich et al. 2006;
    by Monte Carlo as in Bader & Zitzler 2011). Linear in all sizes.
    """
    gained = np.zeros(outcomes.shape[1])
    for draw in outcomes:
        covered = np.ones((len(draw), len(points)), bool)
        for k in range(draw.shape[1]):
            covered &= points[None, :, k] <= draw[:, None, k]
        gained += covered.mean(axis=1)
    return gained / len(outcomes)
