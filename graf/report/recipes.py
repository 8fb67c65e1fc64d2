"""How much of a target is architecture, how much training recipe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
import pandas as pd

from graf.datasets import Dataset, list_datasets, load_dataset
from graf.exceptions import InputError
from graf.measure import variance_shares

__all__ = ["RecipeShares", "recipe_part", "recipe_shares"]


@dataclass(frozen=True)
class RecipeShares:
    """Shares of the variance over pairs of architecture and recipe.

    Parameters
    ----------
    name : of the dataset of pairs.
    n_architectures : by target, those that have it under all recipes: the shares come from them alone.
    n_recipes : of the dataset.
    shares : targets x (architecture, recipe, interaction, seed, noise); see `variance_shares`.
    """

    name: str
    n_architectures: pd.Series[int]
    n_recipes: int
    shares: pd.DataFrame


def recipe_part(data: Dataset) -> Dataset | None:
    """The dataset itself if it has recipes, else the shipped one called `<name>_recipes`, if any."""
    if data.recipes.shape[1]:
        return data
    name = f"{data.name}_recipes"
    known = list_datasets()
    return load_dataset(name) if name in known.index[known["available"]] else None


def recipe_shares(data: Dataset, names: Sequence[str]) -> RecipeShares | None:
    """Shares for those targets that were measured under recipes, with repeated seeds; else None.

    The runs of other seeds are the columns `<target>_seed<k>` of `info`.
    """
    part = recipe_part(data)
    found = {} if part is None else {name: _shares(part, name) for name in names if name in part.targets}
    known = {name: one for name, one in found.items() if one is not None}
    if part is None or not known:
        return None
    shares = pd.DataFrame({name: one for name, (one, _) in known.items()}).T
    n_architectures = pd.Series({name: n for name, (_, n) in known.items()})
    return RecipeShares(part.name, n_architectures, len(part.recipes.drop_duplicates()), shares)


def _shares(part: Dataset, name: str) -> tuple[pd.Series[float], int] | None:
    """Shares of one target, over the architectures that have all recipes, and how many these are."""
    number = part.recipes.groupby(list(part.recipes), dropna=False).ngroup()  # a setting may not apply: NaN
    keys = pd.MultiIndex.from_arrays([part.targets.index, number])
    others = part.info.filter(regex=rf"^{re.escape(name)}_seed[0-9]+$")
    table = pd.concat([part.targets[name], others], axis=1).set_axis(keys, axis=0)
    runs = [table[column].unstack() for column in table]  # noqa: PD010 - nothing to aggregate
    whole = [run.index[run.notna().all(axis=1)] for run in runs]
    repeated = reduce(pd.Index.intersection, whole)
    values, repeats = runs[0].loc[whole[0]], np.stack([run.loc[repeated] for run in runs], axis=2)
    try:
        return variance_shares(values.to_numpy(), repeats), len(values)
    except InputError:  # too few were repeated, or there is nothing to share out
        return None
