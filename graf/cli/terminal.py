"""What the command line says beside its results."""

from __future__ import annotations

import sys

__all__ = ["on_terminal", "say"]


def on_terminal() -> bool:
    """Whether progress should be shown: a person is watching."""
    return sys.stderr.isatty()


def say(message: object) -> None:
    """Print one line on stderr."""
    print(f"graf: {' '.join(str(message).split())}", file=sys.stderr)
