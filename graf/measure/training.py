"""Training many architectures on all cores, resumable at any point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from joblib import cpu_count
from tqdm import tqdm

from graf.exceptions import GrafError
from graf.journal import RUNS, Journal
from graf.measure.recipe import Recipe
from graf.measure.runs import measure_run
from graf.spaces import SearchSpace

__all__ = ["run_training"]

Run = tuple[SearchSpace, str, int, Recipe]


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
    initial = len(runs) - len(todo)
    bar = tqdm(desc="training", unit="run", total=len(runs), initial=initial, disable=not progress)
    with bar:
        try:
            for record in _records([(space, a, s, recipe) for a, s in todo], n_jobs or cpu_count()):
                journal.append(record)
                bar.update()
        except BrokenProcessPool as error:
            raise GrafError(
                "a process that trained died, perhaps for lack of memory; what was finished is kept:"
                " repeat the call with a smaller `n_jobs` (a script must call it under"
                " `if __name__ == '__main__':`, or with n_jobs=1)"
            ) from error
    return journal


def _records(runs: Sequence[Run], n_jobs: int) -> Iterator[dict[str, Any]]:
    """Results as they come; a process that dies ends in `BrokenProcessPool`, never in waiting."""
    if n_jobs == 1:
        yield from (_named_run(*run) for run in runs)
        return
    with ProcessPoolExecutor(n_jobs, mp_context=get_context("spawn")) as pool:
        futures = [pool.submit(_named_run, *run) for run in runs]
        try:
            yield from (future.result() for future in as_completed(futures))
        finally:
            pool.shutdown(cancel_futures=True)


def _named_run(space: SearchSpace, architecture: str, seed: int, recipe: Recipe) -> dict[str, Any]:
    try:
        return measure_run(space, architecture, seed, recipe)
    except Exception as error:
        raise GrafError(
            f"measuring {architecture} with seed {seed} failed: {type(error).__name__}: {error}"
        ) from error
