"""Measuring many architectures: training on all cores, then latency on one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graf.checks import count
from graf.exceptions import require
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

__all__ = ["measure"]


def measure(
    space: SearchSpace | str,
    architectures: Sequence[Any],
    folder: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    seeds: Sequence[int] = (0, 1, 2),
    recipe: Recipe = Recipe(),
    robustness: bool = True,
    n_jobs: int | None = None,
    latency_rounds: int = 9,
    progress: bool = True,
) -> pd.DataFrame:
    """Train architectures on handwritten digits and measure accuracy, robustness and latency.

    Results are saved as they come, so a call that was stopped goes on where it was when it is
    repeated. Needs the extra `torch`.

    Parameters
    ----------
    space : the search space, with networks for images of shape (1, 8, 8) and ten classes.
    architectures : in the notation of the space; see `distinct_architectures`.
    folder : keeps the journals `runs.jsonl` and `latency.jsonl`. One process at a time may
        use it.
    out : the Parquet file; by default `table.parquet` in the folder.
    seeds : one training run each, for initial weights and order of images.
    recipe : how a network is trained.
    robustness : whether to measure accuracy on attacked and corrupted images, too: more than half of the time.
    n_jobs : processes that train at once, by default one per core. Latency always has one.
    latency_rounds : visits to every architecture, at least two.
    progress : whether to show a bar with the time left.

    Returns
    -------
    DataFrame with one row per architecture; see `graf.measure.table.assemble` for its columns.

    Raises
    ------
    InputError
        If an argument cannot be used, or the folder holds a measurement with other settings, or with
        seeds or rounds that some of these architectures would lack.
    GrafError
        If a run fails; names its architecture and seed.
    MissingDependencyError
        If torch is not installed.

    Examples
    --------
    >>> from graf.measure import distinct_architectures, measure
    >>> from graf.spaces import get_space
    >>> space = get_space("nasbench201", channels=8, cells_per_stage=1, n_stages=1, input_shape=(1, 8, 8))
    >>> table = measure(space, distinct_architectures(space, 100), "digits")  # doctest: +SKIP
    """
    require("torch", extra="torch")
    from graf.measure.digits import SIZES
    from graf.measure.latency import run_latency
    from graf.measure.table import assemble
    from graf.measure.train import check_recipe
    from graf.measure.training import run_training

    space = digits_space(space)
    names = distinct_names(space, architectures)
    seeds = checked_seeds(seeds)
    check_recipe(recipe, SIZES["train"])
    count("n_jobs", 1 if n_jobs is None else n_jobs)
    count("latency_rounds", latency_rounds, 2)
    folder, out = output_paths(folder, out)
    run_training(
        space,
        names,
        folder,
        seeds=seeds,
        recipe=recipe,
        robustness=robustness,
        n_jobs=n_jobs,
        progress=progress,
    )
    run_latency(space, names, folder, rounds=latency_rounds, progress=progress)
    return assemble(folder, out)
