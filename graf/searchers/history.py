"""History: what a search has asked for and been told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.directions import SIGNS

__all__ = ["FAILED", "OK", "PENDING", "History", "Trial"]

PENDING, OK, FAILED = "pending", "ok", "failed"


@dataclass
class Trial:
    """One architecture that was asked for, and what came of it.

    Parameters
    ----------
    number : position in the order of asking, from 0.
    batch : number of the first trial that was asked for together with this one.
    candidate : the architecture, as the domain writes it.
    parent : number of the trial that it was made from, None if it was drawn afresh.
    predicted, std : what the predictor said of each objective when it was asked for.
    status : "pending", "ok" or "failed".
    values : objectives that were measured.
    reason : why it failed.
    """

    number: int
    batch: int
    candidate: str
    parent: int | None = None
    predicted: dict[str, float] = field(default_factory=dict)
    std: dict[str, float] = field(default_factory=dict)
    status: str = PENDING
    values: dict[str, float] = field(default_factory=dict)
    reason: str = ""


class History:
    """The trials of a search in the order in which they were asked for.

    Parameters
    ----------
    directions : "max" or "min" by name of objective.
    """

    def __init__(self, directions: dict[str, str]) -> None:
        self.directions = directions
        self.trials: list[Trial] = []
        self.tried: set[str] = set()

    def add(self, trial: Trial) -> None:
        """Append a trial."""
        self.trials.append(trial)
        self.tried.add(trial.candidate)

    def add_batch(self, proposals: Iterable[Iterable[Any]]) -> list[Trial]:
        """Append a trial for each candidate, with its parent and predictions where these are given."""
        first = len(self.trials)
        batch = [Trial(first + i, first, *proposal) for i, proposal in enumerate(proposals)]
        for trial in batch:
            self.add(trial)
        return batch

    @property
    def ok(self) -> list[Trial]:
        """The trials that were measured."""
        return [trial for trial in self.trials if trial.status == OK]

    @property
    def pending(self) -> list[Trial]:
        """The trials that were not told yet."""
        return [trial for trial in self.trials if trial.status == PENDING]

    @property
    def n_told(self) -> int:
        """How many trials are no longer pending."""
        return len(self.trials) - len(self.pending)

    def gains(self, trials: list[Trial] | None = None) -> NDArray[np.float64]:
        """Measured objectives, (n, objectives), turned so that more is better; all `ok` trials by default."""
        trials = self.ok if trials is None else trials
        rows = [[SIGNS[d] * trial.values[name] for name, d in self.directions.items()] for trial in trials]
        return np.array(rows, np.float64).reshape(len(rows), len(self.directions))

    def frame(self, domain_columns: Any) -> pd.DataFrame:
        """Trials that are no longer pending, a row each; see `SearchResult.history`."""
        told = [trial for trial in self.trials if trial.status != PENDING]
        names = list(self.directions)
        predicted = [name for name in names if any(name in trial.predicted for trial in told)]
        columns: dict[str, Any] = {"number": np.array([trial.number for trial in told], np.int64)}
        columns |= domain_columns([trial.candidate for trial in told])
        columns |= {name: _floats(trial.values.get(name) for trial in told) for name in names}
        columns |= {
            f"predicted_{name}": _floats(trial.predicted.get(name) for trial in told) for name in predicted
        }
        columns |= {f"std_{name}": _floats(trial.std.get(name) for trial in told) for name in predicted}
        columns["parent"] = pd.array([trial.parent for trial in told], dtype="Int64")
        columns["batch"] = np.array([trial.batch for trial in told], np.int64)
        columns["status"] = pd.array([trial.status for trial in told], dtype="str")
        columns["reason"] = pd.array([trial.reason for trial in told], dtype="str")
        return pd.DataFrame(columns)


def _floats(values: Any) -> NDArray[np.float64]:
    return np.array([np.nan if value is None else value for value in values], np.float64)
