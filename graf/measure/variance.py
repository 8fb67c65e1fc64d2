"""How much of a measured figure is architecture, how much recipe, and how much luck."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.exceptions import InputError

__all__ = ["variance_shares"]

SHARES = ["architecture", "recipe", "interaction", "seed", "noise"]
Floats = NDArray[np.floating]


def variance_shares(values: Floats, repeats: Floats) -> pd.Series[float]:
    """Shares of the variance over pairs of architecture and recipe, by two-way analysis of variance.

    A figure is taken as the sum of a mean and of random effects:

    - architecture, recipe,
    - interaction, which no sum of these two can tell: the order of architectures depends on the
      recipe,
    - seed: the luck of an architecture under a seed, in all its recipes alike (where recipes
      start from the same initial weights),
    - noise: all other luck of a run.

    The variances follow from mean squares (Searle, Casella & McCulloch, Variance Components,
    1992). With r recipes, a architectures and MS_S, MS_E of seeds and of the remainder within the
    repeated architectures: noise = MS_E, seed = (MS_S - MS_E) / r, interaction = MS_AR - MS_E,
    recipe = (MS_R - MS_AR) / a, architecture = (MS_A - MS_AR) / r - seed. What comes out below
    zero is zero.

    Parameters
    ----------
    values : (a, r), one run of each pair, all with one seed.
    repeats : (architectures, r, seeds), runs of some architectures with at least two seeds.

    Returns
    -------
    Series of the five shares, which add up to one.

    Raises
    ------
    InputError
        If there are fewer than two architectures, recipes or seeds, no architecture was
        repeated, or values are missing or all the same.

    Examples
    --------
    >>> additive = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    >>> variance_shares(additive, np.ones((3, 2, 2))).round(2).to_dict()
    {'architecture': 0.89, 'recipe': 0.11, 'interaction': 0.0, 'seed': 0.0, 'noise': 0.0}
    """
    values, repeats = np.asarray(values), np.asarray(repeats)
    _check(values, repeats)
    a, r = values.shape
    rows, columns = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    ms_a, ms_r = r * rows.var(ddof=1), a * columns.var(ddof=1)
    ms_ar = _remainder(values)
    ms_s = r * repeats.mean(axis=1).var(axis=1, ddof=1).mean()
    ms_e = float(np.mean([_remainder(runs) for runs in repeats]))
    seed = max((ms_s - ms_e) / r, 0)
    found = [(ms_a - ms_ar) / r - seed, (ms_r - ms_ar) / a, ms_ar - ms_e, seed, ms_e]
    shares = pd.Series(np.maximum(found, 0), index=SHARES)
    return shares / shares.sum()


def _remainder(table: Floats) -> float:
    """Mean square of what row means and column means leave."""
    n, k = table.shape
    rest = table - table.mean(axis=1, keepdims=True) - table.mean(axis=0, keepdims=True) + table.mean()
    return float((rest**2).sum() / ((n - 1) * (k - 1)))


def _check(values: Floats, repeats: Floats) -> None:
    if values.ndim != 2 or min(values.shape) < 2 or np.isnan(values).any() or np.ptp(values) == 0:
        raise InputError(
            "`values` must be (architectures, recipes), at least two of each, without missing values and"
            f" not all the same, got shape {values.shape} with {np.isnan(values).sum()} missing"
        )
    n, r, seeds = repeats.shape if repeats.ndim == 3 else (0, 0, 0)
    if n < 1 or seeds < 2 or r != values.shape[1] or np.isnan(repeats).any():
        raise InputError(
            "`repeats` must be (architectures, recipes, seeds), the recipes those of `values`, at least two"
            f" seeds and no missing values, got shape {repeats.shape} with {np.isnan(repeats).sum()} missing"
        )
