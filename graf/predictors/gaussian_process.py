"""GroupGaussianProcess: a Gaussian process that learns how much each group of columns matters."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg
from scipy.optimize import minimize
from scipy.spatial.distance import cdist
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.preprocessing import QuantileTransformer
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

__all__ = ["GroupGaussianProcess"]

Floats = NDArray[np.float64]
LEARNED_FROM, MOST_LABELS, ROWS = 400, 2000, 2048
UNDEFINED = 1.2  # where ranks run from 0 to 1: no path is longer than any path
SPREAD = 12**0.5  # of a uniform rank has the standard deviation 1
LEVEL, LEVEL_STD, GROUP_STD = -2.0, 1.0, 1.5  # of log weights: prior of what groups share and of each
SIGNAL, SIGNAL_STD, NOISE, NOISE_STD = -0.5, 0.7, -2.7, 1.0  # of log variances, for targets of variance 1


class GroupGaussianProcess(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Matérn 5/2 Gaussian process with one learned weight per group of columns.

    The squared distance of two rows is the weighted sum of their mean squared differences in each
    group of columns. Columns count by their ranks among the training rows. Weights, signal and
    noise are those of highest posterior density under log-normal priors that know how many groups
    there are, so that a handful of labels is enough (MAP; Rasmussen and Williams, Gaussian Processes for
    Machine Learning, 2006).

    Parameters
    ----------
    groups : label of the group of each column; None puts each into its own.
    random_state : seed of the labels that weights are learned from, where there are more than 400.

    Attributes
    ----------
    groups_, weights_ : the distinct groups, and the weight of each (n_groups,).
    loo_mean_, loo_std_ : prediction of each training row from the others, and its standard
        deviation, noise included.

    Notes
    -----
    The targets should have mean 0 and variance 1. Of more than 2,000 labels so many are drawn.
    O(m² groups + m³) per step of the search, m ≤ 400, then O(n³) once.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(60, 3))
    >>> process = GroupGaussianProcess(["a", "a", "b"]).fit(X, np.tanh(X[:, 2]))
    >>> process.groups_, bool(process.weights_[1] > 10 * process.weights_[0])
    (['a', 'b'], True)
    """

    def __init__(self, groups: Sequence[Hashable] | None = None, random_state: int | None = 0) -> None:
        self.groups = groups
        self.random_state = random_state

    def fit(self, X: Floats, y: Floats) -> Self:
        """Learn weights and noise from rows (n, n_columns) and targets (n,)."""
        self._number, labels = pd.factorize(np.asarray(self.groups or range(X.shape[1])))
        chosen = np.random.default_rng(self.random_state).permutation(len(X))[:MOST_LABELS]
        rows = self._learn_ranks(X[chosen])
        with threadpool_limits(1):  # so that rounding does not depend on the number of threads
            self._theta = _search(_distances(rows[:LEARNED_FROM], self._number), y[chosen[:LEARNED_FROM]])
            self.groups_, self.weights_ = labels.tolist(), np.exp(self._theta[2:])
            self._rows = self.scaled(X[chosen])
            self._solve(y[chosen])
        self.loo_mean_, self.loo_std_ = self._left_out(X, y, chosen)
        return self

    def _learn_ranks(self, X: Floats) -> Floats:
        X = _defined(X)
        self._ranks = QuantileTransformer(n_quantiles=min(len(X), 1000)).fit(X)
        self._least, self._most = np.nanmin(X, axis=0), np.nanmax(X, axis=0)
        self.n_features_in_ = X.shape[1]
        return self._ranked(X)

    def _ranked(self, X: Floats) -> Floats:
        """Ranks (n, n_columns) with standard deviation 1, divided by the root of the size of their group."""
        beyond = X - np.clip(X, self._least, self._most)
        beyond = np.clip(beyond / np.where(self._most > self._least, self._most - self._least, 1), -1, 1)
        ranks = np.where(np.isnan(X), UNDEFINED, self._ranks.transform(X) + beyond)
        return ranks * (SPREAD / np.sqrt(np.bincount(self._number))[self._number])

    def scaled(self, X: Floats) -> Floats:
        """Coordinates (n, n_columns) of rows, whose squared distances the covariance is a function of."""
        return self._ranked(X) * np.exp(self._theta[2:] / 2)[self._number]

    def terms(self) -> tuple[float, Floats, Floats]:
        """Signal variance, coordinates (n, n_columns) of the training rows and their dual coefficients.

        The prediction is the signal variance times the sum of dual times Matérn correlation.
        """
        return float(np.exp(self._theta[0])), self._rows, self._dual

    def _solve(self, y: Floats) -> None:
        covariance = self._covariance(self._rows) + np.exp(self._theta[1]) * np.eye(len(y))
        self._factor = linalg.cholesky(covariance, lower=True)
        self._dual = linalg.cho_solve((self._factor, True), y)

    def _covariance(self, rows: Floats) -> Floats:
        return np.exp(self._theta[0]) * _matern(cdist(rows, self._rows, "sqeuclidean"))

    def _left_out(self, X: Floats, y: Floats, chosen: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Of rows that were not chosen, the prediction is one from the others as it is."""
        mean, std = self.predict(X, return_std=True) if len(chosen) < len(X) else np.empty((2, len(X)))
        precision = np.diag(linalg.cho_solve((self._factor, True), np.eye(len(chosen))))
        mean[chosen], std[chosen] = y[chosen] - self._dual / precision, precision**-0.5
        return mean, std

    def predict(self, X: Floats, return_std: bool = False) -> Any:
        """Predictions (n,) of rows (n, n_columns), with `return_std` also their standard deviation, noise included."""
        check_is_fitted(self, "weights_")
        with threadpool_limits(1):
            parts = [self._predicted(X[i : i + ROWS], return_std) for i in range(0, len(X), ROWS)]
        mean, std = (np.concatenate(part) for part in zip(*parts, strict=True))
        return (mean, std) if return_std else mean

    def novelty(self, X: Floats) -> Floats:
        """Distance (n,) to the nearest training row, in units of the largest that any of these has to another."""
        check_is_fitted(self, "weights_")
        among = cdist(self._rows, self._rows)
        np.fill_diagonal(among, np.inf)
        largest = among.min(axis=1).max()
        parts = [cdist(self.scaled(X[i : i + ROWS]), self._rows) for i in range(0, len(X), ROWS)]
        nearest = np.concatenate([part.min(axis=1) for part in parts])
        return nearest / largest if largest > 0 else np.where(nearest > 0, np.inf, 0.0)

    def _predicted(self, X: Floats, with_std: bool) -> tuple[Floats, Floats]:
        covariance = self._covariance(self.scaled(X))
        mean = covariance @ self._dual
        if not with_std:
            return mean, mean
        known = linalg.solve_triangular(self._factor, covariance.T, lower=True)
        signal, noise = np.exp(self._theta[:2])
        return mean, np.sqrt(np.maximum(signal - (known**2).sum(axis=0), 0) + noise)


def _defined(X: Floats) -> Floats:
    """The rows, with 0 in columns that are undefined in all of them."""
    return np.where(np.isnan(X).all(axis=0), 0.0, X)


def _distances(rows: Floats, number: NDArray[np.intp]) -> Floats:
    """Squared distances (n_groups, n, n) in each group of columns."""
    return np.stack([cdist(part, part, "sqeuclidean") for part in _parts(rows, number)])


def _parts(rows: Floats, number: NDArray[np.intp]) -> list[Floats]:
    return [rows[:, number == g] for g in range(number.max() + 1)]


def _matern(squared: Floats) -> Floats:
    r = np.sqrt(5 * squared)
    return (1 + r + r**2 / 3) * np.exp(-r)


def _search(distances: Floats, y: Floats) -> Floats:
    """Log signal, log noise and log weights of highest posterior density."""
    n_groups = len(distances)
    level = LEVEL - np.log(n_groups)
    start = np.concatenate([[SIGNAL, NOISE, level], np.zeros(n_groups)])
    means = start.copy()
    stds = np.array([SIGNAL_STD, NOISE_STD, LEVEL_STD, *[GROUP_STD] * n_groups])
    flat = distances.reshape(n_groups, -1)

    def loss(theta: Floats) -> tuple[float, Floats]:
        weights = np.exp(theta[2] + theta[3:])
        value, slopes = _evidence(theta[0], theta[1], weights, flat, y)
        off = (theta - means) / stds
        groups = slopes[2:]
        gradient = np.concatenate([slopes[:2], [groups.sum()], groups])
        return value + 0.5 * float(off @ off), gradient + off / stds

    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(-12, 8)] * len(start), options={"maxiter": 80}
    )
    return np.concatenate([found.x[:2], found.x[2] + found.x[3:]])


def _evidence(signal: float, noise: float, weights: Floats, flat: Floats, y: Floats) -> tuple[float, Floats]:
    """Negative log likelihood, and its slopes by log signal, log noise and log weights."""
    n = len(y)
    r = np.sqrt(5 * (weights @ flat)).reshape(n, n)
    decay = np.exp(signal - r)
    covariance = (1 + r + r**2 / 3) * decay
    factor = linalg.cho_factor(covariance + np.exp(noise) * np.eye(n), lower=True, check_finite=False)
    inverse = linalg.cho_solve(factor, np.eye(n), check_finite=False)
    dual = inverse @ y
    value = 0.5 * float(y @ dual) + float(np.log(np.diag(factor[0])).sum())
    outer = (inverse - np.outer(dual, dual)) / 2  # slope of the loss by each covariance
    by_distance = (outer * (-5 / 6) * (1 + r) * decay).ravel()
    slopes = [np.sum(outer * covariance), np.exp(noise) * np.trace(outer)]
    return value, np.concatenate([slopes, weights * (flat @ by_distance)])
