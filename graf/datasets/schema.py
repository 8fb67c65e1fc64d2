"""Checks of what a person wrote in a description; each returns the value in its final form."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from graf.exceptions import DatasetError, check_known

__all__ = [
    "Check",
    "checked",
    "entries",
    "flag",
    "number",
    "numbers",
    "one_of",
    "table",
    "tau",
    "text",
    "texts",
]

Check = Callable[[Any, str], Any]


def checked(facts: object, checks: Mapping[str, Check], where: str) -> dict[str, Any]:
    """The entries of a table in their final form.

    Raises `UnknownNameError` for a key without a check, `DatasetError` for a wrong value.

    Examples
    --------
    >>> checked({"unit": "ms"}, {"unit": text}, "my.toml")
    {'unit': 'ms'}
    """
    entries = table(facts, where)
    for key in entries:
        check_known(f"key in {where}", key, checks)
    return {key: checks[key](value, f"`{key}` in {where}") for key, value in entries.items()}


def table(value: Any, where: str) -> dict[str, Any]:
    """A table of keys and values."""
    if not isinstance(value, Mapping):
        raise _wrong(where, "a table of keys and values", value)
    return dict(value)


def entries(value: Any, where: str, read: Check) -> list[dict[str, Any]]:
    """Tables that each say of which columns they tell; one alone stands for a list of one."""
    found = [read(entry, where) for entry in (value if isinstance(value, (list, tuple)) else [value])]
    if not all(entry.get("columns") for entry in found):
        raise DatasetError(f"every entry of {where} must name its `columns`")
    return found


def text(value: Any, where: str) -> str:
    """One text."""
    if not isinstance(value, str):
        raise _wrong(where, "a text", value)
    return value


def texts(value: Any, where: str) -> tuple[str, ...]:
    """Several texts; one alone stands for a list of one."""
    found = [value] if isinstance(value, str) else value
    if not isinstance(found, (list, tuple)) or not all(isinstance(item, str) for item in found):
        raise _wrong(where, "a text or a list of texts", value)
    return tuple(found)


def number(value: Any, where: str) -> float:
    """One number."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise _wrong(where, "a number", value)
    return float(value)


def tau(value: Any, where: str) -> float:
    """A Kendall tau, NaN if unknown."""
    found = number(value, where)
    if abs(found) > 1:
        raise _wrong(where, "a Kendall tau from -1 to 1", value)
    return found


def numbers(value: Any, where: str) -> tuple[float, ...]:
    """A list of numbers."""
    if not isinstance(value, (list, tuple)):
        raise _wrong(where, "a list of numbers", value)
    return tuple(number(item, where) for item in value)


def flag(value: Any, where: str) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise _wrong(where, "true or false", value)
    return value


def one_of(options: Collection[str]) -> Check:
    """A check that lets only the options pass."""

    def check(value: Any, where: str) -> str:
        check_known(f"value of {where}:", value, tuple(options))
        return str(value)

    return check


def _wrong(where: str, expected: str, value: object) -> DatasetError:
    return DatasetError(f"{where} must be {expected}, got {value!r:.100}")
