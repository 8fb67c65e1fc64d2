"""The errors that graf raises, one class per situation.

Positions in messages (of items, rows, characters) count from 0, lines of files from 1.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Collection, Iterable
from typing import Any

__all__ = [
    "ArchitectureError",
    "DatasetError",
    "FarFromTrainingWarning",
    "GrafError",
    "GraphError",
    "InputError",
    "MissingDependencyError",
    "UnknownNameError",
    "UnsupportedError",
    "check_known",
    "require",
]


class GrafError(Exception):
    """Base class of every error that graf raises on purpose."""


class InputError(GrafError, ValueError):
    """An argument has a value that cannot be used."""


class ArchitectureError(InputError):
    """An architecture is not written in the notation of its search space."""


class GraphError(InputError):
    """A computation graph is not valid: a cycle, an index out of range, no input."""


class DatasetError(InputError):
    """A table or dataset file cannot be read, or lacks what was asked for."""


class FarFromTrainingWarning(UserWarning):
    """Architectures are unlike all that a predictor learned from."""


class UnknownNameError(InputError, KeyError):
    """A name is not among those that exist; the message lists the near ones."""

    def __init__(self, kind: str, name: object, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, sorted(set(known))
        super().__init__(self._message())

    def _message(self) -> str:
        near = difflib.get_close_matches(str(self.name), self.known, n=3, cutoff=0.5)
        if near:
            return f"unknown {self.kind} {self.name!r:.80}; did you mean {', '.join(map(repr, near))}?"
        shown = ", ".join(map(repr, self.known[:12])) + (", ..." if len(self.known) > 12 else "")
        return f"unknown {self.kind} {self.name!r:.80}; known: {shown or 'none'}"

    def __str__(self) -> str:  # KeyError would print the repr
        return self._message()

    def __reduce__(self) -> tuple[type, tuple[str, object, list[str]]]:
        return type(self), (self.kind, self.name, self.known)


class UnsupportedError(GrafError, NotImplementedError):
    """The request is understood, but this object cannot serve it."""


class MissingDependencyError(GrafError, ImportError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, extra: str) -> None:
        self.package, self.extra = package, extra
        super().__init__(f"this needs {package}, which is not installed: pip install 'graf[{extra}]'")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.package, self.extra)


def check_known(kind: str, name: object, known: Collection[Any]) -> None:
    """`UnknownNameError` where a name is not among those that exist."""
    if name not in known:
        raise UnknownNameError(kind, name, known)


def require(package: str, extra: str) -> None:
    """Raise `MissingDependencyError` where an optional package cannot be imported."""
    try:
        importlib.import_module(package)
    except ImportError:
        raise MissingDependencyError(package, extra) from None
