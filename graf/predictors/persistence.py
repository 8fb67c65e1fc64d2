"""Saving a fitted predictor, and loading it without running code from the file.

The file is a zip of `predictor.json`, which holds everything but the models, and `models.skops`,
which holds these as skops writes them: data and names of types, of which only known ones are
built.
"""

from __future__ import annotations

import json
import os
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np
from sklearn.utils.validation import check_is_fitted

from graf.exceptions import GrafError, InputError, UnsupportedError
from graf.files import atomic_path
from graf.predictors.facts import predictor_facts, predictor_from
from graf.predictors.predictor import PerformancePredictor

__all__ = ["load_predictor", "save_predictor"]

FACTS, MODELS = "predictor.json", "models.skops"
TRUSTED = {  # beside the types of scikit-learn and numpy that skops itself takes for harmless
    "graf.predictors.auto.AutoRegressor",
    "graf.predictors.boosted.BoostedTrees",
    "graf.predictors.choices.Choices",
    "graf.predictors.forest.MixedForest",
    "graf.predictors.gaussian_process.GroupGaussianProcess",
    "graf.predictors.label_scores.LabelScores",
    "graf.predictors.transfer.TransferRegressor",
    "graf.predictors.view.View",
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.model_selection._split.KFold",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBRegressor",
    "xgboost.sklearn.XGBRFRegressor",
}


def save_predictor(predictor: PerformancePredictor, path: str | os.PathLike[str]) -> None:
    """Write a fitted predictor to a file.

    Raises
    ------
    UnsupportedError
        If a model, the search space or the random state is of a type that loading would refuse.
    InputError
        If the file cannot be written.
    """
    check_is_fitted(predictor, "estimators_")
    facts = json.dumps(predictor_facts(predictor), indent=1, default=_plain)
    models = _dump(predictor)
    with atomic_path(path) as temporary, ZipFile(temporary, "w", ZIP_DEFLATED) as file:
        file.writestr(FACTS, facts)
        file.writestr(MODELS, models)


def _plain(value: Any) -> Any:
    """A number or truth value of numpy, as settings from an array are."""
    if isinstance(value, np.generic):
        return value.item()
    raise UnsupportedError(f"a setting cannot be saved: {value!r:.60}")


def load_predictor(path: str | os.PathLike[str]) -> PerformancePredictor:
    """Read a predictor that `PerformancePredictor.save` wrote; it predicts the same to the bit.

    Raises
    ------
    InputError
        If there is no such file, it is damaged or of a newer format, or holds anything but
        models of scikit-learn and XGBoost. Nothing in the file is run.
    """
    try:
        with ZipFile(path) as file:
            facts, models = json.loads(file.read(FACTS)), file.read(MODELS)
        return predictor_from(facts, _load(models))
    except GrafError as error:
        raise InputError(f"cannot load {path}: {error}") from None
    except OSError as error:
        raise InputError(f"cannot load {path}: {error.strerror or error}") from None
    except Exception as error:  # a damaged file can trip zip, JSON, skops or a model anywhere
        reason = " ".join(str(error).split())
        raise InputError(
            f"cannot load {path}: it is damaged or not a predictor that graf saved"
            f" ({type(error).__name__}: {reason:.100}); save it again"
        ) from error


def _dump(predictor: PerformancePredictor) -> bytes:
    from skops import io
    from skops.io.exceptions import UnsupportedTypeException

    try:
        data: bytes = io.dumps({"model": predictor.model, "estimators": predictor.estimators_})
    except UnsupportedTypeException as error:
        raise UnsupportedError(f"the model cannot be saved ({error}); use a named one") from None
    if strangers := _strangers(data):
        raise UnsupportedError(
            f"the model cannot be saved, as loading {', '.join(strangers)} could run code;"
            " use a named model, or another regressor of scikit-learn"
        )
    return data


def _load(models: bytes) -> dict[str, Any]:
    from skops import io

    if strangers := _strangers(models):
        raise InputError(f"it holds {', '.join(strangers)}, which could run code; graf saves no such types")
    loaded: dict[str, Any] = io.loads(models, trusted=sorted(TRUSTED))
    return loaded


def _strangers(models: bytes) -> list[str]:
    """Types that are not known to be harmless."""
    from skops import io  # imported on use: it loads every library it can save

    return sorted(set(io.get_untrusted_types(data=models)) - TRUSTED)
