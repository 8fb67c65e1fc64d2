"""The regression models that a predictor can be made of."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, clone, is_regressor
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor

from graf.exceptions import InputError, UnsupportedError, check_known
from graf.predictors.auto import AutoRegressor
from graf.predictors.boosted import BoostedTrees
from graf.predictors.forest import MixedForest
from graf.predictors.jackknife import ONE_STD
from graf.predictors.transfer import TransferRegressor

__all__ = [
    "MODELS",
    "called",
    "fit_model",
    "is_model",
    "mean_and_half",
    "mean_and_std",
    "new_model",
    "novelty",
    "predicted",
    "with_helpers",
]

Floats = NDArray[np.float64]
Names = Sequence[str] | None
FORESTS = (RandomForestRegressor, ExtraTreesRegressor)
CALIBRATED = (AutoRegressor, TransferRegressor)
NAMES = {AutoRegressor: "auto", MixedForest: "random_forest", BoostedTrees: "xgboost"}


def _auto(random_state: int | None, n_jobs: int | None, names: Names = None) -> Any:
    return AutoRegressor(names, random_state, n_jobs)


def _random_forest(random_state: int | None, n_jobs: int | None, names: Names = None) -> Any:
    return MixedForest(random_state=random_state, n_jobs=n_jobs)


def _xgboost(random_state: int | None, n_jobs: int | None, names: Names = None) -> Any:
    return BoostedTrees(names, random_state, n_jobs)


MODELS: dict[str, Callable[..., Any]] = {
    "auto": _auto,
    "random_forest": _random_forest,
    "xgboost": _xgboost,
}


def new_model(model: Any, random_state: int | None, n_jobs: int | None, names: Names = None) -> Any:
    """An unfitted regressor of named columns: that of a name, or a clone of a regressor as it is."""
    if isinstance(model, str):
        check_known("model", model, MODELS)
        return MODELS[model](_drawn() if random_state is None else random_state, n_jobs, names)
    if not is_model(model):
        raise InputError(
            f"`model` must be {', '.join(map(repr, MODELS))} or a scikit-learn regressor, got {model!r:.60}"
        )
    return clone(model)


def _drawn() -> int:
    """A new seed: of None, scikit-learn would draw from numpy's global state."""
    return int(np.random.default_rng().integers(2**31))


def with_helpers(model: Any, helpers: Mapping[str, Any]) -> Any:
    """The unfitted model, together with fitted models of other targets, if there are any."""
    if not isinstance(model, AutoRegressor):
        raise UnsupportedError(f"`share_targets` needs model='auto', got {called(model)}")
    return TransferRegressor(model, helpers) if helpers else model


def called(model: Any) -> str:
    """The name that stands for the model, else its class, as whoever chose it wrote it."""
    return repr(NAMES[type(model)]) if type(model) in NAMES else type(model).__name__


def is_model(model: Any) -> bool:
    """Whether it is a scikit-learn regressor (an object, not a class)."""
    return isinstance(model, BaseEstimator) and bool(is_regressor(model))


def fit_model(model: Any, X: Floats, y: Floats) -> Any:
    """The model, fitted so that its predictions do not depend on the number of threads."""
    # scikit-learn's threads may leave the filters changed; its trees add up columns that stand for infinite values
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        model.fit(X, y)
    if isinstance(model, FORESTS):
        model.set_params(n_jobs=None)  # threads would add up the trees in any order
    return model


def predicted(model: Any, X: Floats) -> Floats:
    """Predictions (n_items,)."""
    return np.asarray(model.predict(X), np.float64)


def mean_and_std(model: Any, X: Floats) -> tuple[Floats, Floats]:
    """Predictions (n_items,) and their standard deviation: calibrated, or that over the trees of a forest."""
    if isinstance(model, CALIBRATED):
        return model.predict_with_width(X, ONE_STD)
    if not isinstance(model, FORESTS):
        raise UnsupportedError(
            f"`return_std` needs model='auto' or 'random_forest', got {called(model)}; leave it out"
        )
    spread: Floats = np.std([tree.predict(X) for tree in model.estimators_], axis=0)
    return predicted(model, X), spread


def mean_and_half(model: Any, X: Floats, coverage: float) -> tuple[Floats, Floats]:
    """Predictions (n_items,) and half the width of intervals that hold the truth as often as `coverage` says."""
    if not isinstance(model, CALIBRATED):
        raise UnsupportedError(f"intervals need model='auto', got {called(model)}; fit with that")
    return model.predict_with_width(X, coverage)


def novelty(model: Any, X: Floats) -> Floats:
    """How far (n_items,) items are from all that the model learned from; NaN if it cannot tell."""
    return model.novelty(X) if isinstance(model, CALIBRATED) else np.full(len(X), np.nan)
