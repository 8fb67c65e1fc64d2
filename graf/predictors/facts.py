"""What is to be known of a fitted predictor beside its models, in terms of JSON."""

from __future__ import annotations

import platform
from dataclasses import asdict
from importlib.metadata import version
from operator import index
from typing import Any

import numpy as np

import graf
from graf.exceptions import InputError, UnsupportedError
from graf.features import GraphFeatures
from graf.graph import ComputationGraph
from graf.ops import OpSet
from graf.predictors.inputs import Inputs
from graf.predictors.models import is_model
from graf.predictors.predictor import PerformancePredictor
from graf.spaces import SPACES, SearchSpace, get_space

__all__ = ["predictor_facts", "predictor_from"]

FORMAT = 1
PACKAGES = ("numpy", "scikit-learn", "skops", "xgboost")
FITTED = ("space", "columns", "compat", "simplified")  # those of the features, set anew or not
Facts = dict[str, Any]


def predictor_facts(predictor: PerformancePredictor) -> Facts:
    """Parameters, features and targets; `UnsupportedError` for what JSON cannot hold."""
    inputs, graph = predictor.inputs_, predictor.inputs_.graph
    return {
        "format": FORMAT,
        "graf": graf.__version__,
        "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        "parameters": _parameters(predictor),
        "space": None if graph is None else _space_facts(graph.space_),
        "operations": None if graph is None else list(graph.ops_),
        "attributes": [] if graph is None else graph.attributes_,
        "cells": [] if graph is None else graph.cells_,
        "given": list(inputs.given),
        "features": inputs.names,
        "targets": predictor.target_names_,
        "one_target": predictor.one_target_,
        "levels": {name: levels.tolist() for name, levels in predictor.levels_.items()},
    }


def predictor_from(facts: Facts, models: Facts) -> PerformancePredictor:
    """The predictor of facts and of its models: `model` and, by target, `estimators`."""
    if facts["format"] > FORMAT:
        raise InputError(f"it was saved in a newer format by graf {facts['graf']}; upgrade graf")
    parameters = facts["parameters"] | {"space": _space(facts["parameters"]["space"])}
    predictor = PerformancePredictor(model=models["model"], **parameters)
    predictor.inputs_ = Inputs(_fitted_features(predictor, facts), tuple(facts["given"]))
    predictor.feature_names_ = np.array(facts["features"], dtype=object)
    predictor.target_names_, predictor.one_target_ = facts["targets"], facts["one_target"]
    predictor.estimators_ = models["estimators"]
    levels = facts.get("levels", {})  # older files have none
    predictor.levels_ = {name: np.array(levels.get(name, []), np.float64) for name in facts["targets"]}
    _check_models(predictor)
    return predictor


def _check_models(predictor: PerformancePredictor) -> None:
    n_features = len(predictor.feature_names_)
    models, levels = predictor.estimators_, predictor.levels_
    fit = all(is_model(m) and getattr(m, "n_features_in_", n_features) == n_features for m in models.values())
    taken = predictor.inputs_.names == predictor.feature_names_.tolist()
    listed = all(values.ndim == 1 for values in levels.values())
    if list(models) != predictor.target_names_ or not (fit and taken and listed):
        raise InputError("its models do not belong to its features and targets; save it again")


def _parameters(predictor: PerformancePredictor) -> Facts:
    found: Facts = predictor.get_params(deep=False)
    del found["model"]
    graph = predictor.inputs_.graph
    found |= {} if graph is None else {name: getattr(graph, name) for name in FITTED}
    columns, space = found["columns"], found["space"]
    return found | {
        "space": None if space is None else _space_facts(get_space(space)),
        "columns": None if columns is None else [str(name) for name in columns],
        "random_state": _integer("random_state", found["random_state"]),
        "n_jobs": _integer("n_jobs", found["n_jobs"]),
    }


def _integer(name: str, value: Any) -> int | None:
    try:
        return None if value is None else index(value)
    except TypeError:
        raise UnsupportedError(f"only an integer `{name}` can be saved, got {value!r:.60}") from None


def _space_facts(space: SearchSpace | None) -> Facts | None:
    if space is None:
        return None
    if SPACES.get(space.name) is not type(space):
        raise UnsupportedError(
            f"the search space {space.name!r} is not one of graf's, so that a predictor on it cannot be saved;"
            " predict from a DataFrame with features='given'"
        )
    return {"name": space.name, "settings": asdict(space)}


def _space(facts: Facts | None) -> SearchSpace | None:
    return None if facts is None else get_space(facts["name"], **facts["settings"])


def _fitted_features(predictor: PerformancePredictor, facts: Facts) -> GraphFeatures | None:
    """Features fitted on one item of the space, or on a graph like those seen, by their names."""
    if facts["operations"] is None:
        return None
    space = _space(facts["space"])
    seen = ComputationGraph.from_edges(
        [None],
        [],
        ops=OpSet(tuple(facts["operations"])),
        attributes={name: [0.0] for name in facts["attributes"]},
        cells={name: [0] for name in facts["cells"]},
    )
    graph = predictor.graph_features()
    if graph.compat is None:
        graph.set_params(columns=[name for name in facts["features"] if name not in facts["given"]])
    try:
        fitted = graph.fit([seen] if space is None else space.sample(1))
    except InputError as error:
        raise InputError(
            f"its features are those of graf {facts['graf']}, not of this version ({error}); fit and save it again"
        ) from None
    return fitted.set_params(columns=predictor.columns)
