"""Checkpoints: every question and answer of a search on disk, a line each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graf.exceptions import InputError
from graf.files import no_file
from graf.journal import Journal, JournalKind
from graf.searchers.history import History, Trial

__all__ = ["Checkpoint"]

ASKED = ("number", "candidate", "parent", "predicted", "std")
TOLD = ("number", "status", "values", "reason")


class Checkpoint:
    """A JSON-lines file: settings of the search, then batches that were asked for and what was told.

    A batch is one line, so that a kill leaves none in part; a line that was cut off is dropped.
    One process at a time may write to it.

    Parameters
    ----------
    path : the file, made if it is missing.
    settings : what the history depends on.

    Raises
    ------
    InputError
        If the file was written by a search with other settings (says which), is damaged, or
        cannot be written.
    """

    def __init__(self, path: str | os.PathLike[str], settings: dict[str, Any]) -> None:
        path = Path(path)
        strange = no_file(path)
        if strange is not None:
            raise InputError(f"`checkpoint` must be a file, got the {strange} {path}")
        self._journal = Journal(path.parent, JournalKind(path.name, ("number",)), settings)

    def restore(self, history: History) -> list[dict[str, Any]]:
        """Fill an empty history, and give back the seconds that were spent, as they were noted."""
        seconds: list[dict[str, Any]] = []
        for line, record in enumerate(self._journal.records, 2):
            seconds.append({"number": record["number"], **record["seconds"]})
            number, n_known = record["number"], len(history.trials)
            if "trials" in record:
                self._check(line, number == n_known)
                for fields in record["trials"]:
                    history.add(Trial(batch=number, **fields))
            else:
                self._check(line, number in range(n_known))
                trial = history.trials[number]
                trial.status, trial.values, trial.reason = (
                    record["status"],
                    record["values"],
                    record["reason"],
                )
        return seconds

    def _check(self, line: int, goes_on: bool) -> None:
        if not goes_on:
            raise InputError(
                f"{self._journal.path}, line {line}: does not go on from the lines above: some were deleted, or two"
                " searches wrote to the file at once; delete it and all lines below, and their work is done again"
            )

    def asked(self, trials: Sequence[Trial], seconds: dict[str, float]) -> None:
        """Note a batch."""
        rows = [{name: getattr(trial, name) for name in ASKED} for trial in trials]
        self._journal.append({"number": trials[0].batch, "trials": rows, "seconds": seconds})

    def told(self, trials: Sequence[Trial], seconds: dict[str, float]) -> None:
        """Note what came of trials, in one write."""
        spent = [seconds, *[{}] * (len(trials) - 1)]
        self._journal.extend(
            [
                {name: getattr(trial, name) for name in TOLD} | {"seconds": part}
                for trial, part in zip(trials, spent, strict=True)
            ]
        )
