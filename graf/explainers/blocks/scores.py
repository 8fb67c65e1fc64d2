"""block_scores: the effect of each option at each position on each target."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from graf.exceptions import InputError
from graf.explainers.blocks.regression import ChoiceModel
from graf.spaces import SearchSpace, get_space
from graf.spaces.parts.one_hot import one_hot

__all__ = ["block_scores"]

Floats = NDArray[np.float64]
QUANTILES = (0.1, 0.5, 0.9)
FEWEST = 2  # networks with an option, without which nothing is said of it


def block_scores(
    space: SearchSpace | str,
    architectures: Sequence[Any],
    targets: pd.DataFrame | pd.Series[Any],
    *,
    level: float = 0.95,
) -> pd.DataFrame:
    """What each option at each position does to each target, from measurements of whole networks.

    Parameters
    ----------
    space : search space of the architectures, or its name.
    architectures : (n,), drawn from the space at random or nearly so.
    targets : (n, n_targets) in the order of the architectures; rows without a value are left out, target
        by target. Logarithms make effects into ratios.
    level : of the intervals.

    Returns
    -------
    DataFrame
        A row per target, position and option, and one per target and block for all positions together
        (`position` is NA). Columns:

        - `target`, `kind`, `block`: options of one name among choices of one kind are the same block at
          different positions; `position`, `choice`, `option`: where, in numbers and in words;
        - `n`, `mean` with `mean_low` and `mean_high`: networks that contain it, and their mean (t interval);
        - `effect` with `effect_low`, `effect_high`, `p`, `p_adjusted`: main effect, how much higher the
          target is than with the average option there, all other choices equal, by least squares on all
          choices with errors robust to unequal variances (HC2). Of all positions: the mean over them;
        - `placement` with `placement_low`, `placement_high`, `placement_p`, `placement_p_adjusted`: how much
          more that effect is here than in the mean over all positions of the block;
        - `shift_10`, `shift_50` with `shift_50_low` and `shift_50_high`, `shift_90`: quantiles of the networks that
          contain it, less those of all (intervals from order statistics).

        Adjusted p-values control the rate of false discoveries over all targets and options of the call
        (Benjamini & Hochberg, 1995). NaN where fewer than two networks have the option, or where the
        choices in the data do not tell effects apart.

    Raises
    ------
    InputError
        If there are not as many rows as architectures, a target has too few values, or another argument is not
        what it should be.

    Notes
    -----
    Effects are those of an additive model: what a block does beside certain others only, it does not
    show. O(n k^2) for k options in all.

    Examples
    --------
    >>> space = get_space("transnas_micro")
    >>> cells = space.sample(200)
    >>> y = pd.Series(1.0 * (space.choices(cells)[:, 0] == 3), name="accuracy")
    >>> scores = block_scores(space, cells, y).set_index(["choice", "block"])
    >>> bool(scores.loc[("1->2", "conv3x3"), "effect"] - scores.loc[("1->2", "none"), "effect"] > 0.999)
    True
    """
    if not isinstance(targets, (pd.Series, pd.DataFrame)):
        raise InputError(f"`targets` must be a Series or DataFrame, got {type(targets).__name__}")
    if not 0 < level < 1:
        raise InputError(f"`level` must lie between 0 and 1, got {level!r:.40}")
    space = get_space(space)
    table = targets.to_frame() if isinstance(targets, pd.Series) else targets
    if len(table) != len(architectures):
        raise InputError(
            f"`targets` must have a row per architecture, got {len(table)} rows for {len(architectures)} architectures"
        )
    choices = space.choices(architectures)
    found = [_of_target(space, choices, table[name].to_numpy(np.float64), level) for name in table]
    scores = pd.concat(found, keys=list(table), names=["target"]).reset_index("target").reset_index(drop=True)
    return _adjusted(scores)


def _of_target(space: SearchSpace, choices: NDArray[np.int32], y: Floats, level: float) -> pd.DataFrame:
    known = np.isfinite(y)
    if known.sum() <= len(space.cardinalities):
        raise InputError(
            f"`targets` must have more than {len(space.cardinalities)} values, got {known.sum()}"
        )
    columns, y = one_hot(choices[known], space.cardinalities), y[known]
    has, options, model = columns > 0, _options(space), ChoiceModel.fit(columns, y)
    weights = _main_effects(has, options["position"].to_numpy())
    groups = _groups(options, has)
    spread = np.array([weights[members].mean(axis=0) for members in groups.values()])
    spread = spread.reshape(-1, has.shape[1])  # also of no groups
    single = options.assign(**_summaries(has, y, level), **_estimates("effect", model, weights, level))
    single = single.assign(**_estimates("placement", model, _placements(weights, groups), level))
    everywhere = pd.DataFrame(list(groups), columns=["kind", "block"]).assign(
        choice="everywhere",
        n=[int(has[:, members].any(axis=1).sum()) for members in groups.values()],
        **_estimates("effect", model, spread, level),
    )
    return pd.concat([single, everywhere], ignore_index=True).astype({"position": "Int64", "option": "Int64"})


def _options(space: SearchSpace) -> pd.DataFrame:
    """A row for each option of each position, in the order of one-hot columns."""
    rows = [
        (space.choice_kind(i), space.option_name(i, k), i, space.choice_name(i), k)
        for i, cardinality in enumerate(space.cardinalities)
        for k in range(cardinality)
    ]
    return pd.DataFrame(rows, columns=["kind", "block", "position", "choice", "option"])


def _main_effects(has: NDArray[np.bool_], position: NDArray[Any]) -> Floats:
    """Each option against the average one at its position, as weights of one-hot columns."""
    share = has.mean(axis=0)
    same = position[:, None] == position
    weights = np.eye(len(position)) - same * share
    weights[has.sum(axis=0) < FEWEST] = 0.0
    return weights


def _groups(options: pd.DataFrame, has: NDArray[np.bool_]) -> dict[Any, list[int]]:
    """Rows of the options that are one block at several positions."""
    used = options[has.sum(axis=0) >= FEWEST]
    groups = used.groupby(["kind", "block"], sort=False).groups
    return {key: list(rows) for key, rows in groups.items() if len(rows) > 1}


def _placements(weights: Floats, groups: dict[Any, list[int]]) -> Floats:
    found = np.zeros_like(weights)
    for members in groups.values():
        found[members] = weights[members] - weights[members].mean(axis=0)
    return found


def _estimates(name: str, model: ChoiceModel, weights: Floats, level: float) -> dict[str, Floats]:
    value, low, high, p = model.contrasts(weights, level)
    prefix = "" if name == "effect" else f"{name}_"
    return {name: value, f"{name}_low": low, f"{name}_high": high, f"{prefix}p": p}


def _summaries(has: NDArray[np.bool_], y: Floats, level: float) -> dict[str, Floats]:
    """Means and quantiles of the networks that have each option, NaN where these are too few."""
    n = has.sum(axis=0)
    enough = np.maximum(n, FEWEST)
    few = np.full(FEWEST, np.nan)
    parts = [np.sort(y[here]) if k >= FEWEST else few for here, k in zip(has.T, n, strict=True)]
    mean, std = np.array([(part.mean(), part.std(ddof=1)) for part in parts]).T
    half = stats.t.ppf((1 + level) / 2, enough - 1) * std / np.sqrt(enough)
    overall = np.quantile(y, QUANTILES)
    low, middle, high = np.array([np.quantile(part, QUANTILES) for part in parts]).T - overall[:, None]
    rank = np.maximum(stats.binom.ppf((1 - level) / 2, enough, 0.5).astype(int), 1)
    ends = np.array([(part[k - 1], part[-k]) for part, k in zip(parts, rank, strict=True)]).T - overall[1]
    return {
        "n": n,
        "mean": np.where(n == 1, [y[here].sum() for here in has.T], mean),
        "mean_low": mean - half,
        "mean_high": mean + half,
        "shift_10": low,
        "shift_50": middle,
        "shift_50_low": ends[0],
        "shift_50_high": ends[1],
        "shift_90": high,
    }


def _adjusted(scores: pd.DataFrame) -> pd.DataFrame:
    """With p-values that control the rate of false discoveries, single positions and all together apart."""
    for name in ("p", "placement_p"):
        scores[f"{name}_adjusted"] = np.nan
        for alone in (True, False):
            rows = scores.index[scores[name].notna() & (scores["position"].notna() == alone)]
            if len(rows):
                scores.loc[rows, f"{name}_adjusted"] = stats.false_discovery_control(scores.loc[rows, name])
    return scores
