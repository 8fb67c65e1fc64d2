"""Zen score."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy

__all__ = ["zen"]


@proxy(
    cost="O(features)",
    reference="Lin et al., 2021; one draw and step 0.01 as in NAS-Bench-Suite-Zero",
    undefined="noise and noise that is a little different give the same features, or too large ones",
)
def zen(noise_features: Tensor, perturbed_features: Tensor, running_variances: list[Tensor]) -> Tensor:
    """Logarithm of how much features change with the input, plus that of the batch norms' scales.

    Features are what the pooling over all positions is given. The change is the absolute one,
    summed over features and averaged over the batch, between noise x and x + 0.01 x'; a batch norm adds
    half the logarithm of the mean of its running variance after both.
    """
    difference = (noise_features.double() - perturbed_features.double()).abs().flatten(1).sum(1).mean()
    scales = [variance.double().mean().log() / 2 for variance in running_variances]
    return difference.log() + torch.stack(scales).sum() if scales else difference.log()
