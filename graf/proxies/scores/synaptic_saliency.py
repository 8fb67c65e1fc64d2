"""Synaptic saliency outside of attention."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total
from graf.proxies.undefined import Undefined

__all__ = ["synaptic_saliency"]


@proxy(cost="O(parameters)", reference="Zhou et al., 2022 (TF-TAS)")
def synaptic_saliency(
    linear_weights: list[Tensor], linear_gradients: list[Tensor], linear_roles: list[str]
) -> Tensor:
    """Sum, over the linear layers outside of attention, of absolute weight times gradient.

    In the network of absolute weights (see `synflow`), of which convolutions do not count.
    """
    if "attention" not in linear_roles:
        raise Undefined("no module with weights computes attention (a softmax over keys)")
    layers = zip(linear_weights, linear_gradients, linear_roles, strict=True)
    return total((w * g).abs().sum() for w, g, role in layers if role == "other" and w.ndim == 2)
