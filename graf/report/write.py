"""write_report: a dataset in, a page and its tables out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from graf.datasets import Dataset, load_dataset
from graf.report.choices import choose_targets, items_of
from graf.report.folder import PAGE, TABLES, check_replaceable, report_folder
from graf.report.networks import with_networks
from graf.report.render import render
from graf.report.summarize import Summary, summarize
from graf.report.tables import tables
from graf.report.target import STEPS, Settings, Step

__all__ = ["write", "write_report"]


def write_report(
    data: Dataset | str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    targets: Sequence[str] | str | None = None,
    networks: pd.Series[Any] | None = None,
    model: Any = "auto",
    n_explained: int = 300,
    train_sizes: Sequence[int] | None = None,
    seeds: Sequence[int] = range(5),
    seed: int = 0,
    n_jobs: int = 2,
    n_refits: int = 3,
    progress: bool | Step = False,
) -> Path:
    """Write a report on what drives the targets of a dataset: one page and its tables.

    `out/index.html` opens in a browser without network or other files; `out/tables/` holds its
    numbers as CSV. Nothing is left in `out` if it fails.

    Parameters
    ----------
    data : a dataset, or what `load_dataset` takes.
    out : a new folder, or one with an earlier report, which is replaced.
    targets : columns to report on; None for the primary ones of the dataset or, if there are
        none, the first of each of up to four groups.
    networks : graphs by architecture, for a dataset of networks in no search space: what their
        graphs say is predicted from. Rows without a network are left out.
    model : as in `PerformancePredictor`; "auto" or one of trees.
    n_explained : number of architectures whose predictions are explained, which can be followed
        through all plots. With trees, one takes below a millisecond; with "auto", up to 0.1 s.
    train_sizes : numbers of labels to learn from; None for 32, 128 and up to 1,024, as far as
        half of the dataset allows.
    seeds : splits that the ranking is repeated on.
    seed : of the models, folds and samples.
    n_jobs : processes that share the work. The numbers do not depend on it.
    n_refits : refits that three kinds of importance are compared on; 0 leaves them out.
    progress : True for a progress bar on standard error, or a function that is called with a
        few words after each step.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    InputError
        If `out` holds other files or cannot be written to; if a target is unknown, or has values
        of fewer than 10 architectures or only equal ones; if there is nothing to predict from.
    UnsupportedError
        If the model is neither "auto" nor one of trees.
    """
    folder = check_replaceable(out)
    data = data if isinstance(data, Dataset) else load_dataset(data)
    if networks is not None:
        data = with_networks(data, networks)
    settings = Settings(model, n_explained, train_sizes, tuple(seeds), seed, n_jobs, n_refits=n_refits)
    names = choose_targets(data.mean_over_recipes(), targets)  # which are explained
    items_of(data)  # raises if there is nothing to predict from
    with _steps(progress, len(STEPS) * len(names) + (n_refits > 0) + 2) as step:
        summary = summarize(data, names, settings, step)
        with report_folder(folder) as new:
            write(summary, new)
        step("page written")
    return folder / PAGE


def write(summary: Summary, folder: Path) -> None:
    """Write the page and its tables into an empty folder."""
    (folder / TABLES).mkdir()
    for name, table in tables(summary).items():
        table.to_csv(folder / TABLES / f"{name}.csv", index=False)
    (folder / PAGE).write_text(render(summary), encoding="utf-8")


@contextmanager
def _steps(progress: bool | Step, total: int) -> Iterator[Step]:
    if callable(progress):
        yield progress
        return
    from tqdm import tqdm

    with tqdm(total=total, disable=not progress, unit="step") as bar:

        def step(text: str) -> None:
            bar.set_description(text)
            bar.update()

        yield step
