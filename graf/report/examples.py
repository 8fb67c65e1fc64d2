"""The best, a middling and the worst architecture, and what drove their predictions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from graf.datasets import Dataset
from graf.explainers import Explanation
from graf.graph import ComputationGraph

__all__ = ["Example", "choose_examples", "examples"]

N_DRIVERS = 5


@dataclass(frozen=True)
class Example:
    """One architecture.

    Parameters
    ----------
    role : "best", "middling" or "worst".
    graph : its computation graph, None if graf does not know the search space.
    values : by target: `measured` (NaN if it was not), `predicted` and `base`, the prediction
        when nothing is known.
    drivers : the features that moved each prediction most: target, feature, value, contribution.
    """

    role: str
    architecture: str
    graph: ComputationGraph | None
    values: pd.DataFrame
    drivers: pd.DataFrame


def choose_examples(data: Dataset, target: str) -> dict[str, str]:
    """Architectures by role: first, middle and last by the measured values of a target."""
    ascending = data.metadata.loc[target, "direction"] == "min"
    ranked = data.targets[target].dropna().sort_values(ascending=ascending, kind="stable").index
    return {"best": ranked[0], "middling": ranked[len(ranked) // 2], "worst": ranked[-1]}


def examples(
    data: Dataset, chosen: Mapping[str, str], explanations: Mapping[str, Explanation]
) -> list[Example]:
    """The chosen architectures with what the explanations, which must hold them, say of them."""
    found = []
    for role, architecture in chosen.items():
        values, drivers = {}, []
        for target, explanation in explanations.items():
            row = explanation.architectures.get_loc(architecture)
            values[target] = {
                "measured": data.targets.loc[architecture, target],
                "predicted": explanation.predictions[row],
                "base": explanation.base_values[row],
            }
            drivers.append(_drivers(explanation, row, target))
        graph = None if data.space is None else data.space.graph(architecture)
        table = pd.DataFrame(values).T
        found.append(Example(role, architecture, graph, table, pd.concat(drivers, ignore_index=True)))
    return found


def _drivers(explanation: Explanation, row: int, target: str) -> pd.DataFrame:
    contribution = pd.Series(explanation.values[row], index=explanation.feature_names)
    strongest = contribution.abs().sort_values(ascending=False, kind="stable").index[:N_DRIVERS]
    return pd.DataFrame(
        {
            "target": target,
            "feature": strongest,
            "value": explanation.data.iloc[row][strongest].to_numpy(),
            "contribution": contribution[strongest].to_numpy(),
        }
    )
