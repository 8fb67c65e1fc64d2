"""Checkpoints: every question and answer of a search on disk, a line each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graf.exceptions import InputError
from graf.files import no_file
from graf.journal import Journal, JournalKind
from graf.searchers.history import FAILED, OK, History, Trial

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
        cannot be written, or another search writes to it too.
    """

    def __init__(self, path: str | os.PathLike[str], settings: dict[str, Any]) -> None:
        try:
            path = Path(path)
            strange = no_file(path)
        except (OSError, TypeError) as error:
            raise InputError(
                f"`checkpoint` must be the name of a file, got {str(path)!r:.200}: {error}"
            ) from None
        if strange is not None:
            raise InputError(f"`checkpoint` must be a file, got the {strange} {path}")
        self._journal = Journal(path.parent, JournalKind(path.name, ("number",)), settings)
        self._size = self._journal.path.stat().st_size

    def restore(self, history: History) -> list[dict[str, Any]]:
        """Fill an empty history, and give back the seconds that were spent, as they were noted."""
        seconds: list[dict[str, Any]] = []
        for line, record in enumerate(self._journal.records, 2):
            try:
                seconds.append({"number": record["number"], **record["seconds"]})
                goes_on = (_asked if "trials" in record else _told)(history, record)
            except (KeyError, TypeError, AttributeError):  # entries are missing, or of another kind
                goes_on = False
            if not goes_on:
                raise InputError(
                    f"{self._journal.path}, line {line}: does not go on from the lines above: some were changed or"
                    " deleted, or two searches wrote to the file at once; delete it and all lines below, and their"
                    " work is done again"
                )
        return seconds

    def asked(self, trials: Sequence[Trial], seconds: dict[str, float]) -> None:
        """Note a batch."""
        rows = [{name: getattr(trial, name) for name in ASKED} for trial in trials]
        self._note([{"number": trials[0].batch, "trials": rows, "seconds": seconds}])

    def told(self, trials: Sequence[Trial], seconds: dict[str, float]) -> None:
        """Note what came of trials, in one write."""
        spent = [seconds, *[{}] * (len(trials) - 1)]
        self._note(
            [
                {name: getattr(trial, name) for name in TOLD} | {"seconds": part}
                for trial, part in zip(trials, spent, strict=True)
            ]
        )

    def _note(self, records: list[dict[str, Any]]) -> None:
        """Write to the file, unless it is no longer what this search has made it."""
        path = self._journal.path
        if not path.exists() or path.stat().st_size != self._size:
            raise InputError(
                f"{path} was changed or deleted while this search ran, and one at a time may write to it; start this one"
                " again to go on from what the file holds, or give it another `checkpoint`"
            )
        self._journal.extend(records)
        self._size = path.stat().st_size


def _asked(history: History, record: dict[str, Any]) -> bool:
    """Add a batch that was asked for, if it is the next one."""
    number = record["number"]
    if number != len(history.trials):
        return False
    for fields in record["trials"]:
        history.add(Trial(batch=number, **fields))
    return True


def _told(history: History, record: dict[str, Any]) -> bool:
    """Note what came of a trial, if it was asked for and the objectives are those of the search."""
    if record["number"] not in range(len(history.trials)):
        return False
    trial = history.trials[record["number"]]
    trial.status, trial.values, trial.reason = record["status"], record["values"], record["reason"]
    names = set(history.directions) if trial.status == OK else set()
    known = trial.status in (OK, FAILED) and trial.values.keys() == names
    return known and all(isinstance(value, float) for value in trial.values.values())
