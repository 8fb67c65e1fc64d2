"""Predicting what was published of real models, with whole families left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from _additive_time import AdditiveTime
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupShuffleSplit

from graf import PerformancePredictor
from graf.predictors import kendall_tau, spearman
from graf.predictors.auto import AutoRegressor

__all__ = ["PREDICTOR", "Task", "evaluate"]

HELD_OUT = 0.25  # of the families
PREDICTOR = "graf's features"


@dataclass(frozen=True)
class Task:
    """A target of many models.

    Parameters
    ----------
    name : of the target.
    target : values, one per row.
    family : of the model in each row; whole families are left out.
    features : table of graf's features, rows in the same order.
    free : tables of what costs nothing, by name; one of text is a label, whose mean predicts.
    is_speed : whether the target is the logarithm of a throughput.
    """

    name: str
    target: pd.Series
    family: pd.Series
    features: Mapping[str, pd.DataFrame]
    free: Mapping[str, pd.DataFrame]
    is_speed: bool = False


class MeanOfLabel(LinearRegression):
    """The mean target of the training rows with the same label (a number); that of all for new ones."""

    def fit(self, X: Any, y: Any) -> MeanOfLabel:
        """Take the means."""
        self.means_ = pd.Series(y).groupby(np.asarray(X)[:, 0]).mean()
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X: Any) -> Any:
        """Look the means up."""
        return pd.Series(np.asarray(X)[:, 0]).map(self.means_).fillna(self.mean_).to_numpy()


def evaluate(task: Task, seeds: range, n_jobs: int = 1) -> pd.DataFrame:
    """Kendall's tau and Spearman's rho on families left out, by predictor and seed.

    For each seed a quarter of the families is the test. The predictor on graf's features is the mean of its
    two models of `_members`.
    """
    rows = Parallel(n_jobs=n_jobs)(delayed(_split)(task, seed) for seed in seeds)
    return pd.DataFrame([row for found in rows for row in found])


def _split(task: Task, seed: int) -> list[dict[str, Any]]:
    splitter = GroupShuffleSplit(1, test_size=HELD_OUT, random_state=seed)
    train, test = next(splitter.split(task.target, groups=task.family))
    found = [
        (label, _predicted(model, table, task.target, train, test))
        for label, (model, table) in _free_rows(task, seed)
    ]
    for label, table in task.features.items():
        models = _members(table, task.is_speed, seed)
        parts = [_predicted(model, table, task.target, train, test) for model in models]
        found.append((label, np.mean(parts, axis=0)))
    truth = task.target.iloc[test]
    return [
        {
            "target": task.name,
            "predictor": label,
            "seed": seed,
            "tau": kendall_tau(truth, predicted),
            "rho": spearman(truth, predicted),
            "n_test": len(test),
        }
        for label, predicted in found
    ]


def _predicted(model: Any, table: pd.DataFrame, target: pd.Series, train: Any, test: Any) -> Any:
    predictor = PerformancePredictor(clone(model), features="given")
    predictor.fit(table.iloc[train].reset_index(drop=True), target.iloc[train].to_numpy())
    return predictor.predict(table.iloc[test].reset_index(drop=True))


def _members(table: pd.DataFrame, is_speed: bool, seed: int) -> list[Any]:
    """The models that the predictor is the mean of: extremely randomised trees and graf's own."""
    names = tuple(table)
    own = AdditiveTime(names, seed) if is_speed else AutoRegressor(names, seed)
    return [ExtraTreesRegressor(200, max_features=0.3, random_state=seed), own]


def _free_rows(task: Task, seed: int) -> Iterator[tuple[str, tuple[Any, pd.DataFrame]]]:
    numbers = {name: table for name, table in task.free.items() if name != "tag"}
    for name, table in numbers.items():
        yield name, (LinearRegression(), table)
    if "tag" in task.free:
        yield "tag", (MeanOfLabel(), task.free["tag"])
    trees = ExtraTreesRegressor(200, min_samples_leaf=2, random_state=seed)
    yield "free rows together", (trees, pd.concat(numbers.values(), axis=1))
