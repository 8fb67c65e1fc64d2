"""Fisher information of channels."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import products, total

__all__ = ["fisher"]


@proxy(cost="O(outputs of layers)", reference="Turner et al., 2020; Abdelfattah et al., 2021")
def fisher(layer_saliencies: list[tuple[Tensor, Tensor, Tensor]]) -> Tensor:
    """Sum over channels of half the mean squared (output times its gradient, summed over positions).

    Each channel counts as often as it has weights, as in the published code. Positions are pixels
    or tokens; the loss is the mean over the batch.
    """
    return total(
        products(outputs, gradients).sum(2).square().mean(0).sum() / 2 * weight[0].numel()
        for outputs, gradients, weight in layer_saliencies
    )
