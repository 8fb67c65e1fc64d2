"""What labels say about the weights of a Gaussian process: the most probable ones, and all that are plausible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.optimize import minimize

__all__ = ["matern", "most_probable", "plausible"]

Floats = NDArray[np.float64]
SIGNAL, SIGNAL_STD, NOISE, NOISE_STD = 0.4, 1.0, -3.0, 1.0  # of log variances, for targets of variance 1
LEVEL, LEVEL_STD, GROUP_STD = -3.5, 1.0, 2.0  # of log weights: prior of what groups share and of each
STEPS, KEPT = 300, 10


def matern(squared: Floats) -> Floats:
    """Matérn 5/2 correlation of points from their squared distances."""
    r = np.sqrt(5 * squared)
    return (1 + r + r**2 / 3) * np.exp(-r)


def _prior(n_groups: int) -> tuple[Floats, Floats]:
    """Means and standard deviations of log signal, log noise, the level of log weights, and each group's part."""
    means = np.array([SIGNAL, NOISE, LEVEL - np.log(n_groups), *[0.0] * n_groups])
    return means, np.array([SIGNAL_STD, NOISE_STD, LEVEL_STD, *[GROUP_STD] * n_groups])


def _told(theta: Floats) -> Floats:
    """Log signal, log noise and log weights."""
    return np.concatenate([theta[:2], theta[2] + theta[3:]])


def most_probable(distances: Floats, y: Floats) -> Floats:
    """Log signal, log noise and log weights (2 + n_groups,) of highest posterior density.

    Parameters
    ----------
    distances : squared distances (n_groups, n, n) of the rows in each group of columns.
    y : targets (n,) of mean 0 and variance 1.
    """
    return _told(_search(distances.reshape(len(distances), -1), y))


def plausible(distances: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Draws (10, 2 + n_groups) from the posterior, one after the other.

    Elliptical slice sampling (Murray, Adams & MacKay, AISTATS 2010), 300 steps from the most probable
    values, with nothing to tune. Parameters as `most_probable`. O(n² n_groups + n³) per step.
    """
    flat = distances.reshape(len(distances), -1)
    means, stds = _prior(len(flat))
    off = _search(flat, y) - means
    loss = _loss(off + means, flat, y)
    kept = []
    for step in range(1, STEPS + 1):
        other = stds * rng.standard_normal(len(off))
        most = loss + rng.exponential()
        angle = rng.uniform(0, 2 * np.pi)
        low, high = angle - 2 * np.pi, angle
        while True:
            proposed = off * np.cos(angle) + other * np.sin(angle)
            loss = _loss(proposed + means, flat, y)
            if loss < most:
                break
            low, high = (angle, high) if angle < 0 else (low, angle)
            angle = rng.uniform(low, high)
        off = proposed
        if step % (STEPS // KEPT) == 0:
            kept.append(_told(off + means))
    return np.stack(kept)


def _search(flat: Floats, y: Floats) -> Floats:
    means, stds = _prior(len(flat))

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slopes = _evidence(_told(theta), flat, y)
        off = (theta - means) / stds
        gradient = np.concatenate([slopes[:2], [slopes[2:].sum()], slopes[2:]])
        return value + 0.5 * float(off @ off), gradient + off / stds

    found = minimize(
        loss, means, jac=True, method="L-BFGS-B", bounds=[(-12, 8)] * len(means), options={"maxiter": 80}
    )
    return np.asarray(found.x, np.float64)


def _loss(theta: Floats, flat: Floats, y: Floats) -> float:
    """Negative log likelihood; infinite where it cannot be computed."""
    told = _told(theta)
    n = len(y)
    covariance = np.exp(told[0]) * matern((np.exp(told[2:]) @ flat).reshape(n, n))
    covariance[np.diag_indices(n)] += np.exp(told[1])
    try:
        factor = linalg.cholesky(covariance, lower=True, check_finite=False)
    except linalg.LinAlgError:
        return np.inf
    known = linalg.solve_triangular(factor, y, lower=True, check_finite=False)
    return 0.5 * float(known @ known) + float(np.log(np.diag(factor)).sum())


def _evidence(told: Floats, flat: Floats, y: Floats) -> tuple[float, Floats]:
    """Negative log likelihood, and its slopes by log signal, log noise and log weights."""
    n = len(y)
    weights = np.exp(told[2:])
    r = np.sqrt(5 * (weights @ flat)).reshape(n, n)
    decay = np.exp(told[0] - r)
    covariance = (1 + r + r**2 / 3) * decay
    factor = linalg.cho_factor(covariance + np.exp(told[1]) * np.eye(n), lower=True, check_finite=False)
    inverse = linalg.cho_solve(factor, np.eye(n), check_finite=False)
    dual = inverse @ y
    value = 0.5 * float(y @ dual) + float(np.log(np.diag(factor[0])).sum())
    outer = (inverse - np.outer(dual, dual)) / 2  # slope of the loss by each covariance
    by_distance = (outer * (-5 / 6) * (1 + r) * decay).ravel()
    slopes = [np.sum(outer * covariance), np.exp(told[1]) * np.trace(outer)]
    return value, np.concatenate([slopes, weights * (flat @ by_distance)])
