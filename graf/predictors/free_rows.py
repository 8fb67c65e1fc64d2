"""Free rows: what costs nothing to predict from, and what a predictor must beat."""

from __future__ import annotations

from typing import Any

import pandas as pd
from sklearn.linear_model import LinearRegression

from graf.features import GraphFeatures
from graf.predictors.predictor import PerformancePredictor
from graf.spaces import SearchSpace, get_space

__all__ = ["free_rows"]

COSTS = {"FLOPs": "n_macs", "parameters": "n_parameters"}


def free_rows(
    items: Any,
    space: str | SearchSpace | None = None,
    info: pd.DataFrame | None = None,
    random_state: int | None = 0,
) -> dict[str, tuple[PerformancePredictor, pd.DataFrame]]:
    """FLOPs alone, parameters alone, and one-hot with a random forest, for `evaluate`.

    FLOPs (multiply-adds) and parameters predict by a straight line, so they rank architectures
    as the raw number does, with the sign that the training labels give it.

    Parameters
    ----------
    items : architectures, or a DataFrame indexed by architecture.
    space : their search space or its name; without it, one-hot is left out.
    info : table with a row per item; its columns `n_macs` and `n_parameters` are used instead of
        the space's own count, if they lack nothing. What neither has is left out.
    random_state : seed of the random forest.

    Returns
    -------
    dict from label to a predictor and the table it predicts from.

    Examples
    --------
    >>> list(free_rows(["64-41414-1_02_333", "64-41414-0_00_111"], "transnas_micro"))
    ['FLOPs', 'parameters', 'one-hot']
    """
    architectures = list(items.index if isinstance(items, pd.DataFrame) else items)
    tables = {} if space is None else _space_tables(get_space(space), architectures)
    for label, column in COSTS.items():
        if info is not None and column in info and info[column].notna().all():
            tables[label] = info[[column]]
    line = PerformancePredictor(LinearRegression(), features="given")
    forest = PerformancePredictor(features="given", random_state=random_state)
    return {label: (line if label in COSTS else forest, table) for label, table in tables.items()}


def _space_tables(space: SearchSpace, architectures: list[Any]) -> dict[str, pd.DataFrame]:
    counts = GraphFeatures(space, [f"total({column})" for column in COSTS.values()])
    totals = counts.fit_transform(architectures).set_axis(list(COSTS.values()), axis=1)
    one_hot = pd.DataFrame(space.one_hot(architectures), totals.index).add_prefix("choice_")
    return {label: totals[[column]] for label, column in COSTS.items()} | {"one-hot": one_hot}
