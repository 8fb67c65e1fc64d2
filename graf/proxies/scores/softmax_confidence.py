"""Confidence of attention weights."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total

__all__ = ["softmax_confidence"]


@proxy(cost="O(attention weights)", reference="Serianni & Kalita, 2023; over keys, as in their later code")
def softmax_confidence(attention_weights: list[Tensor]) -> Tensor:
    """Sum over attentions of the mean, over inputs, heads and queries, of the largest weight of a key."""
    return total(weights.amax(-1).mean() for weights in attention_weights)
