"""Training many architectures on all cores, resumable at any point."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import Any

from joblib import Parallel, cpu_count, delayed
from tqdm import tqdm

from graf.exceptions import GrafError
from graf.measure.journal import RUNS, Journal
from graf.measure.recipe import Recipe
from graf.measure.runs import measure_run
from graf.spaces import SearchSpace

__all__ = ["run_training"]


def run_training(
    space: SearchSpace,
    architectures: Sequence[str],
    folder: Path,
    *,
    seeds: Sequence[int] = (0, 1, 2),
    recipe: Recipe = Recipe(),
    n_jobs: int | None = None,
    progress: bool = True,
) -> Journal:
    """Train and measure every architecture with every seed; results land in `runs.jsonl`.

    Finished runs are kept on disk as they come, and skipped when the call is repeated. Without
    `n_jobs` all cores are used; with `n_jobs=1` everything happens in this process.

    Raises
    ------
    GrafError
        If a run fails; names its architecture and seed. What was finished stays.
    """
    journal = Journal(folder, RUNS, {"space": space.name, **asdict(space), "recipe": asdict(recipe)})
    runs = [(a, s) for a in architectures for s in seeds]
    todo = journal.missing(runs)
    work = Parallel(n_jobs=n_jobs or cpu_count(), batch_size=1, return_as="generator_unordered")
    initial = len(runs) - len(todo)
    bar = tqdm(desc="training", unit="run", total=len(runs), initial=initial, disable=not progress)
    with bar:
        try:
            for record in work(delayed(_named_run)(space, a, s, recipe) for a, s in todo):
                journal.append(record)
                bar.update()
        except BrokenProcessPool as error:
            raise GrafError(
                "a process that trained died, perhaps for lack of memory; what was finished is kept:"
                " repeat the call with a smaller `n_jobs`"
            ) from error
    return journal


def _named_run(space: SearchSpace, architecture: str, seed: int, recipe: Recipe) -> dict[str, Any]:
    try:
        return measure_run(space, architecture, seed, recipe)
    except Exception as error:
        raise GrafError(
            f"measuring {architecture} with seed {seed} failed: {type(error).__name__}: {error}"
        ) from error
