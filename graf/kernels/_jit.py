"""The one place that says how kernels are compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import numba

__all__ = ["jit", "parallel_jit", "threads_for"]

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def parallel_jit(kernel: Kernel) -> Kernel:
    """Compile a kernel whose `prange` loops run on all threads, and cache it on disk."""
    compiled: Kernel = numba.njit(parallel=True, cache=True, nogil=True, error_model="numpy")(kernel)
    return compiled


def jit(kernel: Kernel) -> Kernel:
    """Compile a part that kernels of the same file call for one graph."""
    compiled: Kernel = numba.njit(cache=True, nogil=True, error_model="numpy")(kernel)
    return compiled


@contextmanager
def threads_for(n_graphs: int) -> Iterator[None]:
    """No more threads than there are graphs: one graph alone waits for none on a busy machine."""
    before = numba.get_num_threads()
    numba.set_num_threads(max(1, min(before, n_graphs)))
    try:
        yield
    finally:
        numba.set_num_threads(before)
