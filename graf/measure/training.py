"""Training many architectures on all cores, resumable at any point."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from graf.journal import Journal
from graf.measure.checks import check_repeats
from graf.measure.journals import RECIPES, RUNS
from graf.measure.pool import work_off
from graf.measure.recipe import Recipe
from graf.measure.runs import measure_run, recipe_run
from graf.spaces import SearchSpace

__all__ = ["run_recipes", "run_training"]


def run_training(
    space: SearchSpace,
    architectures: Sequence[str],
    folder: Path,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    recipe: Recipe = Recipe(),
    robustness: bool = True,
    n_jobs: int | None = None,
    progress: bool = True,
) -> Journal:
    """Train and measure every architecture with every seed; results land in `runs.jsonl`.

    Finished runs are kept on disk as they come, and skipped when the call is repeated. Errors
    and `n_jobs` are those of `graf.measure.pool.work_off`.
    """
    settings = {"space": space.name, **asdict(space), "recipe": asdict(recipe)}
    journal = Journal(folder, RUNS, settings | ({} if robustness else {"robustness": False}))
    check_repeats(journal, "seed", seeds, architectures)
    runs = {(a, s): (space, a, s, recipe, robustness) for a in architectures for s in seeds}
    work_off(journal, measure_run, runs, n_jobs, progress)
    return journal


def run_recipes(
    space: SearchSpace,
    architectures: Sequence[str],
    recipes: Sequence[Recipe],
    folder: Path,
    *,
    seeds: Sequence[int],
    repeat_every: int,
    n_jobs: int | None,
    progress: bool,
) -> Journal:
    """Train every architecture under every recipe; results land in `recipes.jsonl`.

    One architecture after another, so that a run that is stopped leaves a table of complete
    rows. The first of every `repeat_every` is trained with all seeds, the others with the first.
    """
    settings = {"space": space.name, **asdict(space), "recipes": [asdict(recipe) for recipe in recipes]}
    journal = Journal(folder, RECIPES, settings)
    runs = {
        (a, r, s): (space, a, s, recipe)
        for i, a in enumerate(architectures)
        for s in (seeds if i % repeat_every == 0 else seeds[:1])
        for r, recipe in enumerate(recipes)
    }
    work_off(journal, recipe_run, runs, n_jobs, progress)
    return journal
