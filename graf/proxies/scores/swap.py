"""Sample-wise activation patterns."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy

__all__ = ["swap"]


@proxy(cost="O(activations log activations)", reference="Peng et al., 2024")
def swap(patterns: Tensor) -> Tensor:
    """Number of different patterns of activations over the batch, with standard normal weights.

    The published settings are batches of 16 and the mean of 32 draws; this is one draw, at most
    2^N and at most the number of activations.
    """
    for word in range(patterns.shape[1]):  # `torch.unique` would wait for the device
        patterns = patterns[patterns[:, word].argsort(stable=True)]
    changes = (patterns[1:] != patterns[:-1]).any(1)
    return changes.sum().double() + min(1, len(patterns))
