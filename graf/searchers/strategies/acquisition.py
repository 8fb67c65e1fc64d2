"""Acquisition: what measuring a candidate is expected to bring, from predictions and their uncertainty."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm
from scipy.stats.qmc import MultivariateNormalQMC

from graf.searchers.fitness import is_efficient

__all__ = ["ACQUISITIONS", "expected_improvement", "outcomes", "volume_gained"]

Floats = NDArray[np.float64]
POINTS = 1000  # for volumes
DRAWS = 16


def _draws(mean: Floats, std: Floats, beta: float, rng: np.random.Generator) -> Floats:
    draws: Floats = MultivariateNormalQMC(np.zeros(mean.shape[1]), rng=rng).random(DRAWS)
    return mean + std * draws[:, None]


ACQUISITIONS: dict[str, Callable[[Floats, Floats, float, np.random.Generator], Floats]] = {
    "ucb": lambda mean, std, beta, rng: (mean + beta * std)[None],
    "thompson": lambda mean, std, beta, rng: (mean + std * rng.standard_normal(mean.shape))[None],
    "ei": _draws,
    "mean": lambda mean, std, beta, rng: mean[None],
}


def outcomes(name: str, mean: Floats, std: Floats, beta: float, rng: np.random.Generator) -> Floats:
    """Outcomes that a candidate is judged by, (draws, n, objectives), more is better.

    "ucb" is the upper confidence bound, mean + beta * std (Srinivas et al., ICML 2010); "thompson"
    one draw of each candidate from a normal distribution (Thompson 1933), independently; "ei"
    16 quasi-random draws, over which improvements are averaged, the same for all candidates so that chance
    favours none; "mean" the prediction alone.

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


def volume_gained(gains: Floats, outcomes: Floats, rng: np.random.Generator) -> Floats:
    """What each outcome adds to the hypervolume of gains, (n,) from (m, objectives) and (draws, n, objectives).

    The reference is the worst gain in each objective. Exact for two objectives (Emmerich et al. 2006),
    averaged over draws; for more, by Monte Carlo up to a factor (Bader & Zitzler 2011). Linear in all
    sizes but the front's.

    Examples
    --------
    >>> gains = np.array([[0.0, 3.0], [2.0, 1.0], [3.0, 0.0]])
    >>> volume_gained(gains, np.array([[[3.0, 2.0], [1.0, 1.0]]]), np.random.default_rng(0)).tolist()
    [4.0, 0.0]
    """
    front = gains[is_efficient(gains)]
    low = gains.min(axis=0)
    if gains.shape[1] == 2:
        return _area_gained(front, low, outcomes)
    high = np.maximum(gains.max(axis=0), np.quantile(outcomes, 0.99, axis=(0, 1)))
    points = low + (high - low) * rng.random((4 * POINTS, len(low)))
    below = np.zeros(len(points), bool)
    for row in front:
        below |= (points <= row).all(axis=1)
    points = points[~below][:POINTS]
    if len(points) == 0:
        return np.zeros(outcomes.shape[1])
    gained = np.zeros(outcomes.shape[1])
    for draw in outcomes:
        covered = np.ones((len(draw), len(points)), bool)
        for k in range(draw.shape[1]):
            covered &= points[None, :, k] <= draw[:, None, k]
        gained += covered.mean(axis=1)
    return gained / len(outcomes)


def _area_gained(front: Floats, low: Floats, outcomes: Floats) -> Floats:
    """The area between outcomes and the staircase of the front, strip by strip."""
    front = np.unique(front, axis=0)  # in increasing order of the first objective
    left = np.concatenate([[low[0]], front[:, 0]])
    right = np.concatenate([front[:, 0], [np.inf]])
    height = np.concatenate([front[:, 1], [low[1]]])
    x, y = outcomes[..., [0]], outcomes[..., [1]]
    widths = np.clip(np.minimum(x, right) - left, 0, None)
    areas: Floats = (widths * np.clip(y - height, 0, None)).sum(axis=-1).mean(axis=0)
    return areas
