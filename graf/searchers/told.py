"""What a search is told, as measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from graf.exceptions import InputError
from graf.predictors.targets import is_text
from graf.searchers.objective import Measurement, failure, read_values
from graf.sources.items import LISTS

__all__ = ["read_told"]


def read_told(architectures: Any, values: Any, names: list[str]) -> tuple[Sequence[Any], list[Measurement]]:
    """Architectures and the measurement of each, from one or several of both; see `Search.tell`."""
    if isinstance(architectures, (str, Mapping)) or not isinstance(architectures, LISTS):
        architectures, values = [architectures], [values]
    answers = _answers(_matched(values, architectures))
    if len(architectures) != len(answers):
        raise InputError(f"got {len(architectures)} architectures and {len(answers)} values; give one each")
    return architectures, [_measurement(answer, names) for answer in answers]


def _matched(values: Any, architectures: Sequence[Any]) -> Any:
    """The values in the order of the architectures, if both are known by text."""
    names = list(architectures)
    if not isinstance(values, (pd.Series, pd.DataFrame)) or len(values) != len(names):
        return values
    if not is_text(values.index) or not all(isinstance(name, str) for name in names):
        return values
    missing = set(names) - set(values.index)
    if missing:
        raise InputError(
            f"`values` must be indexed by the architectures, but lack {min(missing)!r:.200}; give a list to match them"
            " by position"
        )
    return values.loc[names]


def _answers(values: Any) -> list[Any]:
    if isinstance(values, pd.DataFrame):
        return values.to_dict("records")
    return list(values) if np.iterable(values) and not isinstance(values, (str, Mapping)) else [values]


def _measurement(answer: Any, names: list[str]) -> Measurement:
    if isinstance(answer, BaseException):
        return failure(answer)
    if answer is None:
        return Measurement({}, "nothing was measured")
    return read_values(answer, names)
