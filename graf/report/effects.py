"""Across targets: which properties help one and cost another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.directions import SIGNS
from graf.explainers import Explanation
from graf.explainers.grouping import weights
from graf.features import Column, GraphFeatures
from graf.spaces import SearchSpace

__all__ = ["by_operation", "effects", "ordered", "strongest", "trend", "unalike"]

ALIKE = 0.9  # rank correlation above which two features tell the same story


def ordered(data: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """Feature values with infinity where no path exists, so that they can be ranked.

    Without a path the shortest one is infinitely long; a longest one is shorter than all.
    Missing values of other columns stay missing.
    """
    fills = {name: np.inf if column.family == "min_path_len" else -np.inf for name, column in columns.items()}
    return data.fillna({name: fill for name, fill in fills.items() if name in data})


def trend(explanation: Explanation) -> pd.Series[float]:
    """Spearman correlation of each feature's value with its SHAP value; 0 if either is constant.

    Near 1: more of it, higher predictions; near -1: lower ones; near 0: none, or both.
    """
    data = ordered(explanation.data, explanation.columns)
    values = pd.DataFrame(explanation.values, index=data.index, columns=data.columns)
    pairs = ((data[name].rank(), values[name].rank()) for name in data)
    found = [_correlation(*(side.to_numpy() for side in pair)) for pair in pairs]
    return pd.Series(found, index=data.columns)


def _correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(np.corrcoef(a, b)[0, 1])


def effects(
    explanations: Mapping[str, Explanation], spread: pd.Series[float], direction: pd.Series[str]
) -> pd.DataFrame:
    """How much each feature (row) helps each target (column), in standard deviations of it.

    The mean absolute SHAP value over the target's standard deviation, times `trend`. Positive
    means that more of the feature moves the target to its better end.
    """
    found = {}
    for target, explanation in explanations.items():
        size = pd.Series(np.abs(explanation.values).mean(axis=0), index=explanation.feature_names)
        found[target] = SIGNS[direction[target]] * trend(explanation) * size / spread[target]
    return pd.DataFrame(found)


def by_operation(explanation: Explanation, space: SearchSpace) -> Explanation:
    """The explanation told by operations: how often each occurs, and what all its features added.

    Features that speak of the same operation are correlated and share one effect in ways that
    differ from target to target; their sum does not. A feature counts in equal parts for each
    operation of its set.
    """
    shares = weights(explanation.feature_names, explanation.columns, "operation")
    counts = [str(Column("op_count", (op,))) for op in space.ops]
    data = GraphFeatures(space, counts).fit_transform(explanation.architectures)
    values = explanation.values @ shares.reindex(columns=list(space.ops), fill_value=0.0).to_numpy()
    return replace(explanation, values=values, data=data, columns={})


def strongest(table: pd.DataFrame, data: pd.DataFrame, n: int) -> pd.DataFrame:
    """The `n` rows with the largest effect, each target on its own scale, that are `unalike`."""
    score = (table.abs() / table.abs().max()).max(axis=1)
    names = score[score > 0].sort_values(ascending=False, kind="stable").index
    return table.loc[unalike(list(names), data, n)]


def unalike(names: Sequence[str], data: pd.DataFrame, n: int) -> list[str]:
    """The first `n` names whose values are not ranked as those of an earlier one are."""
    ranks = data.rank()
    chosen: list[str] = []
    for name in names:
        values = ranks[name].to_numpy()
        alike = (abs(_correlation(values, ranks[other].to_numpy())) > ALIKE for other in chosen)
        if len(chosen) < n and not any(alike):
            chosen.append(name)
    return chosen
