"""How long something takes."""

from __future__ import annotations

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Any

__all__ = ["timed", "typical"]


def timed(run: Callable[[], Any], repeats: int, warmed: bool = True) -> tuple[Any, float]:
    """The result and the median seconds of several runs, after one more that compiles and loads."""
    if warmed:
        run()
    seconds = []
    for _ in range(repeats):
        started = perf_counter()
        result = run()
        seconds.append(perf_counter() - started)
    return result, median(seconds)


def typical(run: Callable[[], Any], repeats: int) -> float:
    """Median seconds of several runs, after one more."""
    return timed(run, repeats)[1]
