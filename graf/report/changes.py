"""What would change the example architectures: the smallest mutations that are predicted to pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from graf.datasets import Dataset
from graf.predictors import PerformancePredictor
from graf.report.target import Plan, rows_of
from graf.searchers import improve

__all__ = ["changes"]

COSTS = ("latency", "energy")
N_CHANGES = 3


def changes(plan: Plan, names: Sequence[str], lead: str, chosen: Mapping[str, str]) -> pd.DataFrame:
    """The fewest changes of chosen architectures that are predicted to better the lead target at no cost.

    Parameters
    ----------
    plan : what all targets share; without a search space nothing can be changed.
    names : targets of the report; those that are costs must not get worse.
    lead : the target that is to get better.
    chosen : architectures by role.

    Returns
    -------
    DataFrame
        A row per change: role, architecture, changed (as the dataset writes it, if it has it), changes in words, and for
        each target `predicted TARGET`, how much it changes, and `measured TARGET`, the same where the dataset knows both.
    """
    data, predictor = plan.data, plan.predictor
    header = ["role", "architecture", "changed", "changes"]
    if data.space is None or predictor.features != "graph":
        return pd.DataFrame(columns=header)
    metadata = data.metadata.loc[list(names)]
    costs = metadata.index[metadata["group"].isin(COSTS)]
    targets = [lead, *costs.drop(lead, errors="ignore")]
    header += [f"{kind} {target}" for target in targets for kind in ("predicted", "measured")]
    rows = rows_of(plan, targets)
    predictor.fit(rows.architectures, rows.targets[targets])
    written = {data.space.format(data.space.parse(name)): name for name in data.architectures}
    found = [_changes_of(data, predictor, targets, written, *which) for which in chosen.items()]
    return pd.concat(found, ignore_index=True)[header]


def _changes_of(
    data: Dataset,
    predictor: PerformancePredictor,
    targets: list[str],
    written: Mapping[str, str],
    role: str,
    architecture: str,
) -> pd.DataFrame:
    """Those of one architecture, by a fitted predictor; `written` says how the dataset writes what it has."""
    directions = data.metadata.loc[targets, "direction"].to_dict()
    better = improve(predictor, architecture, directions, n=N_CHANGES, space=data.space)
    better["architecture"] = [written.get(name, name) for name in better["architecture"]]
    known = data.targets[targets].reindex(better["architecture"]) - data.targets.loc[architecture, targets]
    table = better[["architecture", "changes"]].rename(columns={"architecture": "changed"})
    table = table.assign(role=role, architecture=architecture)
    for target in targets:
        table[f"predicted {target}"] = better[f"change of {target}"]
        table[f"measured {target}"] = known[target].to_numpy()
    return table
