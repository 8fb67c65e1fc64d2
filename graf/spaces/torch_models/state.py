"""What torch draws from and builds with inside a block: its random numbers, its default dtype and device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["default_dtype", "plain_defaults", "seeded"]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw torch's random numbers from a seed inside the block, and restore its state after."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield


@contextmanager
def default_dtype(dtype: torch.dtype) -> Iterator[None]:
    """Tensors that are made without a dtype have this one inside the block."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


@contextmanager
def plain_defaults() -> Iterator[None]:
    """Tensors are single precision and on the CPU inside the block, whatever the caller has set."""
    with default_dtype(torch.float32), torch.device("cpu"):
        yield
