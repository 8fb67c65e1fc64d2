"""What predictors ask of their settings, checked before the work begins."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from graf.checks import LARGEST_SEED, is_whole, type_name
from graf.exceptions import InputError

__all__ = ["check_coverage", "check_jobs", "check_novelty", "check_pandas", "check_seed"]


def check_seed(random_state: Any) -> None:
    """`InputError` unless scikit-learn, XGBoost and NumPy can draw from it."""
    known = random_state is None or isinstance(random_state, np.random.RandomState)
    if not (known or is_whole(random_state, 0, LARGEST_SEED)):
        raise InputError(
            f"`random_state` must be None or a whole number from 0 to {LARGEST_SEED}, got {random_state!r:.60}"
        )


def check_jobs(n_jobs: Any) -> None:
    """`InputError` unless it says how many threads there are."""
    if not (n_jobs is None or is_whole(n_jobs, 1) or is_whole(n_jobs, -LARGEST_SEED, -1)):
        raise InputError(
            f"`n_jobs` must be None, a positive integer, or -1 for all cores, got {n_jobs!r:.60}"
        )


def check_novelty(warn_beyond: Any) -> None:
    """`InputError` unless novelties can be compared with it."""
    if not (warn_beyond is None or (_is_number(warn_beyond) and warn_beyond >= 0)):
        raise InputError(f"`warn_beyond` must be None or a number from 0 on, got {warn_beyond!r:.60}")


def check_coverage(coverage: Any) -> None:
    """`InputError` unless it is a share of labels that an interval can hold."""
    if not (_is_number(coverage) and 0 < coverage < 1):
        raise InputError(f"`coverage` must lie between 0 and 1, got {coverage!r:.40}")


def check_pandas(name: str, table: Any) -> None:
    """`InputError` for a table of another library: as an array, its columns would lose their names."""
    if hasattr(table, "columns") and not isinstance(table, pd.DataFrame):
        raise InputError(
            f"`{name}` must be a DataFrame of pandas or an array, got {type_name(table)}; call its to_pandas()"
        )


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
