"""Norm of the weights."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total

__all__ = ["l2_norm"]


@proxy(cost="O(parameters)", reference="Abdelfattah et al., 2021")
def l2_norm(weights: list[Tensor]) -> Tensor:
    """Sum over layers of the Frobenius norm of the weight."""
    return total(torch._foreach_norm(weights))
