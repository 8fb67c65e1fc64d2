"""Measuring architectures under several training recipes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from graf.checks import count
from graf.exceptions import InputError, require
from graf.measure.checks import (
    checked_seeds,
    digits_space,
    distinct_names,
    output_paths,
)
from graf.measure.recipe import Recipe
from graf.spaces import SearchSpace

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["measure_recipes"]


def measure_recipes(
    space: SearchSpace | str,
    architectures: Sequence[Any],
    recipes: Sequence[Recipe],
    folder: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    seeds: Sequence[int] = (0, 1),
    repeat_every: int = 6,
    n_jobs: int | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Train every architecture under every recipe on handwritten digits, and measure accuracy.

    Results are saved as they come, so a call that was stopped goes on where it was when it is
    repeated, also with more architectures at the end. One architecture is finished after the
    other: wherever it is stopped, the table holds complete ones. Needs the extra `torch`.

    Parameters
    ----------
    space, folder, out, n_jobs, progress : as in `measure`; the journal is `recipes.jsonl`.
    architectures : in the notation of the space.
    recipes : at least two different ones; see `sample_recipes`.
    seeds : of initial weights and order of images. All architectures are trained with the first.
    repeat_every : one in so many architectures is trained with the other seeds too, which tells
        how much is noise.

    Returns
    -------
    DataFrame with a row per architecture and recipe; see `graf.measure.recipe_table.assemble`.

    Raises
    ------
    InputError
        If an argument cannot be used, or the folder holds a measurement with other recipes.
    GrafError
        If a run fails; names its architecture, recipe and seed.
    MissingDependencyError
        If torch is not installed.

    Examples
    --------
    >>> from graf.measure import distinct_architectures, measure_recipes, sample_recipes
    >>> from graf.spaces import get_space
    >>> space = get_space("nasbench201", channels=8, cells_per_stage=1, n_stages=1, input_shape=(1, 8, 8))
    >>> cells = distinct_architectures(space, 100)
    >>> table = measure_recipes(space, cells, sample_recipes(24), "recipes")  # doctest: +SKIP
    """
    require("torch", extra="torch")
    from graf.measure.digits import SIZES
    from graf.measure.recipe_table import assemble
    from graf.measure.train import check_recipe
    from graf.measure.training import run_recipes

    space = digits_space(space)
    names = distinct_names(space, architectures)
    recipes = list(recipes) if isinstance(recipes, Iterable) else [recipes]
    for recipe in recipes:
        check_recipe(recipe, SIZES["train"])
    if len(recipes) < 2 or len(set(recipes)) < len(recipes):
        raise InputError(f"`recipes` must be different ones, at least two, got {len(recipes)}")
    seeds = checked_seeds(seeds)
    count("n_jobs", 1 if n_jobs is None else n_jobs)
    count("repeat_every", repeat_every)
    folder, out = output_paths(folder, out)
    run_recipes(
        space,
        names,
        recipes,
        folder,
        seeds=seeds,
        repeat_every=repeat_every,
        n_jobs=n_jobs,
        progress=progress,
    )
    return assemble(folder, out)
