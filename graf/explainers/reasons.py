"""Why three kinds of importance disagree, in words."""

from __future__ import annotations

from typing import Any

import pandas as pd

from graf.explainers.grouping import ALIKE

__all__ = ["reasons"]


def reasons(table: pd.DataFrame) -> list[str]:
    """A reason for each row of `compare_importances`, "" where methods agree.

    Methods disagree on a group where its ranks are two apart, and by a quarter of the groups.
    """
    gap = max(2.0, len(table) / 4)
    return [_reason(row, gap) for _, row in table.iterrows()]


def _reason(row: pd.Series[Any], gap: float) -> str:
    if not row["more_than_noise"]:
        return "not distinguishable from noise: permuted targets give it as much"
    shapley, permutation, drop = (row[f"{m}_rank"] for m in ("shapley", "permutation", "drop_column"))
    if drop - min(shapley, permutation) >= gap:
        return f"{_shared(row)} once it is dropped"
    if permutation - shapley >= gap:
        if row["permutation"] <= row["permutation_std"]:
            return "the model uses it, but on unseen architectures that helps little"
        return f"{_shared(row)} while it is permuted"
    if shapley - min(permutation, drop) >= gap:
        return "moves few predictions, but those by much: errors count squares, Shapley values sizes"
    if permutation - drop >= gap:
        return "a model needs it more than this one uses it: nothing else says the same"
    return ""


def _shared(row: pd.Series[Any]) -> str:
    if row["correlation"] >= ALIKE:
        return (
            f"{row['partner']} says much the same (rank correlation {row['correlation']:.2f}) and takes over"
        )
    return "other columns together say much the same and take over"
