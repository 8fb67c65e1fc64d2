"""Three kinds of importance of the lead target, and where they disagree."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graf.exceptions import UnsupportedError
from graf.explainers import compare_importances
from graf.report.choices import items_of
from graf.report.target import Plan
from graf.report.words import listed

__all__ = ["importances", "importances_sentences"]

MOST_ROWS = 300  # fitted on: there are as many fits as groups, and more


def importances(plan: Plan, target: str) -> pd.DataFrame | None:
    """`compare_importances` by family, on some rows; None without refits, or if the model is not of trees.

    A random forest stands in for "auto", whose values of groups are not exact and take longer.
    """
    settings = plan.settings
    if settings.n_refits == 0:
        return None
    known = np.flatnonzero(plan.data.targets[target].notna())
    drawn = np.sort(np.random.default_rng(settings.seed).permutation(known)[:MOST_ROWS])
    rows = plan.data.select(np.isin(np.arange(len(plan.data)), drawn))
    model = "random_forest" if settings.model == "auto" else settings.model
    try:
        return compare_importances(
            plan.predictor.set_params(model=model),
            items_of(rows),
            rows.targets[target].to_numpy(),
            n_refits=settings.n_refits,
            seed=settings.seed,
            n_jobs=settings.n_jobs,
        )
    except UnsupportedError:
        return None


def importances_sentences(table: pd.DataFrame) -> list[str]:
    """How many groups are no more than noise, and why methods disagree on the others."""
    noise = table.index[~table["more_than_noise"]]
    real = table[table["more_than_noise"]]
    disagreed = real[real["reason"] != ""]
    verb = "matters" if len(real) == 1 else "matter"
    found = [f"{len(real)} of {len(table)} families {verb} more for this target than for permuted ones."]
    if len(noise):
        found.append(f"Not distinguishable from noise: {listed(noise)}.")
    if disagreed.empty and len(real) > 1:
        found.append(f"The three methods rank {'the others' if len(noise) else 'them'} alike.")
    return found + [f"{group}: {reason}." for group, reason in disagreed["reason"].items()]
