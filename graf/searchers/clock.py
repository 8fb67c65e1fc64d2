"""Clock: where the time of a search goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

__all__ = ["KINDS", "Clock"]

KINDS = ("asking", "features", "proxies", "fits", "predictions", "measuring")


class Clock:
    """Seconds by kind of work; what is inside another kind counts for the inner one alone."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(KINDS, 0.0)
        self._inner = [0.0]

    @contextmanager
    def measure(self, kind: str) -> Iterator[None]:
        """Add the time of the block."""
        start = perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            whole = perf_counter() - start
            self.seconds[kind] += whole - self._inner.pop()
            self._inner[-1] += whole

    def reset(self) -> dict[str, float]:
        """The seconds since the last reset."""
        seconds, self.seconds = self.seconds, dict.fromkeys(KINDS, 0.0)
        return seconds
