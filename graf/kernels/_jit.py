"""The one place that says how kernels are compiled."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import numba

__all__ = ["jit", "parallel_jit", "threads_for"]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def parallel_jit(kernel: Kernel) -> Kernel:
    """Compile a kernel whose `prange` loops run on all threads, and cache it on disk."""
    return _compiled(kernel, parallel=True)


def jit(kernel: Kernel) -> Kernel:
    """Compile a part that kernels of the same file call for one graph."""
    return _compiled(kernel)


def _compiled(kernel: Kernel, **options: bool) -> Kernel:
    options |= {"nogil": True}
    try:
        compiled: Kernel = numba.njit(cache=True, error_model="numpy", **options)(kernel)
    except RuntimeError:  # neither beside the package nor at home is a folder to write to
        _warn_once()
        compiled = numba.njit(error_model="numpy", **options)(kernel)
    return compiled


@cache
def _warn_once() -> None:
    warnings.warn(
        "kernels are compiled anew in every process, which takes a while: there is no folder to keep"
        " them in; set NUMBA_CACHE_DIR to one that can be written to",
        RuntimeWarning,
        stacklevel=4,
    )


@contextmanager
def threads_for(n_graphs: int) -> Iterator[None]:
    """No more threads than there are graphs: one graph alone waits for none on a busy machine."""
    before = numba.get_num_threads()
    numba.set_num_threads(max(1, min(before, n_graphs)))
    try:
        yield
    finally:
        numba.set_num_threads(before)
