"""What searches ask of their settings, checked before anything is measured."""

from __future__ import annotations

from typing import Any

from graf.checks import is_whole
from graf.exceptions import InputError, check_known

__all__ = ["check_goal", "count"]

GOALS = ("front", "each")


def count(name: str, value: Any, least: int = 1) -> int:
    """The value as an integer; `InputError` unless it is one, of `least` or more."""
    if not is_whole(value, least):
        raise InputError(f"`{name}` must be an integer of {least} or more, got {value!r:.60}")
    return int(value)


def check_goal(goal: Any) -> None:
    """`UnknownNameError` unless it says what several objectives are searched for."""
    check_known("goal", goal, GOALS)
