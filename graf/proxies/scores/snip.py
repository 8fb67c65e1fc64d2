"""Connection sensitivity."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import products, total

__all__ = ["snip"]


@proxy(cost="O(parameters)", reference="Lee et al., 2019; Abdelfattah et al., 2021")
def snip(weights: list[Tensor], gradients: list[Tensor]) -> Tensor:
    """Sum over weights of the absolute weight times its loss gradient."""
    return total(products(w, g).abs().sum() for w, g in zip(weights, gradients, strict=True))
