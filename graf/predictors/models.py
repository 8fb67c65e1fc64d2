"""The regression models that a predictor can be made of."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from graf.exceptions import InputError, UnknownNameError, UnsupportedError

__all__ = ["MODELS", "fit_model", "is_model", "new_model", "tree_std"]

Floats = NDArray[np.float64]
FORESTS = (RandomForestRegressor, ExtraTreesRegressor)


def _random_forest(random_state: int | None, n_jobs: int | None) -> Any:
    return RandomForestRegressor(random_state=random_state, n_jobs=n_jobs)


def _xgboost(random_state: int | None, n_jobs: int | None) -> Any:
    from xgboost import XGBRegressor

    return XGBRegressor(tree_method="hist", random_state=random_state, n_jobs=n_jobs or 1)


MODELS: dict[str, Callable[[int | None, int | None], Any]] = {
    "random_forest": _random_forest,
    "xgboost": _xgboost,
}


def new_model(model: Any, random_state: int | None, n_jobs: int | None) -> Any:
    """An unfitted regressor: that of a name, or a clone of a scikit-learn regressor as it is."""
    if isinstance(model, str):
        if model not in MODELS:
            raise UnknownNameError("model", model, MODELS)
        return MODELS[model](random_state, n_jobs)
    if not is_model(model):
        raise InputError(
            f"`model` must be {' or '.join(map(repr, MODELS))} or a scikit-learn regressor, got {model!r:.60}"
        )
    return clone(model)


def is_model(model: Any) -> bool:
    """Whether it is a scikit-learn regressor (an object, not a class)."""
    return isinstance(model, BaseEstimator) and bool(is_regressor(model))


def fit_model(model: Any, X: Floats, y: Floats) -> Any:
    """The model, fitted so that its predictions do not depend on the number of threads."""
    with warnings.catch_warnings():  # scikit-learn's threads may leave the filters changed
        model.fit(X, y)
    if isinstance(model, FORESTS):
        model.set_params(n_jobs=None)  # threads would add up the trees in any order
    return model


def tree_std(model: Any, X: Floats) -> Floats:
    """Standard deviation (n_items,) of the predictions of the trees of a forest."""
    if not isinstance(model, FORESTS):
        raise UnsupportedError(
            f"`return_std` needs model='random_forest', got {type(model).__name__}; leave it out"
        )
    std: Floats = np.std([tree.predict(X) for tree in model.estimators_], axis=0)
    return std
