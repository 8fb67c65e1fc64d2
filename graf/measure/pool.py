"""Working off many runs on all cores; what is finished is kept and not repeated."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any

from joblib import cpu_count
from tqdm import tqdm

from graf.exceptions import GrafError
from graf.journal import Journal, Record

__all__ = ["work_off"]

Function = Callable[..., Record]
Arguments = tuple[Any, ...]


def work_off(
    journal: Journal,
    function: Function,
    runs: Mapping[tuple[Any, ...], Arguments],
    n_jobs: int | None,
    progress: bool,
) -> None:
    """Call a function for every run that the journal lacks, and write what it returns there.

    `runs` maps keys of the journal to arguments of the function. Without `n_jobs` all cores are
    used; with `n_jobs=1` everything happens in this process.

    Raises
    ------
    GrafError
        If a run fails; names its key. What was finished stays.
    """
    todo = journal.missing(runs)
    initial = len(runs) - len(todo)
    bar = tqdm(desc="training", unit="run", total=len(runs), initial=initial, disable=not progress)
    calls = [(function, dict(zip(journal.key, key, strict=True)), runs[key]) for key in todo]
    with bar:
        try:
            for record in _records(calls, n_jobs or cpu_count()):
                journal.append(record)
                bar.update()
        except BrokenProcessPool as error:
            raise GrafError(
                "a process that trained died, perhaps for lack of memory; what was finished is kept:"
                " repeat the call with a smaller `n_jobs` (a script must call it under"
                " `if __name__ == '__main__':`, or with n_jobs=1)"
            ) from error


def _records(calls: Sequence[tuple[Function, Record, Arguments]], n_jobs: int) -> Iterator[Record]:
    """Results as they come; a process that dies ends in `BrokenProcessPool`, never in waiting."""
    if n_jobs == 1:
        yield from (_named(*call) for call in calls)
        return
    with ProcessPoolExecutor(n_jobs, get_context("spawn"), _end_with_parent) as pool:
        futures = [pool.submit(_named, *call) for call in calls]
        try:
            yield from (future.result() for future in as_completed(futures))
        finally:
            pool.shutdown(cancel_futures=True)


def _end_with_parent() -> None:
    """Where the parent is killed, its processes would wait for work for ever, in the way of the next call."""

    def wait() -> None:
        parent = parent_process()
        assert parent is not None
        parent.join()
        os._exit(1)

    Thread(target=wait, daemon=True).start()


def _named(function: Function, key: Record, arguments: Arguments) -> Record:
    """The result with its key; an error names the key."""
    try:
        return key | function(*arguments)
    except Exception as error:
        architecture, *others = key.values()
        named = ", ".join(f"{name} {value}" for name, value in zip(list(key)[1:], others, strict=True))
        raise GrafError(
            f"measuring {architecture} with {named} failed: {type(error).__name__}: {error}"
        ) from error
