"""Tree ensembles of scikit-learn and XGBoost as arrays of nodes."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.dummy import DummyRegressor
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.tree import DecisionTreeRegressor

from graf.exceptions import UnsupportedError
from graf.predictors.models import FORESTS, called

__all__ = ["Ensemble", "read_ensemble"]

Array = NDArray[Any]
# objectives of XGBoost that predict the sum of the leaves itself
SUMS = tuple(f"reg:{name}error" for name in ("squared", "absolute", "pseudohuber", "quantile", "squaredlog"))


class Ensemble(NamedTuple):
    """Trees whose leaves add up to the prediction; a row goes left where its value is at most the threshold.

    Node arrays hold one tree after the other, from `offsets[tree]` on; children count from there, -1
    at leaves. Thresholds are for values in single precision. `cover` is the weight of the training
    rows that came by, `values` (n_nodes, n_outputs) are those of the leaves, `start` (n_outputs,) is
    what is predicted without any tree.
    """

    offsets: Array
    left: Array
    right: Array
    feature: Array
    threshold: Array
    missing_left: Array
    cover: Array
    values: Array
    start: Array
    n_features: int
    missing: float = np.nan  # the value that says that there is none


def read_ensemble(model: Any) -> Ensemble:
    """The nodes of a fitted regressor of trees.

    Raises
    ------
    UnsupportedError
        If the model is not one of trees, or its prediction is not a sum over their leaves.
    """
    if hasattr(model, "get_booster"):
        return _xgboost(model)
    if isinstance(model, FORESTS):
        return _scikit_learn(model, model.estimators_, 1 / len(model.estimators_), np.zeros(model.n_outputs_))
    if isinstance(model, DecisionTreeRegressor):
        return _scikit_learn(model, [model], 1.0, np.zeros(model.n_outputs_))
    if isinstance(model, GradientBoostingRegressor) and isinstance(model.init_, DummyRegressor | str):
        start = np.zeros(1) if isinstance(model.init_, str) else np.ravel(model.init_.constant_)
        return _scikit_learn(model, list(model.estimators_[:, 0]), model.learning_rate, start)
    raise UnsupportedError(
        f"SHAP values need a random forest, extra trees, gradient boosting or XGBoost, got {called(model)}"
    )


def _scikit_learn(model: Any, estimators: Sequence[Any], scale: float, start: Array) -> Ensemble:
    trees = [estimator.tree_ for estimator in estimators]

    def joined(part: Callable[[Any], Array]) -> Array:
        return np.concatenate([part(tree) for tree in trees])

    return Ensemble(
        offsets=np.cumsum([0, *(tree.node_count for tree in trees)]),
        left=joined(lambda tree: tree.children_left),
        right=joined(lambda tree: tree.children_right),
        feature=joined(lambda tree: tree.feature),
        threshold=joined(lambda tree: tree.threshold),
        missing_left=joined(lambda tree: tree.missing_go_to_left) != 0,
        cover=joined(lambda tree: tree.weighted_n_node_samples),
        values=joined(lambda tree: tree.value[:, :, 0]) * scale,
        start=start,
        n_features=model.n_features_in_,
    )


def _xgboost(model: Any) -> Ensemble:
    learner = json.loads(model.get_booster().save_raw("json"))["learner"]
    booster = learner["gradient_booster"]
    grown = booster.get("gbtree", booster)["model"]  # dart wraps gbtree
    _check_xgboost(learner["objective"]["name"], grown)
    start = np.atleast_1d(json.loads(learner["learner_model_param"]["base_score"]))
    n_trees = grown["iteration_indptr"][_n_iterations(learner)]
    trees, outputs = grown["trees"][:n_trees], grown["tree_info"][:n_trees]

    def joined(name: str) -> Array:
        return np.concatenate([np.asarray(tree[name]) for tree in trees])

    sizes = [len(tree["left_children"]) for tree in trees]
    conditions = joined("split_conditions").astype(np.float32)
    values = np.zeros((len(conditions), len(start)))
    scale = np.repeat(booster.get("weight_drop", np.ones(len(trees)))[:n_trees], sizes)
    values[np.arange(len(conditions)), np.repeat(outputs, sizes)] = scale * conditions
    return Ensemble(
        offsets=np.cumsum([0, *sizes]),
        left=joined("left_children"),
        right=joined("right_children"),
        feature=joined("split_indices"),
        threshold=np.nextafter(conditions, np.float32(-np.inf)).astype(np.float64),  # left is less than
        missing_left=joined("default_left") != 0,
        cover=joined("sum_hessian"),
        values=values,
        start=start,
        n_features=model.n_features_in_,
        missing=model.get_params().get("missing", np.nan),
    )


def _check_xgboost(objective: str, grown: dict[str, Any]) -> None:
    if not grown.get("trees"):
        raise UnsupportedError("SHAP values need XGBoost trees, got a linear booster")
    if objective not in SUMS:
        raise UnsupportedError(f"SHAP values need one of the objectives {', '.join(SUMS)}, got {objective}")
    for tree in grown["trees"]:
        if tree["categories"] or int(tree["tree_param"]["size_leaf_vector"]) > 1:
            raise UnsupportedError("SHAP values need XGBoost trees without categories and vectors in leaves")


def _n_iterations(learner: dict[str, Any]) -> int:
    """The iterations that `predict` takes: all, or the best of an early stop; -1 for all."""
    best = learner["attributes"].get("best_iteration")
    return -1 if best is None else int(best) + 1
