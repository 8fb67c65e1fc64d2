"""Agreement of the signs of gradients."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total

__all__ = ["gradsign"]


@proxy(cost="a forward and backward of each input on its own", reference="Zhang & Jia, 2022")
def gradsign(sign_sums: list[Tensor]) -> Tensor:
    """Sum over weights of the absolute sum of the signs of single inputs' gradients."""
    return total(signs.abs().double().sum() for signs in sign_sums)
