"""The models of the comparison by name, as their papers or their libraries' defaults have them."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from _rival_kernel import WLGaussianProcess
from _rival_tasks import Inputs
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from xgboost import XGBRegressor

from graf.predictors.auto import AutoRegressor

__all__ = ["XGB_PLUS", "new_model"]

Floats = NDArray[np.float64]
NAMED = {"auto": "auto", "mixed forest": "random_forest", "boosted trees": "xgboost"}
XGB_PLUS = {"n_estimators": 10_000, "learning_rate": 0.01, "subsample": 0.9}  # "tuned" in zc_combine


def new_model(name: str, inputs: Inputs, columns: list[str], seed: int) -> Any:
    """An unfitted regressor, or the name that `PerformancePredictor` knows it by."""
    if name in NAMED:
        return NAMED[name]
    if name == "line":
        return LinearRegression()
    if name == "random forest":
        return RandomForestRegressor(random_state=seed)
    if name == "auto, permuted labels":
        return Permuted(AutoRegressor(columns, seed), seed)
    if name in ("XGBoost", "XGB+"):
        settings = XGB_PLUS if name == "XGB+" else {}
        return XGBRegressor(**settings, tree_method="hist", random_state=seed, n_jobs=1)
    if name == "WL kernel GP":
        features = inputs.wl_features
        return WLGaussianProcess(lambda: features)
    from _rival_networks import GraphNetwork

    packed = inputs.packed
    return GraphNetwork(lambda: packed, name, random_state=seed)


class Permuted(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """A model that learns from labels in random order, and so has nothing to learn."""

    def __init__(self, model: Any, random_state: int) -> None:
        self.model = model
        self.random_state = random_state

    def fit(self, X: Floats, y: Floats) -> Self:
        """Fit the model to shuffled labels."""
        shuffled = np.random.default_rng(self.random_state).permutation(y)
        self.model_ = clone(self.model).fit(X, shuffled)
        return self

    def predict(self, X: Floats) -> Floats:
        """What the model says."""
        return self.model_.predict(X)
