"""Synaptic diversity and saliency."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.synaptic_diversity import synaptic_diversity
from graf.proxies.scores.synaptic_saliency import synaptic_saliency

__all__ = ["dss"]


@proxy(cost="as its parts", reference="Zhou et al., 2022 (TF-TAS)")
def dss(linear_weights: list[Tensor], linear_gradients: list[Tensor], linear_roles: list[str]) -> Tensor:
    """`synaptic_diversity` plus `synaptic_saliency`."""
    layers = linear_weights, linear_gradients, linear_roles
    return synaptic_diversity(*layers) + synaptic_saliency(*layers)
