"""Synaptic saliency outside of attention."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import of_role, total

__all__ = ["synaptic_saliency"]


@proxy(cost="O(parameters)", reference="Zhou et al., 2022 (TF-TAS)")
def synaptic_saliency(
    linear_weights: list[Tensor], linear_gradients: list[Tensor], linear_roles: list[str]
) -> Tensor:
    """Sum, over the linear layers outside of attention, of absolute weight times gradient.

    In the network of absolute weights (see `synflow`), of which convolutions do not count.
    """
    layers = of_role("other", linear_weights, linear_gradients, linear_roles)
    return total((w * g).abs().sum() for w, g in layers if w.ndim == 2)
