"""Preservation of the gradient."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import products, total

__all__ = ["grasp"]


@proxy(
    cost="a backward through the backward, about five times one",
    reference="Wang et al., 2020; sign as in Abdelfattah et al., 2021",
)
def grasp(weights: list[Tensor], hessian_gradients: list[Tensor]) -> Tensor:
    """Minus the sum over weights of the weight times (Hessian times gradient)."""
    return -total(products(w, h).sum() for w, h in zip(weights, hessian_gradients, strict=True))
