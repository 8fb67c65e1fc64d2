"""BoostedTrees: gradient boosting for few labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from graf.predictors.groups import families
from graf.predictors.label_scores import LabelScores

__all__ = ["BoostedTrees"]

Floats = NDArray[np.float64]
# small steps of shallow trees, each node of which sees a tenth of the columns: the defaults fit few labels too well
SETTINGS: dict[str, Any] = {
    "n_estimators": 750,
    "learning_rate": 0.02,
    "max_depth": 4,
    "base_score": 0.0,  # the mean of scores, which XGBoost would sum by threads
    "min_child_weight": 2,
    "subsample": 0.6,
    "colsample_bytree": 0.3,
    "colsample_bynode": 0.3,
    "tree_method": "hist",
    "importance_type": "total_gain",
}


class BoostedTrees(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The mean of three XGBoost ensembles (Chen and Guestrin, KDD 2016) that draw columns in different ways.

    Which columns a tree may use is drawn at random, as in a random forest. For one ensemble all columns are as
    likely; for the second a column is the less likely the more there are of its family, so that few that sum up a
    network are not lost among the many that tell places apart; for the third it is the more likely the more the first
    gained from it. None is the best on all targets, and their mean is better than the first on most. Settings suit
    few labels, and are the same for all tables and label counts. Trees learn power scores of the labels, and
    predictions are a sum over leaves in scores, so that SHAP values are exact there.

    Parameters
    ----------
    names : names of the columns, which say what their families are; None puts each into its own.
    random_state : seed of the rows and columns that each tree sees; None draws one.
    n_jobs : threads, None for one; the result does not depend on them.

    Attributes
    ----------
    scores_ : `LabelScores` of the labels.
    trees_ : the three fitted `xgboost.XGBRegressor`, the mean of which is the predicted score.

    Examples
    --------
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> trees = BoostedTrees(random_state=0).fit(X, np.exp(X[:, 0]))
    >>> trees.predict(np.array([[0.0, 0.0]])).round()
    array([1.])
    """

    def __init__(
        self, names: Sequence[str] | None = None, random_state: int | None = 0, n_jobs: int | None = None
    ) -> None:
        self.names = names
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Floats, y: Floats) -> Self:
        """Learn from rows (n, n_columns), NaN where undefined, and labels (n,)."""
        self.n_features_in_ = X.shape[1]
        self.scores_ = LabelScores().fit(y)
        scores = self.scores_.transform(y)
        seeds = np.random.default_rng(self.random_state).integers(2**31, size=3).tolist()
        alike = self._grown(seeds[0], None).fit(X, scores)
        by_family = self._grown(seeds[1], self._by_family()).fit(X, scores)
        by_gain = self._grown(seeds[2], _by_gain(alike)).fit(X, scores)
        self.trees_ = [alike, by_family, by_gain]
        return self

    def _grown(self, seed: int, weights: Floats | None) -> Any:
        from xgboost import XGBRegressor

        return XGBRegressor(**SETTINGS, random_state=seed, n_jobs=self.n_jobs or 1, feature_weights=weights)

    def _by_family(self) -> Floats | None:
        """One over the root of the size of each column's family."""
        if self.names is None:
            return None
        _, number, sizes = np.unique(families(self.names), return_inverse=True, return_counts=True)
        return np.asarray(sizes[number] ** -0.5)

    def predict_scores(self, X: Floats) -> Floats:
        """Predicted scores (n,) of rows (n, n_columns)."""
        check_is_fitted(self, "trees_")
        return np.mean([trees.predict(X) for trees in self.trees_], axis=0, dtype=np.float64)

    def predict(self, X: Floats) -> Floats:
        """Predictions (n,) of rows (n, n_columns)."""
        return self.scores_.inverse_transform(self.predict_scores(X))


def _by_gain(trees: Any) -> Floats | None:
    """Weights of columns: the root of what trees gained from each, plus half the mean gain, so that all stay in play."""
    gain = trees.feature_importances_.astype(np.float64)
    return np.sqrt(gain + gain.mean() / 2) if gain.any() else None
