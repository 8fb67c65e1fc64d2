"""Objectives: what is measured of a candidate, and which end of it is better."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd

from graf.directions import DIRECTIONS
from graf.exceptions import InputError, check_known

__all__ = [
    "VALUE",
    "Measurement",
    "check_goal",
    "failure",
    "measure",
    "read_directions",
    "read_values",
    "taken_columns",
]

VALUE = "value"  # the only objective, where it has no name
RESERVED = ("number", "architecture", "parent", "batch", "status", "reason")  # columns of the history
GOALS = ("front", "each")
LONGEST = 300


@dataclass(frozen=True)
class Measurement:
    """Objectives by name, or why there are none."""

    values: dict[str, float]
    reason: str = ""


def check_goal(goal: Any) -> None:
    """`UnknownNameError` unless it says what several objectives are searched for."""
    check_known("goal", goal, GOALS)


def read_directions(direction: str | Mapping[str, str]) -> dict[str, str]:
    """Directions by name of objective; one direction alone is that of "value".

    Examples
    --------
    >>> read_directions("min")
    {'value': 'min'}
    """
    if not isinstance(direction, (str, Mapping)):
        raise InputError(
            f"`direction` must be 'max' or 'min', or map each objective to one of these, got {direction!r:.60}"
        )
    directions = {VALUE: direction} if isinstance(direction, str) else dict(direction)
    if not directions:
        raise InputError("`direction` must name at least one objective, got none")
    taken = {*RESERVED, *_predictions(directions)}
    for name, found in directions.items():
        if not isinstance(name, str) or name in taken:
            raise InputError(f"`direction`: an objective cannot be called {name!r:.60}; choose another name")
        if found not in DIRECTIONS:
            raise InputError(f"`direction` of {name!r} must be 'max' or 'min', got {found!r:.60}")
    return directions


def taken_columns(directions: Iterable[str]) -> set[str]:
    """Columns of the history that nothing else may be called, by the names of the objectives."""
    return {*RESERVED, *directions, *_predictions(directions)}


def _predictions(directions: Iterable[str]) -> set[str]:
    return {f"{kind}_{name}" for kind in ("predicted", "std") for name in directions}


def measure(
    objective: Callable[..., Any], arguments: tuple[str, dict[str, Any]], names: list[str]
) -> Measurement:
    """Ask the objective about one candidate; what it raises becomes the reason.

    Raises `InputError` if it returns something that is not the objectives.
    """
    architecture, recipe = arguments
    try:
        answer = objective(architecture, **recipe)
    except Exception as error:
        return failure(error)
    return read_values(answer, names)


def failure(error: BaseException) -> Measurement:
    """No objectives, because of an error; what it says is one line."""
    return Measurement({}, " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST])


def read_values(answer: Any, names: list[str]) -> Measurement:
    """The objectives in an answer: a number, a sequence in their order, or a mapping by name.

    Examples
    --------
    >>> read_values({"accuracy": 90.0, "latency": float("nan")}, ["accuracy", "latency"]).reason
    "'latency' is nan"
    """
    if isinstance(answer, (Mapping, pd.Series)):
        missing = [name for name in names if name not in answer]
        if missing:
            raise InputError(f"the objective gave {list(answer.keys())!r:.200}, which lacks {missing[0]!r}")
        found = [answer[name] for name in names]
    elif (
        isinstance(answer, (Sequence, np.ndarray))
        and not isinstance(answer, (str, bytes))
        and np.ndim(answer) == 1
    ):
        found = list(answer)
    else:
        found = [answer]
    if len(found) != len(names):
        raise InputError(
            f"the objective must give {len(names)} values ({', '.join(names)}), got {answer!r:.100};"
            " name the objectives with `direction`"
        )
    values = {name: _number(value, name) for name, value in zip(names, found, strict=True)}
    wrong = next((name for name, value in values.items() if not np.isfinite(value)), None)
    return Measurement(values) if wrong is None else Measurement({}, f"{wrong!r} is {values[wrong]}")


def _number(value: Any, name: str) -> float:
    if value is None or value is pd.NA or value is np.ma.masked:
        return float("nan")
    if hasattr(value, "item") and np.ndim(value) == 0:
        value = value.item()
    if isinstance(value, Real):
        try:
            return float(value)
        except OverflowError:  # an integer beyond the floats
            return float("inf")
    raise InputError(f"the objective must give a number for {name!r}, got {value!r:.100}")
