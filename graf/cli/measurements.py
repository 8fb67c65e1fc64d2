"""Searches that are measured elsewhere: what to measure next, and what came of it, as tables."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from graf.exceptions import InputError

if TYPE_CHECKING:
    import pandas as pd

    from graf.searchers import Search

__all__ = ["asked", "tell"]

ARCHITECTURE, STATUS = "architecture", "status"


def tell(running: Search, path: Path) -> None:
    """Tell what a CSV holds: values, failures (a column `status`), and rows that are being measured."""
    import pandas as pd

    from graf.datasets.formats.table import open_csv

    table = open_csv(path).read([ARCHITECTURE])
    names = list(running.problem.directions)
    missing = [name for name in [ARCHITECTURE, *names] if name not in table]
    if missing:
        raise InputError(
            f"{path} lacks the column {missing[0]!r}; it has {', '.join(map(str, table.columns))}"
        )
    empty = table.index[table[ARCHITECTURE].isna()]
    if len(empty):
        raise InputError(f"{path} must name an architecture in every row, got none at index {empty[0]}")
    known = {trial.candidate for trial in running.trials if trial.status != "pending"}  # of a checkpoint
    table = table.loc[[running.problem.domain.read(text) not in known for text in table[ARCHITECTURE]]]
    failed = table[STATUS].eq("failed") if STATUS in table else pd.Series(False, index=table.index)
    values = _numbers(table[names].mask(failed), path)
    told = failed | values.notna().all(axis=1)
    running.expect(table[ARCHITECTURE].tolist())
    running.tell(table[ARCHITECTURE][told].tolist(), values[told])


def _numbers(values: pd.DataFrame, path: Path) -> pd.DataFrame:
    import pandas as pd

    numbers = values.apply(pd.to_numeric, errors="coerce")
    for name in values:
        wrong = values[name][numbers[name].isna() & values[name].notna()]
        if len(wrong):
            raise InputError(
                f"column {name!r} of {path} must hold numbers, got {wrong.iloc[0]!r:.40} at index {wrong.index[0]};"
                f" leave it empty, and write 'failed' in a column {STATUS!r} for what cannot be measured"
            )
    return numbers


def asked(running: Search, n: int | None) -> pd.DataFrame:
    """What to measure next, with what is predicted of it."""
    import pandas as pd

    first = len(running.trials)
    running.ask(n)
    trials = running.trials[first:]
    rows = [
        {
            ARCHITECTURE: trial.candidate,
            **{f"predicted_{name}": value for name, value in trial.predicted.items()},
        }
        for trial in trials
    ]
    return pd.DataFrame(rows, columns=None if rows else [ARCHITECTURE]).set_index(ARCHITECTURE)
