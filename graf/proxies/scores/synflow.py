"""Synaptic flow."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total

__all__ = ["synflow"]


@proxy(
    cost="O(parameters)",
    reference="Tanaka et al., 2020; Abdelfattah et al., 2021; logarithm as in NAS-Bench-Suite-Zero",
    undefined="no path of weights leads from the input to the output, or numbers on it are too large",
)
def synflow(linear_weights: list[Tensor], linear_gradients: list[Tensor]) -> Tensor:
    """Natural logarithm of the sum over weights of weight times gradient, in the network of absolute
    weights without batch norm, for an input of ones.
    """
    return total((w * g).abs().sum() for w, g in zip(linear_weights, linear_gradients, strict=True)).log()
