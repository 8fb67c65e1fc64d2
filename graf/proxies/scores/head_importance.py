"""Importance of attention heads."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total

__all__ = ["head_importance"]


@proxy(cost="O(parameters)", reference="Serianni & Kalita, 2023")
def head_importance(attention_saliencies: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Sum over the weights of attention of the absolute weight times its gradient of summed outputs."""
    return total((weight * gradient).abs().sum() for weight, gradient in attention_saliencies)
