"""Agreement of the signs of gradients."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total

__all__ = ["gradsign"]


@proxy(cost="a forward and backward of each input on its own", reference="Zhang & Jia, 2022")
def gradsign(sign_sums: list[Tensor]) -> Tensor:
    """Sum over weights of the absolute sum of the signs of single inputs' gradients.

    Between 0 and N times the number of weights, and so larger for larger networks; some
    implementations divide it by the number of weights. Each input is a batch of its own in training
    mode, whose statistics a batch norm uses.
    """
    return total(signs.abs().double().sum() for signs in sign_sums)
