"""The evaluation protocol: few labels, many splits, all other architectures as test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import product
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from sklearn.base import clone
from sklearn.model_selection import train_test_split
from threadpoolctl import threadpool_limits

from graf.checks import LARGEST_SEED, is_whole
from graf.exceptions import InputError
from graf.predictors.checks import check_jobs
from graf.predictors.inputs import Inputs
from graf.predictors.metrics import Direction, Floats, check_direction, score
from graf.predictors.predictor import PerformancePredictor
from graf.predictors.targets import read_targets

__all__ = ["evaluate", "summary"]

FIRST_SPLIT = 42  # the published protocol splits with seeds 42, 43, ...
MOST_SEED = LARGEST_SEED - FIRST_SPLIT
Pair = tuple[PerformancePredictor, pd.DataFrame]
Entrant = PerformancePredictor | Pair


def evaluate(
    predictors: Mapping[str, Entrant],
    items: Any,
    y: Any,
    *,
    train_sizes: Iterable[int] = (32, 128, 1024),
    seeds: Iterable[int] = range(10),
    direction: Direction = "max",
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """How well predictors do with few labels, by number of labels and split.

    For every size n and seed s, `train_test_split(train_size=n, random_state=42 + s)` of
    scikit-learn draws the labels that all predictors learn from; all other items are the test.
    Protocol of Kadlecová et al., GRAF, ICML 2024. Features are computed once.

    Parameters
    ----------
    predictors : by label, a predictor, or a pair of one and a DataFrame with a row per item that
        it predicts from instead, as `free_rows` gives them: in any order if it names the same architectures,
        else in that of the items. Seeds of models are their own.
    items : architectures, graphs, or a DataFrame indexed by architecture.
    y : one target, as in `PerformancePredictor.fit`.
    train_sizes : numbers of labels; at least two items must be left for the test.
    seeds : numbers of the splits.
    direction : which end of the target is better, "max" or "min".
    n_jobs : threads, None for one. Changes nothing but `fit_seconds`.

    Returns
    -------
    DataFrame with a row per predictor, size and seed: `predictor`, `labels`, `seed`, the metrics
    of `score` on the test items, and `fit_seconds`.

    Raises
    ------
    InputError
        If there is no predictor, a size does not fit the number of items, a seed is no whole number
        from 0 on, or there are several targets.
    """
    check_direction(direction)
    check_jobs(n_jobs)
    seeds = _checked_seeds(seeds)
    _check_predictors(predictors)
    prepared = {label: _prepare(entrant, items) for label, entrant in predictors.items()}
    prepared = _in_one_order(prepared, _names(items, predictors, prepared))
    values = _one_target(y, prepared)
    train_sizes = _checked_sizes(train_sizes, len(values))
    trials = (
        delayed(_trial)(*prepared[label], values, n, seed, direction, label)
        for label, n, seed in product(prepared, train_sizes, seeds)
    )
    with threadpool_limits(1):  # a limit that threads set one by one would outlast them
        return pd.DataFrame(Parallel(n_jobs=n_jobs, prefer="threads")(trials))


def _checked_seeds(seeds: Iterable[int]) -> list[int]:
    found = list(seeds) if isinstance(seeds, Iterable) else []
    if not found or not all(is_whole(seed, 0, MOST_SEED) for seed in found):
        raise InputError(f"`seeds` must be whole numbers from 0 on, such as range(10), got {seeds!r:.60}")
    return found


def _check_predictors(predictors: Any) -> None:
    if not isinstance(predictors, Mapping):
        raise InputError(
            "`predictors` must be a dictionary from a label to a predictor, got"
            f" {type(predictors).__name__}; give one such as {{'forest': PerformancePredictor()}}"
        )
    for label, entrant in predictors.items():
        predictor, *own = entrant if isinstance(entrant, tuple) and entrant else (entrant,)
        paired = not isinstance(entrant, tuple) or (len(own) == 1 and isinstance(own[0], pd.DataFrame))
        if not (isinstance(predictor, PerformancePredictor) and paired):
            raise InputError(
                f"`predictors[{label!r}]` must be a PerformancePredictor, or a pair of one and a DataFrame, got"
                f" {entrant!r:.60}"
            )


def _prepare(entrant: Entrant, items: Any) -> Pair:
    """The predictor on precomputed columns, and these columns."""
    predictor, own = entrant if isinstance(entrant, tuple) else (entrant, items)
    inputs = Inputs.learn(own, predictor.features, predictor.graph_features())
    table = inputs.table(own).set_axis(inputs.plain_names, axis=1)
    return clone(predictor).set_params(features="given", warn_beyond=None), table


def _names(
    items: Any,
    predictors: Mapping[str, Entrant],
    prepared: Mapping[str, Pair],
) -> pd.Index[Any]:
    """The items by name, in their order; none where they have no names."""
    for label, entrant in predictors.items():
        if not isinstance(entrant, tuple):
            return prepared[label][1].index
    if isinstance(items, pd.DataFrame):
        return items.index
    named = np.iterable(items) and all(isinstance(item, str) for item in items)
    return pd.Index(items if named else [], dtype=object)


def _in_one_order(prepared: Mapping[str, Pair], names: pd.Index[Any]) -> dict[str, Pair]:
    """Tables of the same architectures in the order of the items; others are in that order."""
    found: dict[str, Pair] = {}
    for label, (predictor, table) in prepared.items():
        same = table.index.is_unique and names.is_unique and not names.symmetric_difference(table.index).size
        found[label] = predictor, table.loc[names] if same else table
    return found


def _one_target(y: Any, prepared: Mapping[str, Pair]) -> Floats:
    if not prepared:
        raise InputError("`predictors` must hold at least one predictor, got none")
    targets = [read_targets(y, table.index) for _, table in prepared.values()]
    if targets[0].shape[1] != 1:
        raise InputError(
            f"`y` must be one target, got {', '.join(map(str, targets[0]))}; evaluate them one by one"
        )
    return targets[0].iloc[:, 0].to_numpy()


def _checked_sizes(train_sizes: Iterable[int], n_items: int) -> list[int]:
    found = list(train_sizes) if isinstance(train_sizes, Iterable) else []
    if not found:
        raise InputError(
            f"`train_sizes` must hold numbers of labels, such as (32, 128), got {train_sizes!r:.60}"
        )
    for size in found:
        if not is_whole(size, 2, n_items - 2):
            raise InputError(
                f"`train_sizes` must lie between 2 and {n_items - 2} for {n_items} items, got {size!r:.60};"
                " two items must be left for the test"
            )
    return found


def _trial(
    predictor: PerformancePredictor,
    table: pd.DataFrame,
    y: Floats,
    size: int,
    seed: int,
    direction: Direction,
    label: str,
) -> dict[str, Any]:
    train, test = train_test_split(np.arange(len(y)), train_size=size, random_state=FIRST_SPLIT + seed)
    start = perf_counter()
    fitted = clone(predictor).fit(table.iloc[train], y[train])
    seconds = perf_counter() - start
    figures = score(y[test], fitted.predict(table.iloc[test]), direction)
    return {"predictor": label, "labels": size, "seed": seed, **figures, "fit_seconds": seconds}


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over the splits of what `evaluate` returned.

    One row per predictor and size: `predictor`, `labels`, `n_splits`, and `<figure>_mean` and
    `<figure>_std` of each. A figure that is undefined (NaN) on a split is undefined here.
    """
    keys = ["predictor", "labels"]
    grouped = results.groupby(keys, sort=False)
    table = pd.DataFrame({"n_splits": grouped.size()})
    for name in results.columns.drop([*keys, "seed"]):
        table[f"{name}_mean"] = grouped[name].agg(lambda values: values.mean(skipna=False))
        table[f"{name}_std"] = grouped[name].agg(lambda values: values.std(skipna=False))
    return table.reset_index()
