"""Tables that are computed row by row, so that a run that was killed goes on where it was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from _provenance import write_csv

from graf.files import atomic_path

__all__ = ["added", "completed"]


def completed(
    path: Path, keys: Sequence[str], wanted: Iterable[tuple[Any, ...]], run: Callable[..., pd.DataFrame]
) -> pd.DataFrame:
    """The rows of all wanted keys; those in the file are kept, the others are added to it one run after another."""
    results = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=keys)
    done = set(results[keys].itertuples(index=False, name=None))
    for key in wanted:
        if key not in done:
            found = run(*key)
            results = found if results.empty else pd.concat([results, found], ignore_index=True)
            write_csv(results, path)
    return results


def added(store: Path, found: pd.DataFrame) -> pd.DataFrame:
    """All rows of a Parquet file, to which some are added, whole or not at all."""
    known = [pd.read_parquet(store)] if store.exists() else []
    results = pd.concat([*known, found], ignore_index=True)
    with atomic_path(store) as path:
        results.to_parquet(path, index=False)
    return results
