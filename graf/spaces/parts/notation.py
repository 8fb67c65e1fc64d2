"""Reading the notation of architectures: lists of numbers, and where a text goes wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import partial
from typing import Any

import numpy as np

from graf.exceptions import ArchitectureError

__all__ = ["counted", "fault", "listed", "literal", "numbers", "reached", "shown"]

LIST = re.compile(r"[\[(]\s*([0-9]{1,9}(?:\s*,\s*[0-9]{1,9})*)\s*(?:,\s*)?[\])]")
SHOWN = 30
NAMES = {"None": "null", "True": "true", "False": "false"}
NAME = re.compile(rf"\b({'|'.join(NAMES)})\b")
LAST_COMMA = re.compile(r",(?=\s*[\])}])")  # as in a Python tuple of one value
PYTHON_TO_JSON = str.maketrans("'()", '"[]')


def numbers(text: str) -> list[int] | None:
    """The whole numbers of the text of a list or tuple, or None if it is not one.

    Examples
    --------
    >>> numbers("(1, 2, 4)")
    [1, 2, 4]
    """
    match = LIST.fullmatch(text)
    return None if match is None else [int(number.strip()) for number in match[1].split(",")]


def listed(value: object) -> list[Any]:
    """A list, tuple or array as a list; anything else has no entries.

    Examples
    --------
    >>> listed(np.arange(3)), listed((1, 2)), listed("ab")
    ([0, 1, 2], [1, 2], [])
    """
    if isinstance(value, np.ndarray):
        value = value.tolist()
    return list(value) if isinstance(value, (tuple, list)) else []


def fault(kind: str, text: str, position: int, expected: str) -> ArchitectureError:
    """The error for a text that is not a `kind`, with the place where it goes wrong.

    Examples
    --------
    >>> fault("cell", "1-2+3", 3, "'-'")
    ArchitectureError("not a cell: expected '-' at character 3, got '1-2 >>> +3'")
    """
    shown = text[max(0, position - SHOWN) : position] + " >>> " + text[position : position + SHOWN]
    return ArchitectureError(f"not a {kind}: expected {expected} at character {position}, got {shown!r:.100}")


def reached(text: str, *beginnings: re.Pattern[str]) -> int:
    """How far a text agrees with the one of several beginnings that it follows longest.

    Examples
    --------
    >>> reached("1-2+3", re.compile(r"[0-9](?:-[0-9])*"))
    3
    """
    return max((match.end() for one in beginnings if (match := one.match(text))), default=0)


def literal(kind: str, text: str, start: int = 0) -> Any:
    """The value of JSON text from `start` on, or of a Python literal of the same kinds of values.

    Examples
    --------
    >>> literal("network", "{'wid': None, 'd': (2, 3), 'r': (224,)}")
    {'wid': None, 'd': [2, 3], 'r': [224]}
    """
    for value in (text[start:], _as_json(text[start:])):
        try:
            return json.loads(" " * start + value, object_pairs_hook=partial(_distinct, kind))
        except json.JSONDecodeError as error:
            position, expected = error.pos, f"JSON ({error.msg.lower()})"
        except ArchitectureError:
            raise
        except (ValueError, RecursionError):
            position, expected = 0, "shorter numbers and fewer brackets"
    raise fault(kind, text, position, expected)


def _as_json(literal: str) -> str:
    """A Python literal as JSON."""
    named = NAME.sub(lambda name: NAMES[name[0]], literal)
    return LAST_COMMA.sub(" ", named).translate(PYTHON_TO_JSON)


def _distinct(kind: str, pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """The dictionary of pairs, if no key is given twice."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ArchitectureError(f"not a {kind}: {key!r:.40} is given twice")
        found[key] = value
    return found


def shown(value: object) -> str:
    """The beginning of the repr of any value on one line, for a message.

    Examples
    --------
    >>> shown([2, 3]), shown(10**5000)
    ('[2, 3]', 'a long int')
    """
    try:
        return f"{' '.join(repr(value).split()):.60}"
    except (ValueError, RecursionError):  # integers of thousands of digits, bottomless lists
        return f"a long {type(value).__name__}"


def counted(value: object) -> str:
    """How many entries there are, and the first ones, for a message about their number.

    Examples
    --------
    >>> counted([2, 3]), counted("ab")
    ('2: [2, 3]', "'ab'")
    """
    return f"{len(found)}: {shown(value)}" if (found := listed(value)) else shown(value)
