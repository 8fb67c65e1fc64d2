"""What each feature added to a prediction of model="xgboost", in units of the target."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.explainers.mixture import Attribution
from graf.explainers.shap_values import interaction_values, shap_values
from graf.predictors.boosted import BoostedTrees

__all__ = ["boosted_pairs", "boosted_values", "unit"]

Floats = NDArray[np.float64]


def boosted_values(model: BoostedTrees, X: Floats, background: Floats | None) -> Attribution:
    """Values (n, n_features), their standard errors, which are 0, and the base value.

    SHAP values are exact in the scores that the trees predict, then stretched as those of the
    mixture are (`mixture_values`), so that they add up in units of the target.
    """
    parts = [shap_values(trees, X, background) for trees in model.trees_]
    base = float(np.mean([base for _, base in parts]))
    values = np.mean([values for values, _ in parts], axis=0) * unit(model, X, base)[:, None]
    return values, np.zeros_like(values), float(model.scores_.inverse_transform(np.array([base]))[0])


def boosted_pairs(model: BoostedTrees, X: Floats) -> Floats:
    """Path-dependent SHAP interaction values (n, n_features, n_features), which add up to `boosted_values`."""
    base = float(np.mean([shap_values(trees, X[:1])[1] for trees in model.trees_]))
    pairs = np.mean([interaction_values(trees, X) for trees in model.trees_], axis=0)
    return np.asarray(pairs * unit(model, X, base)[:, None, None])


def unit(model: BoostedTrees, X: Floats, base: float) -> Floats:
    """How many units of the target a score of each row is worth."""
    return model.scores_.stretch(base, model.predict_scores(X) - base)
