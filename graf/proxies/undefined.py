"""Why a value does not exist."""

from __future__ import annotations

from graf.exceptions import GrafError

__all__ = ["NO_ATTENTION", "Undefined", "is_out_of_memory", "reason_of"]

NO_ATTENTION = "no module with weights computes attention (a softmax over keys)"
NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "ALLOC_FAILED",
    "ALLOCATION_FAILED",
)


class Undefined(GrafError):  # noqa: N818 - no error of the user's
    """Raised where a proxy has no value for a network; the message is the reason."""


def reason_of(error: BaseException) -> str:
    """One line that says what went wrong."""
    line = next(iter(str(error).strip().splitlines()), "")
    if isinstance(error, Undefined):
        return line
    return f"{type(error).__name__}: {line:.300}".rstrip(": ")


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the error is that of a device, or of the machine, whose memory is full."""
    text = str(error)
    return isinstance(error, MemoryError) or (
        isinstance(error, RuntimeError) and any(words in text for words in NO_MEMORY)
    )
