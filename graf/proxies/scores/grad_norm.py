"""Norm of the gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total

__all__ = ["grad_norm"]


@proxy(cost="O(parameters)", reference="Abdelfattah et al., 2021")
def grad_norm(gradients: list[Tensor]) -> Tensor:
    """Sum over layers of the Frobenius norm of the loss gradient by the weight."""
    return total(torch._foreach_norm(gradients))
