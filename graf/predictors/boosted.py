"""BoostedTrees: gradient boosting for few labels."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from graf.predictors.label_scores import LabelScores

__all__ = ["BoostedTrees"]

Floats = NDArray[np.float64]
# small steps of shallow trees, each node of which sees a tenth of the columns: the defaults fit few labels too well
SETTINGS: dict[str, Any] = {
    "n_estimators": 1500,
    "learning_rate": 0.01,
    "max_depth": 4,
    "min_child_weight": 2,
    "subsample": 0.6,
    "colsample_bytree": 0.3,
    "colsample_bynode": 0.3,
    "tree_method": "hist",
}


class BoostedTrees(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """XGBoost (Chen and Guestrin, KDD 2016) on power scores of the labels, with settings that suit few labels.

    The settings are the same for all tables and label counts. Predictions are a sum over leaves in
    scores, so that SHAP values are exact there.

    Parameters
    ----------
    random_state : seed of the rows and columns that each tree sees.
    n_jobs : threads, None for one; the result does not depend on them.

    Attributes
    ----------
    scores_ : `LabelScores` of the labels.
    trees_ : the fitted `xgboost.XGBRegressor`, which predicts scores.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> trees = BoostedTrees(random_state=0).fit(X, np.exp(X[:, 0]))
    >>> trees.predict(np.array([[0.0, 0.0]])).round()
    array([1.])
    """

    def __init__(self, random_state: int | None = 0, n_jobs: int | None = None) -> None:
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Floats, y: Floats) -> Self:
        """Learn from rows (n, n_columns), NaN where undefined, and labels (n,)."""
        from xgboost import XGBRegressor

        self.n_features_in_ = X.shape[1]
        self.scores_ = LabelScores().fit(y)
        trees = XGBRegressor(**SETTINGS, random_state=self.random_state, n_jobs=self.n_jobs or 1)
        self.trees_ = trees.fit(X, self.scores_.transform(y))
        return self

    def predict(self, X: Floats) -> Floats:
        """Predictions (n,) of rows (n, n_columns)."""
        check_is_fitted(self, "trees_")
        return self.scores_.inverse_transform(np.asarray(self.trees_.predict(X), np.float64))
