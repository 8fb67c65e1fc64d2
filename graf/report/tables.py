"""The tables of a report, as they are written to CSV files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from graf.report.summarize import Summary

__all__ = ["tables"]


def tables(summary: Summary) -> dict[str, pd.DataFrame]:
    """Every table by the name of its file, all columns named, none an index."""
    by_target = {target.name: target for target in summary.targets}
    explanations = {name: target.explanation for name, target in by_target.items()}
    return {
        "targets": summary.metadata.assign(
            n=[target.n for target in summary.targets],
            n_missing=[target.n_missing for target in summary.targets],
        ).reset_index(names="target"),
        "trials": _stacked({name: target.trials for name, target in by_target.items()}),
        "scores": _stacked({name: target.scores for name, target in by_target.items()}),
        "predictions": _stacked(
            {name: t.predictions.reset_index(names="architecture") for name, t in by_target.items()}
        ),
        **{
            f"importance_by_{by}": _wide([e.importance(by) for e in explanations.values()], by)
            for by in ("feature", "family", "operation")
        },
        "effects": summary.effects.reset_index(names="feature"),
        "effects_by_operation": summary.operation_effects.reset_index(names="feature"),
        "examples": _stacked(
            {(e.role, e.architecture): e.values.reset_index(names="target") for e in summary.examples},
            ("role", "architecture"),
        ),
        "drivers": _stacked(
            {(e.role, e.architecture): e.drivers for e in summary.examples}, ("role", "architecture")
        ),
    }


def _stacked(parts: Mapping[Any, pd.DataFrame], names: tuple[str, ...] = ("target",)) -> pd.DataFrame:
    return pd.concat(parts, names=names).reset_index(level=list(names)).reset_index(drop=True)


def _wide(parts: list[pd.DataFrame], by: str) -> pd.DataFrame:
    return pd.concat(parts, axis=1).rename_axis(columns=None).reset_index(names=by)
