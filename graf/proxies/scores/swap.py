"""Sample-wise activation patterns."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy

__all__ = ["swap"]


@proxy(cost="O(activations log activations)", reference="Peng et al., 2024")
def swap(patterns: Tensor) -> int:
    """Number of different patterns of activations over the batch, with standard normal weights.

    The published settings are batches of 16 and the mean of 32 draws; this is one draw, at most
    2^N and at most the number of activations.
    """
    return len(torch.unique(patterns, dim=0) if patterns.shape[1] > 1 else torch.unique(patterns))
