"""Confidence of attention heads."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import total
from graf.proxies.undefined import Undefined

__all__ = ["head_confidence"]


@proxy(cost="O(outputs of projections)", reference="Serianni & Kalita, 2023")
def head_confidence(projections: list[Tensor]) -> Tensor:
    """Sum over the linear layers inside attention of the mean, over inputs and features, of the largest
    output of any token.
    """
    if not projections:
        raise Undefined("no linear layer is called inside attention")
    return total(outputs.amax(1).mean() for outputs in projections)
