"""Weight times gradient."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import products, total

__all__ = ["plain"]


@proxy(cost="O(parameters)", reference="Abdelfattah et al., 2021")
def plain(weights: list[Tensor], gradients: list[Tensor]) -> Tensor:
    """Sum over weights of the weight times its loss gradient, with its sign.

    The sign depends on the drawn weights and on the batch, so that other draws rank networks
    differently.
    """
    return total(products(w, g).sum() for w, g in zip(weights, gradients, strict=True))
