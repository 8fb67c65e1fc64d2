"""The tables of a report, as they are written to CSV files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from graf.explainers import Explanation
from graf.report.examples import Example
from graf.report.summarize import Summary
from graf.report.target import TargetSummary

__all__ = ["tables"]

FACTS = ("target", "architecture", "base_value", "prediction", "other_features")  # no names of features
N_STRONGEST = 15


def tables(summary: Summary) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file, all columns named, none an index."""
    found = {
        "targets": _targets(summary),
        **_scored(summary.targets),
        "architectures": _architectures(summary),
        **_explained({target.name: target.explanation for target in summary.targets}, summary.lead),
        "effects": _indexed(summary.effects, "feature"),
        "effects_by_operation": _indexed(summary.operation_effects, "feature"),
        **_examples({(example.role, example.architecture): example for example in summary.examples}),
        "changes": summary.changes,
    }
    if summary.recipes is not None:
        found["variance"] = summary.recipes.shares.reset_index(names="target")
    if summary.importances is not None:
        found["importances"] = summary.importances.reset_index(names="family")
    return found


def _scored(targets: Sequence[TargetSummary]) -> dict[str, pd.DataFrame]:
    predictions = {target.name: target.predictions.reset_index(names="architecture") for target in targets}
    return {
        "trials": _stacked({target.name: target.trials for target in targets}),
        "scores": _stacked({target.name: target.scores for target in targets}),
        "predictions": _stacked(predictions),
    }


def _explained(explanations: dict[str, Explanation], lead: str) -> dict[str, pd.DataFrame]:
    kept = _strongest(list(explanations.values()))
    return {
        "features": _by_architecture(explanations[lead].data[kept]),
        "shap": _stacked({name: _shap(explanation, kept) for name, explanation in explanations.items()}),
        **{
            f"importance_by_{by}": _wide([e.importance(by) for e in explanations.values()], by)
            for by in ("feature", "family", "operation")
        },
    }


def _examples(examples: dict[tuple[str, str], Example]) -> dict[str, pd.DataFrame]:
    values = {key: example.values.reset_index(names="target") for key, example in examples.items()}
    drivers = {key: example.drivers for key, example in examples.items()}
    names = ("role", "architecture")
    return {"examples": _stacked(values, names), "drivers": _stacked(drivers, names)}


def _targets(summary: Summary) -> pd.DataFrame:
    counts = {name: [getattr(target, name) for target in summary.targets] for name in ("n", "n_missing")}
    return summary.metadata.assign(**counts).reset_index(names="target")


def _architectures(summary: Summary) -> pd.DataFrame:
    """All that is known of each architecture in one row."""
    renamed = [
        target.predictions.rename(columns=lambda name, of=target.name: f"{name} {of}")
        for target in summary.targets
    ]
    return _by_architecture(pd.concat([*renamed, summary.properties], axis=1))


def _by_architecture(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its index as a column; a blank behind names that other columns have already."""
    return _indexed(table.rename(columns={name: f"{name} " for name in FACTS}), "architecture")


def _indexed(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with its index as a column of this name; a blank behind that of a column that has it."""
    return table.rename(columns={name: f"{name} "}).reset_index(names=name)


def _strongest(explanations: list[Explanation]) -> list[str]:
    """The strongest features of each target, in the order of the columns."""
    kept = {name for e in explanations for name in e.importance().index[:N_STRONGEST]}
    return [name for name in explanations[0].feature_names if name in kept]


def _shap(explanation: Explanation, kept: list[str]) -> pd.DataFrame:
    """Base value, SHAP values and the sum of the other ones, which add up to the prediction; six digits."""
    values = pd.DataFrame(explanation.values, explanation.architectures, explanation.feature_names)
    facts = pd.DataFrame(
        {
            "base_value": explanation.base_values,
            "prediction": explanation.predictions,
            "other_features": values.drop(columns=kept).sum(axis=1),
        }
    )
    return _by_architecture(_short(values[kept])).merge(
        _short(facts).rename_axis("architecture").reset_index(), on="architecture"
    )


def _short(table: pd.DataFrame) -> pd.DataFrame:
    short = [[float(f"{value:.6g}") for value in row] for row in table.to_numpy().tolist()]
    return pd.DataFrame(short, table.index, table.columns)


def _stacked(parts: Mapping[Any, pd.DataFrame], names: tuple[str, ...] = ("target",)) -> pd.DataFrame:
    return pd.concat(parts, names=names).reset_index(level=list(names)).reset_index(drop=True)


def _wide(parts: list[pd.DataFrame], by: str) -> pd.DataFrame:
    return _indexed(pd.concat(parts, axis=1).rename_axis(columns=None), by)
