"""What labels say about the weights of a Gaussian process: the most probable ones, and all that are plausible."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.linalg.lapack import dpotri
from scipy.optimize import minimize
from scipy.spatial.distance import squareform

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
    distances : squared distances (n_groups, n (n - 1) / 2) of pairs of rows in each group of columns,
        in the order of `scipy.spatial.distance.pdist`.
    y : targets (n,) of mean 0 and variance 1.
    """
    return _told(_search(distances, y))


def plausible(distances: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Draws (10, 2 + n_groups) from the posterior, one after the other.

    Elliptical slice sampling (Murray, Adams & MacKay, AISTATS 2010), 300 steps from the most probable
    values, with nothing to tune. Parameters as `most_probable`. O(n² n_groups + n³) per step.
    """
    means, stds = _prior(len(distances))
    off = _search(distances, y) - means
    loss = _loss(off + means, distances, y)
    kept = []
    for step in range(1, STEPS + 1):
        other = stds * rng.standard_normal(len(off))
        most = loss + rng.exponential()
        angle = rng.uniform(0, 2 * np.pi)
        low, high = angle - 2 * np.pi, angle
        while True:
            proposed = off * np.cos(angle) + other * np.sin(angle)
            loss = _loss(proposed + means, distances, y)
            if loss < most:
                break
            low, high = (angle, high) if angle < 0 else (low, angle)
            angle = rng.uniform(low, high)
        off = proposed
        if step % (STEPS // KEPT) == 0:
            kept.append(_told(off + means))
    return np.stack(kept)


def _search(distances: Floats, y: Floats) -> Floats:
    means, stds = _prior(len(distances))

    def loss(theta: Floats) -> tuple[float, Floats]:
        value, slopes = _evidence(_told(theta), distances, y)
        off = (theta - means) / stds
        gradient = np.concatenate([slopes[:2], [slopes[2:].sum()], slopes[2:]])
        return value + 0.5 * float(off @ off), gradient + off / stds

    found = minimize(
        loss, means, jac=True, method="L-BFGS-B", bounds=[(-12, 8)] * len(means), options={"maxiter": 80}
    )
    return np.asarray(found.x, np.float64)


def _loss(theta: Floats, distances: Floats, y: Floats) -> float:
    """Negative log likelihood; infinite where it cannot be computed."""
    told = _told(theta)
    signal, noise = np.exp(told[:2])
    covariance = _matrix(signal * matern(np.exp(told[2:]) @ distances), signal + noise)
    try:
        factor = linalg.cholesky(covariance, lower=True, check_finite=False)
    except linalg.LinAlgError:
        return np.inf
    known = linalg.solve_triangular(factor, y, lower=True, check_finite=False)
    return 0.5 * float(known @ known) + float(np.log(np.diag(factor)).sum())


def _evidence(told: Floats, distances: Floats, y: Floats) -> tuple[float, Floats]:
    """Negative log likelihood, and its slopes by log signal, log noise and log weights."""
    signal, noise = np.exp(told[:2])
    weights = np.exp(told[2:])
    r = np.sqrt(5 * (weights @ distances))
    decay = signal * np.exp(-r)
    covariance = (1 + r + r**2 / 3) * decay
    factor, _ = linalg.cho_factor(_matrix(covariance, signal + noise), check_finite=False)
    dual = linalg.cho_solve((factor, False), y, check_finite=False)
    value = 0.5 * float(y @ dual) + float(np.log(np.diag(factor)).sum())
    slope = dpotri(factor)[0] - np.outer(dual, dual)  # of twice the loss by covariances, above the diagonal
    among, trace = squareform(slope, checks=False), 0.5 * float(np.trace(slope))
    by_distance = (-5 / 6) * among * (1 + r) * decay
    slopes = [among @ covariance + signal * trace, noise * trace]
    return value, np.concatenate([slopes, weights * (distances @ by_distance)])


def _matrix(pairs: Floats, diagonal: float) -> Floats:
    """Symmetric (n, n), from what is above its diagonal and the one value on it."""
    matrix: Floats = squareform(pairs, checks=False)
    np.fill_diagonal(matrix, diagonal)
    return matrix
