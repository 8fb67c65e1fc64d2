"""Directions: which end of a target is better."""

from __future__ import annotations

from collections.abc import Mapping

from graf.exceptions import InputError

__all__ = ["DIRECTIONS", "SIGNS", "check_directions"]

SIGNS = {"max": 1.0, "min": -1.0}  # what values are multiplied by so that more is better
DIRECTIONS = tuple(SIGNS)


def check_directions(directions: Mapping[str, str]) -> None:
    """`InputError` unless each target's direction is one."""
    for name, end in directions.items():
        if end not in DIRECTIONS:
            raise InputError(f"`directions` of {name!r} must be 'max' or 'min', got {end!r}")
