"""Smaller search spaces, without the options that are good for nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.directions import SIGNS, check_directions
from graf.exceptions import InputError, check_known, require
from graf.spaces import SearchSpace, get_space

__all__ = ["dropped_options", "expected_gain", "predicted", "reduce_space"]

Floats = NDArray[np.float64]
FALSE_RATE = 0.05  # of positions at which the option is held to matter
N_WEIGHTS = 101  # ways to weigh two targets
N_DRAWN = 2000  # ways to weigh more, drawn at random


def reduce_space(
    space: SearchSpace | str,
    scores: pd.DataFrame,
    directions: Mapping[str, str],
    *,
    n_dropped: int | None = None,
    certain: bool = True,
) -> SearchSpace:
    """The space without options that are best for no weighing of the targets.

    At each position, an option is dropped if whatever weights the targets get, another option is better: it
    lies inside of the front that the options span. In an additive model, the architectures that are best
    for some weighing of the targets are all left.

    Parameters
    ----------
    space : the space that was scored, or its name.
    scores : from `block_scores`.
    directions : "max" or "min" by target; the targets that count.
    n_dropped : drop only so many, the worst first; None for all.
    certain : drop only options that are worse, at some weighing, by more than the intervals of both, and
        only at positions where an option has an effect (adjusted p-value below 0.05).

    Returns
    -------
    SearchSpace
        A `ReducedSpace`, which samples, enumerates and mutates within what is left.
    """
    space = get_space(space)
    order = dropped_options(space, scores, directions, certain=certain)
    left = [set(range(k)) for k in space.cardinalities]
    for position, option in zip(order["position"][:n_dropped], order["option"][:n_dropped], strict=True):
        left[position].discard(option)
    return space.reduced(dict(enumerate(left)))


def dropped_options(
    space: SearchSpace, scores: pd.DataFrame, directions: Mapping[str, str], *, certain: bool = True
) -> pd.DataFrame:
    """Options that `reduce_space` drops, the worst first: position, option, block, and `loss`.

    The loss is how much worse than another the option is where it does best, in standard deviations of
    the predicted targets.
    """
    table = _single(scores, directions)
    table = table.assign(half=table["effect"] - table["effect_low"])
    signs = np.array([SIGNS[end] for end in directions.values()])
    scale = _spread(space, table, list(directions))
    weights = _weights(len(signs)) / scale
    rows = []
    for position, group in table.groupby("position"):
        value, half = (_by_target(group, column, list(directions)) for column in ("effect", "half"))
        known = value.notna().all(axis=1)
        if certain and not (group["p_adjusted"] < FALSE_RATE).any():
            continue
        losses = _losses(value[known].to_numpy() * signs, half[known].to_numpy() * certain, weights)
        names = group.set_index("option")["block"].groupby(level=0).first()
        rows += [
            (position, k, names[k], loss)
            for k, loss in zip(value.index[known], losses, strict=True)
            if loss > 0
        ]
    found = pd.DataFrame(rows, columns=["position", "option", "block", "loss"])
    return found.sort_values("loss", ascending=False, kind="stable").reset_index(drop=True)


def predicted(space: SearchSpace, scores: pd.DataFrame, architectures: Sequence[Any]) -> pd.DataFrame:
    """Targets of architectures as the effects add up to them; options without an effect count as average."""
    choices = space.choices(architectures)
    single = scores[scores["position"].notna()]
    found = {}
    for name, group in single.groupby("target", sort=False):
        first = group[group["position"] == group["position"].min()]
        value = np.full(len(choices), np.average(first["mean"].fillna(0), weights=first["n"]))
        for position, rows in group.groupby("position"):
            effects = np.zeros(space.cardinalities[position])
            effects[rows["option"].astype(int)] = rows["effect"].fillna(0.0)
            value += effects[choices[:, position]]
        found[name] = value
    return pd.DataFrame(found)


def expected_gain(
    space: SearchSpace,
    reduced: SearchSpace,
    scores: pd.DataFrame,
    directions: Mapping[str, str],
    *,
    budget: int = 100,
    n_repeats: int = 20,
    seed: int = 0,
) -> pd.DataFrame:
    """What random search is expected to gain in a reduced space, if effects add up as in the scores.

    Returns a row per repetition with the hypervolume of the front of `budget` architectures drawn from
    each space, `full` and `reduced`, and their ratio `gain`. Targets are scaled to the range that both
    draws span. Needs the extra `search`.
    """
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(n_repeats):
        drawn = [s.sample(budget, int(rng.integers(2**31))) for s in (space, reduced)]
        full, small = (_costs(predicted(space, scores, found), directions) for found in drawn)
        low, high = np.vstack([full, small]).min(axis=0), np.vstack([full, small]).max(axis=0)
        volumes = [
            hypervolume((costs - low) / np.where(high > low, high - low, 1)) for costs in (full, small)
        ]
        rows.append((*volumes, volumes[1] / volumes[0]))
    return pd.DataFrame(rows, columns=["full", "reduced", "gain"])


def hypervolume(costs: Floats) -> float:
    """Volume that costs (n, n_targets), each at best 0, dominate up to 1 (Zitzler & Thiele, 1998)."""
    require("pymoo", extra="search")
    from pymoo.indicators.hv import HV

    return float(HV(ref_point=np.ones(costs.shape[1]))(costs))


def _costs(targets: pd.DataFrame, directions: Mapping[str, str]) -> Floats:
    return targets[list(directions)].to_numpy() * [-SIGNS[end] for end in directions.values()]


def _single(scores: pd.DataFrame, directions: Mapping[str, str]) -> pd.DataFrame:
    if not directions:
        raise InputError("`directions` must name at least one target, got none")
    for name in directions:
        check_known("target", name, set(scores["target"]))
    check_directions(directions)
    return scores[scores["position"].notna() & scores["target"].isin(list(directions))]


def _spread(space: SearchSpace, table: pd.DataFrame, names: list[str]) -> Floats:
    """Standard deviation of each target over the space, as far as single effects make it."""
    variance = (
        (table["n"] * table["effect"].fillna(0) ** 2).groupby([table["target"], table["position"]]).sum()
    )
    n = table["n"].groupby([table["target"], table["position"]]).sum()
    found = np.sqrt((variance / n).groupby("target").sum())[names].to_numpy(np.float64)
    return np.where(found > 0, found, 1.0)


def _weights(n_targets: int) -> Floats:
    """Ways to weigh targets, each adding up to 1; those of one target alone are among them."""
    if n_targets == 1:
        return np.ones((1, 1))
    if n_targets == 2:
        share = np.linspace(0, 1, N_WEIGHTS)
        return np.stack([share, 1 - share], axis=1)
    drawn = np.random.default_rng(0).dirichlet(np.ones(n_targets), N_DRAWN)
    return np.vstack([np.eye(n_targets), drawn])


def _by_target(group: pd.DataFrame, column: str, names: list[str]) -> pd.DataFrame:
    """One column of the options of a position, a column per target."""
    found = {name: rows.set_index("option")[column] for name, rows in group.groupby("target")}
    return pd.DataFrame(found)[names].astype(np.float64)


def _losses(value: Floats, half: Floats, weights: Floats) -> Floats:
    """By how much each option is worse than the best other one at the weighing where it does best.

    0 where at no weighing the lead of another exceeds half of both intervals.
    """
    worth, doubt = value @ weights.T, half @ weights.T
    lead = worth[None, :, :] - worth[:, None, :]  # of the second over the first
    lead[np.arange(len(value)), np.arange(len(value))] = -np.inf
    beyond = (lead - doubt[None, :, :] - doubt[:, None, :]).max(axis=(1, 2), initial=-np.inf) > 0
    best: Floats = lead.max(axis=1, initial=-np.inf).min(axis=1)
    return np.where(beyond, best, 0.0)
