"""SHAP values of one fitted model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import GrafError, UnsupportedError
from graf.explainers.shap_library import quiet_shap
from graf.explainers.tree_shap import TreeShap
from graf.predictors.boosted import BoostedTrees

__all__ = ["check_additivity", "interaction_values", "shap_values"]

Floats = NDArray[np.float64]
DOUBLE, SINGLE = 1e-6, 1e-5  # relative: forests add doubles, boosters single-precision numbers


def shap_values(model: Any, X: Floats, background: Floats | None = None) -> tuple[Floats, float]:
    """SHAP values (n, n_features) of a fitted tree ensemble, and their base value.

    Without a background, path-dependent: the rows that each branch saw in training stand for
    what happens when a feature is unknown, and the base value is the mean over the training
    rows (`TreeShap`). With one, its rows take that place (interventional), as shap computes it.

    Raises
    ------
    UnsupportedError
        If the model is not one of trees, or its prediction is not a sum over their leaves; with a background
        also of XGBoost with dropout, parallel trees or a number for what is missing, and of gradient boosting
        that begins at zero.
    """
    trees = TreeShap(model)
    if background is None:
        return trees.values(X)[..., 0], float(trees.base_values[0])
    with quiet_shap() as shap:
        single = background.astype(np.float32)  # as trees compare; shap would leave it as it is
        rows = shap.maskers.Independent(single, max_samples=len(single))  # 100 by default
        _check_shap_reads(model)
        explainer = shap.TreeExplainer(model, rows, feature_perturbation="interventional")
        values = explainer.shap_values(X.astype(np.float32), check_additivity=False)
    return np.asarray(values, np.float64), float(np.squeeze(explainer.expected_value))


def _check_shap_reads(model: Any) -> None:
    """`UnsupportedError` for boosted trees that shap takes for others, or refuses."""
    if isinstance(getattr(model, "init_", None), str):
        raise UnsupportedError("a `background` needs gradient boosting without init='zero'; leave it out")
    if not hasattr(model, "get_booster"):
        return
    settings = model.get_xgb_params()
    plain = settings.get("booster") != "dart" and (settings.get("num_parallel_tree") or 1) == 1
    if not (plain and np.isnan(model.missing)):
        raise UnsupportedError(
            "a `background` needs XGBoost without booster='dart', several parallel trees and a number for"
            " `missing`; leave it out"
        )


def interaction_values(model: Any, X: Floats) -> Floats:
    """Path-dependent SHAP interaction values (n, n_features, n_features) of a fitted tree ensemble."""
    return TreeShap(model).interactions(X)[..., 0]


def check_additivity(model: Any, values: Floats, base: float, predictions: Floats) -> None:
    """`GrafError` unless values and base value add up to the predictions, row by row."""
    single = hasattr(model, "get_booster") or isinstance(model, BoostedTrees)
    tolerance = SINGLE if single else DOUBLE
    size = np.abs(values).sum(axis=1) + abs(base)
    gap = np.abs(values.sum(axis=1) + base - predictions)
    if not np.all(gap <= tolerance * size):
        row = int(np.argmax(gap))
        raise GrafError(
            f"internal error: the SHAP values of row {row} add up to {values[row].sum() + base:.9g},"
            f" but the prediction is {predictions[row]:.9g}; please report this"
        )
