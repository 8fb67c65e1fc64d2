"""Outputs under constant weights."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy

__all__ = ["epsinas"]


@proxy(
    cost="O(features)",
    reference="Gracheva, 2021",
    undefined="with tiny weights all outputs are the same, often as they are too small for the precision",
)
def epsinas(constant_outputs: list[Tensor]) -> Tensor:
    """Mean absolute difference of the outputs for two constant weights, over their mean.

    Outputs are what the last linear layer is given, over the batch, scaled to between 0 and 1;
    zeros are left out. Weights, batch norms' scales included, are 1e-7 and 1, biases 0.
    """
    first, second = (_scaled(output.flatten()) for output in constant_outputs)
    return (first - second).abs().nanmean() / torch.stack([first, second]).nanmean()


def _scaled(x: Tensor) -> Tensor:
    scaled = (x - x.min()) / (x.max() - x.min())
    return torch.where(scaled == 0, torch.nan, scaled)
