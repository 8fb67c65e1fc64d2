"""One target of a report: how well it is predicted, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import KFold

from graf.datasets import Dataset
from graf.exceptions import InputError
from graf.explainers import Explanation, explain
from graf.predictors import PerformancePredictor, evaluate, free_rows, summary
from graf.predictors.models import new_model
from graf.report.choices import choose_sizes, items_of

__all__ = ["FOLDS", "STEPS", "Plan", "Settings", "Step", "TargetSummary", "rows_of", "summarize_targets"]

Step = Callable[[str], None]
FOLDS = 5


@dataclass(frozen=True)
class Settings:
    """How a report is made; see `graf.write_report`."""

    model: Any = "auto"
    n_explained: int = 300
    train_sizes: Sequence[int] | None = None
    seeds: Sequence[int] = (0, 1, 2, 3, 4)
    seed: int = 0
    n_jobs: int = 2
    most_rows: int = 2500
    n_refits: int = 3

    def __post_init__(self) -> None:
        if self.n_explained < 1:
            raise InputError(f"`n_explained` must be at least 1, got {self.n_explained}")
        if self.n_refits == 1 or self.n_refits < 0:
            raise InputError(
                f"`n_refits` must be at least 2 for a spread, or 0 for none, got {self.n_refits}"
            )
        if len(self.seeds) == 0:
            raise InputError("`seeds` must hold at least one seed, got none")
        new_model(self.model, self.seed, None)  # raises if there is none of this name


@dataclass(frozen=True)
class Plan:
    """What all targets share.

    Parameters
    ----------
    data : the dataset.
    settings : how to go about it.
    predictors : what is evaluated, by label; the first is explained.
    explained : architectures whose predictions are explained.
    """

    data: Dataset
    settings: Settings
    predictors: Mapping[str, PerformancePredictor]
    explained: Sequence[str]

    @property
    def predictor(self) -> PerformancePredictor:
        """A new copy of the predictor that is explained."""
        found: PerformancePredictor = clone(next(iter(self.predictors.values())))
        return found


@dataclass(frozen=True)
class TargetSummary:
    """What a report says of one target.

    Parameters
    ----------
    name : column of the dataset.
    n, n_missing : architectures with a value, and without one.
    trials : what `graf.predictors.evaluate` returned.
    scores : their mean and spread over the splits.
    n_fitted : rows that models are fitted on, at most `Settings.most_rows`.
    predictions : `measured` and `predicted` by architecture, for all of the dataset. Each is
        predicted by a model that has not seen it: one fitted on the other folds, or for rows
        that no model is fitted on, one fitted on all folds.
    explanation : SHAP values of a model that was fitted on all folds.
    """

    name: str
    n: int
    n_missing: int
    trials: pd.DataFrame
    scores: pd.DataFrame
    n_fitted: int
    predictions: pd.DataFrame
    explanation: Explanation


def summarize_targets(plan: Plan, names: Sequence[str], step: Step) -> list[TargetSummary]:
    """One summary per target; `step` is called when one of the `STEPS` of a target is done."""
    tasks = list(product(STEPS, names))
    work = Parallel(n_jobs=plan.settings.n_jobs, return_as="generator")
    found: dict[tuple[str, str], Any] = {}
    for (doing, name), result in zip(tasks, work(delayed(STEPS[d])(plan, n) for d, n in tasks), strict=True):
        found[doing, name] = result
        step(f"{name}: {doing}")
    return [_summary(plan, name, *(found[doing, name] for doing in STEPS)) for name in names]


def _summary(
    plan: Plan, name: str, explanation: Explanation, predictions: pd.DataFrame, trials: pd.DataFrame
) -> TargetSummary:
    n = int(plan.data.targets[name].notna().sum())
    return TargetSummary(
        name=name,
        n=n,
        n_missing=len(plan.data) - n,
        trials=trials,
        scores=summary(trials),
        n_fitted=min(n, plan.settings.most_rows),
        predictions=predictions,
        explanation=explanation,
    )


def rows_of(plan: Plan, names: Sequence[str]) -> Dataset:
    """The rows that models are fitted on: for each target all that have a value, or a random part of them."""
    kept = np.zeros(len(plan.data), bool)
    for name in names:
        known = np.flatnonzero(plan.data.targets[name].notna())
        order = np.random.default_rng(plan.settings.seed).permutation(len(known))
        kept[known[order[: plan.settings.most_rows]]] = True
    return plan.data.select(kept)


def _explained(plan: Plan, name: str) -> Explanation:
    rows = rows_of(plan, [name])
    fitted = plan.predictor.fit(items_of(rows), rows.targets[name])
    return explain(fitted, items_of(plan.data.select(plan.explained)))


def _held_out(plan: Plan, name: str) -> pd.DataFrame:
    rows = rows_of(plan, [name])
    folds = KFold(FOLDS, shuffle=True, random_state=plan.settings.seed)
    splits = [
        tuple(rows.select(part) for part in _masks(len(rows), test)) for _, test in folds.split(rows.targets)
    ]
    rest = ~plan.data.targets.index.isin(rows.targets.index)
    if rest.any():
        splits.append((rows, plan.data.select(rest)))
    predicted = pd.Series(np.nan, index=plan.data.targets.index)
    for seen, unseen in splits:
        fitted = plan.predictor.fit(items_of(seen), seen.targets[name])
        predicted[unseen.targets.index] = np.asarray(fitted.predict(items_of(unseen)))
    return pd.DataFrame({"measured": plan.data.targets[name], "predicted": predicted})


def _masks(n: int, test: NDArray[np.intp]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which of n rows are to learn from, and which are to be predicted."""
    unseen = np.isin(np.arange(n), test)
    return ~unseen, unseen


def _trials(plan: Plan, name: str) -> pd.DataFrame:
    known = plan.data.select(plan.data.targets[name].notna().to_numpy())
    free = free_rows(known.architectures, known.space, known.info, plan.settings.seed)
    return evaluate(
        {**plan.predictors, **free},
        items_of(known),
        known.targets[name],
        train_sizes=choose_sizes(plan.settings.train_sizes, len(known)),
        seeds=plan.settings.seeds,
        direction=known.metadata.loc[name, "direction"],
    )


STEPS: dict[str, Callable[[Plan, str], Any]] = {
    "predictions explained": _explained,
    "held-out architectures predicted": _held_out,
    "ranked with few labels": _trials,
}
