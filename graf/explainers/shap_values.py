"""SHAP values of one fitted model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import GrafError
from graf.explainers.tree_shap import TreeShap
from graf.predictors.boosted import BoostedTrees

__all__ = ["check_additivity", "interaction_values", "shap_values"]

Floats = NDArray[np.float64]
DOUBLE, SINGLE = 1e-6, 1e-5  # relative: forests add doubles, boosters single-precision numbers


def shap_values(model: Any, X: Floats, background: Floats | None = None) -> tuple[Floats, float]:
    """SHAP values (n, n_features) of a fitted tree ensemble, and their base value.

    Without a background, path-dependent: the rows that each branch saw in training stand for
    what happens when a feature is unknown, and the base value is the mean over the training
    rows (`TreeShap`). With one, its rows take that place (interventional).

    Raises
    ------
    UnsupportedError
        If the model is not one of trees, or its prediction is not a sum over their leaves.
    """
    trees = TreeShap(model)
    if background is None:
        return trees.values(X)[..., 0], float(trees.base_values[0])
    values = trees.interventional_values(X, background)[..., 0]
    return values, float(np.mean(model.predict(background), dtype=np.float64))


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
