"""Throughput as what the operations of a network take one after the other, corrected by trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import KFold

__all__ = ["AdditiveTime"]

Floats = NDArray[np.float64]


class AdditiveTime(RegressorMixin, BaseEstimator):
    """Logarithm of examples per second, from costs that each take a time of their own.

    Seconds per example are a constant and a non-negative amount per unit of each cost, fitted by
    least squares of relative errors (a roofline without its corner: Williams et al., 2009). Extra
    trees on all columns and on this estimate correct it.

    Parameters
    ----------
    costs : positions of the columns that are costs.
    random_state : seed of the trees and of the folds that the estimates for them come from.
    """

    def __init__(self, costs: Sequence[int] = (), random_state: int = 0) -> None:
        self.costs = costs
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the seconds per unit, and the trees on what they leave."""
        X, y = np.asarray(X, np.float64), np.asarray(y, np.float64)
        estimate = np.empty(len(y))
        for train, test in KFold(5, shuffle=True, random_state=self.random_state).split(X):
            estimate[test] = self._log_rate(X[test], self._seconds_per_unit(X[train], y[train]))
        self.seconds_ = self._seconds_per_unit(X, y)
        self.trees_ = ExtraTreesRegressor(
            100, min_samples_leaf=2, max_features=0.3, random_state=self.random_state
        ).fit(np.column_stack([X, estimate]), y - estimate)
        return self

    def predict(self, X: Any) -> Floats:
        """The logarithm of examples per second."""
        X = np.asarray(X, np.float64)
        estimate = self._log_rate(X, self.seconds_)
        found: Floats = estimate + self.trees_.predict(np.column_stack([X, estimate]))
        return found

    def _seconds_per_unit(self, X: Floats, y: Floats) -> Floats:
        costs = self._costs(X)
        scale = np.maximum(costs.max(axis=0), 1)
        solution, _ = nnls(costs / scale * np.exp(y)[:, None], np.ones(len(y)))
        found: Floats = solution / scale
        return found

    def _log_rate(self, X: Floats, seconds: Floats) -> Floats:
        return -np.log(np.maximum(self._costs(X) @ seconds, 1e-9))

    def _costs(self, X: Floats) -> Floats:
        return np.column_stack([np.nan_to_num(X[:, list(self.costs)]), np.ones(len(X))])
