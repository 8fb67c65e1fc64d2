"""Predicting what was published of real models, with whole families left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
from _additive_time import AdditiveTime
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GroupKFold, GroupShuffleSplit

from graf import PerformancePredictor
from graf.predictors import kendall_tau, spearman
from graf.predictors.auto import AutoRegressor

__all__ = ["PREDICTOR", "Task", "evaluate", "members"]

HELD_OUT = 0.25  # of the families
INNER_FOLDS = 3
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

    For each seed a quarter of the families is the test. The predictor on graf's features is the mean of
    those `members` whose mean ranks best in a cross-validation over the families of the training part alone.
    """
    rows = Parallel(n_jobs=n_jobs)(delayed(_split)(task, seed) for seed in seeds)
    return pd.DataFrame([row for found in rows for row in found])


def _split(task: Task, seed: int) -> list[dict[str, Any]]:
    splitter = GroupShuffleSplit(1, test_size=HELD_OUT, random_state=seed)
    train, test = next(splitter.split(task.target, groups=task.family))
    found = [
        (label, _predicted(model, table, task.target, train, test), "")
        for label, (model, table) in _free_rows(task, seed)
    ]
    for label, table in task.features.items():
        known = members(table, task.is_speed, seed)
        chosen = _best_mixture(known, table, task, train)
        parts = [_predicted(known[name], table, task.target, train, test) for name in chosen]
        found.append((label, np.mean(parts, axis=0), " and ".join(chosen)))
    truth = task.target.iloc[test]
    return [
        {
            "target": task.name,
            "predictor": label,
            "seed": seed,
            "tau": kendall_tau(truth, predicted),
            "rho": spearman(truth, predicted),
            "n_test": len(test),
            "model": model,
        }
        for label, predicted, model in found
    ]


def _best_mixture(known: Mapping[str, Any], table: pd.DataFrame, task: Task, train: Any) -> tuple[str, ...]:
    """The members whose mean ranks best, in the mean of the folds."""
    mixtures = [names for n in range(1, len(known) + 1) for names in combinations(known, n)]
    taus = np.zeros(len(mixtures))
    for fit, held_out in GroupKFold(INNER_FOLDS).split(train, groups=task.family.iloc[train]):
        predicted = {
            name: _predicted(model, table, task.target, train[fit], train[held_out])
            for name, model in known.items()
        }
        truth = task.target.iloc[train[held_out]]
        taus += [
            kendall_tau(truth, np.mean([predicted[name] for name in names], axis=0)) for names in mixtures
        ]
    return mixtures[int(np.argmax(taus))]


def _predicted(model: Any, table: pd.DataFrame, target: pd.Series, train: Any, test: Any) -> Any:
    predictor = PerformancePredictor(clone(model), features="given")
    predictor.fit(table.iloc[train].reset_index(drop=True), target.iloc[train].to_numpy())
    return predictor.predict(table.iloc[test].reset_index(drop=True))


def members(table: pd.DataFrame, is_speed: bool, seed: int) -> dict[str, Any]:
    """The models that may be part of the predictor."""
    found = {
        "extra trees": ExtraTreesRegressor(200, max_features=0.3, random_state=seed),
        "auto": AutoRegressor(list(table), seed),
    }
    if is_speed:
        found["additive time"] = AdditiveTime(tuple(table), seed)
    return found


def _free_rows(task: Task, seed: int) -> Iterator[tuple[str, tuple[Any, pd.DataFrame]]]:
    numbers = {name: table for name, table in task.free.items() if name != "tag"}
    for name, table in numbers.items():
        yield name, (LinearRegression(), table)
    if "tag" in task.free:
        yield "tag", (MeanOfLabel(), task.free["tag"])
    trees = ExtraTreesRegressor(200, min_samples_leaf=2, random_state=seed)
    yield "free rows together", (trees, pd.concat(numbers.values(), axis=1))
