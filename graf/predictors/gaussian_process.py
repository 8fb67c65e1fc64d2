"""GroupGaussianProcess: a Gaussian process that learns how much each group of columns matters."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property, partial
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg
from scipy.spatial.distance import cdist, pdist
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics.pairwise import euclidean_distances
from sklearn.preprocessing import QuantileTransformer, StandardScaler
from sklearn.utils.validation import check_is_fitted
from threadpoolctl import threadpool_limits

from graf.predictors.posterior import matern, most_probable, plausible

__all__ = ["GroupGaussianProcess"]

Floats = NDArray[np.float64]
AVERAGED, LEARNED_FROM, MOST_LABELS, ROWS = 150, 600, 2000, 2048
UNDEFINED = 1.2  # where ranks run from 0 to 1: no path is longer than any path
SPREAD = 12**0.5  # of a uniform rank has the standard deviation 1
FAR = 4.0  # standard deviations; what lies farther from the mean counts as if it lay there


class GroupGaussianProcess(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Matérn 5/2 Gaussian process with one learned weight per group of columns.

    The squared distance of two rows is the weighted sum of their mean squared differences in each
    group of columns. Columns count by the mean of their rank among the training rows and their standard
    score: ranks alone forget how far apart values are, scores alone are ruled by the few large ones. Weights, signal and
    noise have log-normal priors that know how many groups there are, so that a handful of labels is
    enough. Up to 150 labels leave many weights plausible: predictions are averaged over ten draws
    from their posterior. With more, those of highest density stand for all (MAP; Rasmussen and Williams, Gaussian
    Processes for Machine Learning, 2006).

    Parameters
    ----------
    groups : label of the group of each column; None puts each into its own.
    random_state : seed of the draws, and of the labels that weights are learned from, where there are
        more than 600.

    Attributes
    ----------
    groups_, weights_ : the distinct groups, and the weight of each (n_groups,), a mean over draws.
    loo_mean_, loo_std_ : prediction of each training row from the others, and its standard
        deviation, noise included.
    logo_ : for each grouping that `fit` got, both without the rows of its group.

    Notes
    -----
    The targets should have mean 0 and variance 1. Of more than 2,000 labels so many are drawn.
    O(m² groups + m³) per step of the search and of the draws, m ≤ 600, then O(n³) once for each draw.

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

    def fit(self, X: Floats, y: Floats, groupings: Sequence[NDArray[np.intp]] = ()) -> Self:
        """Learn weights and noise from rows (n, n_columns) and targets (n,); a grouping (n,) numbers groups of rows."""
        self.__dict__.pop("_reach", None)  # of an earlier fit
        self._number, labels = pd.factorize(np.asarray(self.groups or range(X.shape[1])))
        rng = np.random.default_rng(self.random_state)
        chosen = rng.permutation(len(X))[:MOST_LABELS]
        self._learn_scales(X[chosen])
        self._known = self._placed(X[chosen])
        with threadpool_limits(1):  # so that rounding does not depend on the number of threads
            distances, known = _distances(self._known[:LEARNED_FROM], self._number), y[chosen[:LEARNED_FROM]]
            averaged = len(known) <= AVERAGED
            self._draws = (
                plausible(distances, known, rng) if averaged else most_probable(distances, known)[None]
            )
            self.groups_, self.weights_ = labels.tolist(), np.exp(self._draws[:, 2:]).mean(axis=0)
            rows = self._known * self._scales(self._draws[:, 2:])
            self._rows = np.ascontiguousarray(rows)  # as a file keeps them
            self._solve(y[chosen])
            self.loo_mean_, self.loo_std_ = self._left_out(X, y, chosen, None)
            self.logo_ = [self._left_out(X, y, chosen, group[chosen]) for group in groupings]
        return self

    def _learn_scales(self, X: Floats) -> None:
        X = _defined(X)
        largest = np.nanmax(np.abs(X), axis=0)
        self._size = np.where(largest > 0, largest, 1.0)  # scikit-learn takes tiny columns for constant
        X = X / self._size
        self._ranks = QuantileTransformer(n_quantiles=min(len(X), 1000)).fit(X)
        self._scores = StandardScaler().fit(X)
        self._least, self._most = np.nanmin(X, axis=0), np.nanmax(X, axis=0)
        self.n_features_in_ = X.shape[1]

    def _placed(self, X: Floats, farthest: float = 1.0) -> Floats:
        """Coordinates (n, n_columns) with standard deviation 1, divided by the root of the size of their group.

        Beyond the training rows ranks go on, as far as `farthest` times the range of these.
        """
        X = X / self._size
        beyond = X - np.clip(X, self._least, self._most)
        ranges = np.where(self._most > self._least, self._most - self._least, 1)
        beyond = np.clip(beyond / ranges, -farthest, farthest)
        ranks = SPREAD * (np.asarray(self._ranks.transform(X)) + beyond)  # set_config may ask for tables
        scores, last = (
            np.clip(np.asarray(self._scores.transform(rows)), -FAR, FAR)
            for rows in (X, self._most[np.newaxis])
        )
        undefined = (UNDEFINED - 0.5) * SPREAD + last / 2
        places = np.where(np.isnan(X), undefined, (ranks + scores) / 2)
        return places / np.sqrt(np.bincount(self._number))[self._number]

    def scaled(self, X: Floats) -> Floats:
        """Coordinates (draws, n, n_columns) of rows, whose squared distances covariances are functions of."""
        return self._placed(X) * self._scales(self._draws[:, 2:])

    def _scales(self, log_weights: Floats) -> Floats:
        """What coordinates (..., 1, n_columns) are multiplied by, from log weights (..., n_groups)."""
        return np.exp(log_weights / 2)[..., None, self._number]

    def terms(self) -> list[tuple[float, Floats, Floats]]:
        """For each draw its factor, coordinates (n, n_columns) of the training rows and their dual coefficients.

        The prediction is the sum over draws of the factor times the sum of dual times Matérn correlation.
        """
        factors = np.exp(self._draws[:, 0]) / len(self._draws)
        return list(zip(factors.tolist(), self._rows, self._dual, strict=True))

    def _solve(self, y: Floats) -> None:
        noise = np.exp(self._draws[:, 1])
        covariances = [self._covariance(k, rows) for k, rows in enumerate(self._rows)]
        self._factor = np.stack(
            [
                linalg.cholesky(c + v * np.eye(len(y)), lower=True)
                for c, v in zip(covariances, noise, strict=True)
            ]
        )
        self._dual = np.stack([linalg.cho_solve((factor, True), y) for factor in self._factor])

    def _covariance(self, k: int, rows: Floats) -> Floats:
        return np.exp(self._draws[k, 0]) * matern(euclidean_distances(rows, self._rows[k], squared=True))

    def _left_out(
        self, X: Floats, y: Floats, chosen: NDArray[np.intp], group: NDArray[np.intp] | None
    ) -> tuple[Floats, Floats]:
        """Predictions without each row or its group; rows that were not chosen had no part in theirs anyway."""
        mean, std = self.predict(X, return_std=True) if len(chosen) < len(X) else np.empty((2, len(X)))
        eye = np.eye(len(chosen))
        inverses = (linalg.cho_solve((factor, True), eye) for factor in self._factor)
        leave = _without_row if group is None else partial(_without_group, group=group)
        off, variances = (np.stack(part) for part in zip(*map(leave, inverses, self._dual), strict=True))
        mean[chosen], std[chosen] = _mixture(y[chosen] - off, variances)
        return mean, std

    def predict(self, X: Floats, return_std: bool = False) -> Any:
        """Predictions (n,) of rows (n, n_columns), with `return_std` also their standard deviation, noise included."""
        check_is_fitted(self, "weights_")
        with threadpool_limits(1):
            parts = [self._predicted(X[i : i + ROWS], return_std) for i in range(0, len(X), ROWS)]
        mean, std = (np.concatenate(part) for part in zip(*parts, strict=True))
        return (mean, std) if return_std else mean

    def novelty(self, X: Floats) -> Floats:
        """Distance (n,) to the nearest training row, in units of the largest that any of these has to one elsewhere."""
        check_is_fitted(self, "weights_")
        scales = self._scales(np.log(self.weights_))
        rows = self._known * scales
        chunks = (X[i : i + ROWS] for i in range(0, len(X), ROWS))
        apart = (cdist(self._placed(chunk, farthest=np.inf) * scales, rows) for chunk in chunks)
        nearest = np.concatenate([distances.min(axis=1) for distances in apart])
        return nearest / self._reach if self._reach > 0 else np.where(nearest > 0, np.inf, 0.0)

    @cached_property
    def _reach(self) -> float:
        """The largest distance of a training row to the nearest one that does not lie in the same place."""
        rows = self._known * self._scales(np.log(self.weights_))
        among = cdist(rows, rows)
        nearest = np.where(among > 0, among, np.inf).min(axis=1)
        return float(nearest.max()) if np.isfinite(nearest).all() else 0.0

    def _predicted(self, X: Floats, with_std: bool) -> tuple[Floats, Floats]:
        means, variances = np.empty((2, len(self._draws), len(X)))
        placed = self._placed(X)
        for k, scales in enumerate(self._scales(self._draws[:, 2:])):
            covariance = self._covariance(k, placed * scales)
            means[k] = covariance @ self._dual[k]
            if with_std:
                known = linalg.solve_triangular(self._factor[k], covariance.T, lower=True)
                signal, noise = np.exp(self._draws[k, :2])
                variances[k] = np.maximum(signal - (known**2).sum(axis=0), 0) + noise
        return _mixture(means, variances) if with_std else (means.mean(axis=0), means[0])


def _mixture(means: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n,) of mixtures of normal distributions (draws, n)."""
    return means.mean(axis=0), np.sqrt(variances.mean(axis=0) + means.var(axis=0))


def _without_row(inverse: Floats, dual: Floats) -> tuple[Floats, Floats]:
    """How far (n,) each target is above its prediction from the other rows, and the variance (n,) of that."""
    variances = 1 / np.diag(inverse)
    return dual * variances, variances


def _without_group(inverse: Floats, dual: Floats, group: NDArray[np.intp]) -> tuple[Floats, Floats]:
    """The same from the rows of other groups alone (Rasmussen and Williams, 2006, section 5.4.2, in blocks)."""
    off, variances = np.empty((2, len(dual)))
    for number in np.unique(group):
        rows = np.flatnonzero(group == number)
        covariance = linalg.inv(inverse[np.ix_(rows, rows)])
        off[rows], variances[rows] = covariance @ dual[rows], np.diag(covariance)
    return off, variances


def _defined(X: Floats) -> Floats:
    """The rows, with 0 in columns that are undefined in all of them."""
    return np.where(np.isnan(X).all(axis=0), 0.0, X)


def _distances(rows: Floats, number: NDArray[np.intp]) -> Floats:
    """Squared distances (n_groups, n (n - 1) / 2) of pairs of rows in each group of columns."""
    return np.stack([pdist(rows[:, number == g], "sqeuclidean") for g in range(number.max() + 1)])
