"""Throughput as what the operations of a network take one after the other, corrected by a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import KFold

from graf.predictors.auto import AutoRegressor

__all__ = ["AdditiveTime"]

Floats = NDArray[np.float64]


class AdditiveTime(RegressorMixin, BaseEstimator):
    """Logarithm of examples per second, from costs that each take a time of their own.

    Seconds per example are a constant and a non-negative amount per unit of each cost, fitted by
    least squares of relative errors (a roofline without its corner: Williams et al., 2009). graf's
    own model corrects it, from all columns and this estimate.

    Parameters
    ----------
    names : names of all columns.
    random_state : seed of the correction and of the folds that the estimates for it come from.
    """

    def __init__(self, names: Sequence[str] = (), random_state: int = 0) -> None:
        self.names = names
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the seconds per unit, and the correction to what they leave."""
        X, y = np.asarray(X, np.float64), np.asarray(y, np.float64)
        estimate = np.empty(len(y))
        for train, test in KFold(5, shuffle=True, random_state=self.random_state).split(X):
            estimate[test] = self._log_rate(X[test], self._seconds_per_unit(X[train], y[train]))
        self.seconds_ = self._seconds_per_unit(X, y)
        correction = AutoRegressor([*self.names, "estimate"], self.random_state)
        self.correction_ = correction.fit(np.column_stack([X, estimate]), y - estimate)
        return self

    def predict(self, X: Any) -> Floats:
        """The logarithm of examples per second."""
        X = np.asarray(X, np.float64)
        estimate = self._log_rate(X, self.seconds_)
        found: Floats = estimate + self.correction_.predict(np.column_stack([X, estimate]))
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
        costs = [i for i, name in enumerate(self.names) if name.startswith(("op_cost", "op_count"))]
        return np.column_stack([np.nan_to_num(X[:, costs]), np.ones(len(X))])
