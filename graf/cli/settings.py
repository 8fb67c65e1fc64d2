"""Settings given as NAME=VALUE on the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from graf.exceptions import InputError

__all__ = ["assignments", "value_of"]


def assignments(given: Sequence[str] | None, option: str) -> dict[str, Any]:
    """Values by name.

    Raises `InputError` where one is not written NAME=VALUE, or a name comes twice.

    Examples
    --------
    >>> assignments(["channels=8", "input_shape=1,8,8"], "--space-setting")
    {'channels': 8, 'input_shape': (1, 8, 8)}
    """
    found: dict[str, Any] = {}
    for text in given or ():
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise InputError(f"`{option}` must be NAME=VALUE, got {text!r:.60}")
        if name in found:
            raise InputError(f"`{option}` gives {name!r} twice; leave one out")
        found[name] = value_of(value)
    return found


def value_of(text: str) -> Any:
    """A number, a truth value, several of them with commas between as a tuple, or else the text.

    Examples
    --------
    >>> value_of("0.5"), value_of("true"), value_of("3,32,32"), value_of("CIFAR-10")
    (0.5, True, (3, 32, 32), 'CIFAR-10')
    """
    try:
        value = json.loads(f"[{text}]" if "," in text and not text.startswith("[") else text)
    except json.JSONDecodeError:
        return text
    return tuple(value) if isinstance(value, list) else value
