"""Log-determinant of the kernel of activation patterns."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy

__all__ = ["nwot"]


def log_determinant(kernels: Tensor) -> Tensor:
    """Logarithm of the absolute determinant of each matrix."""
    return torch.linalg.slogdet(kernels).logabsdet


@proxy(
    cost="O(N^2 activations)",
    reference="Mellor et al., 2021",
    undefined="two inputs have the same activations, so that the kernel is singular",
    finish=log_determinant,
)
def nwot(agreement: Tensor) -> Tensor:
    """Logarithm of the determinant of the matrix of how many activations two inputs agree on.

    An activation is seen by its operation; it counts as on where its input is above zero. The value
    grows with the number of activations, and about in proportion to the batch size: of 32 inputs it is half
    of the published values of NAS-Bench-Suite-Zero, which are those of 64.
    """
    return agreement
