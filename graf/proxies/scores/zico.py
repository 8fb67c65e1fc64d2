"""Mean and deviation of gradients over batches."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total

__all__ = ["zico"]


@proxy(cost="a second forward and backward", reference="Li et al., 2023; two batches as in AZ-NAS")
def zico(batch_gradients: list[list[Tensor]]) -> Tensor:
    """Sum over layers of log(sum over weights of mean absolute gradient / deviation), over batches.

    The deviation is that of the population; weights without any, and layers without such
    weights, are left out. With two batches the ratio has heavy tails.
    """
    return total(_of_layer(torch.stack(gradients)) for gradients in zip(*batch_gradients, strict=True))


def _of_layer(gradients: Tensor) -> Tensor:
    mean, deviation = gradients.abs().mean(0), gradients.std(0, correction=0)
    ratios = torch.where(deviation > 0, mean / deviation, 0).sum()
    return torch.where(ratios > 0, ratios.log(), 0)
