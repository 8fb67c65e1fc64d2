"""Correlation of the Jacobian between inputs."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import correlation
from graf.proxies.undefined import Undefined

__all__ = ["jacov"]

EPSILON = 1e-5


def spectral_score(matrices: Tensor) -> Tensor:
    """Minus the sum of log(v + e) + 1 / (v + e) over eigenvalues v; NaN of matrices with NaN."""
    finite = matrices.isfinite().all((1, 2))
    values = torch.linalg.eigvalsh(matrices.nan_to_num()) + EPSILON
    return torch.where(finite, -(values.log() + 1 / values).sum(1), torch.nan)


@proxy(
    cost="O(N^2 D)",
    reference="Mellor et al., 2020; Abdelfattah et al., 2021",
    undefined="the gradient by an input is the same everywhere",
    finish=spectral_score,
)
def jacov(input_gradients: Tensor) -> Tensor:
    """Minus the sum of log(v + 1e-5) + 1 / (v + 1e-5) over eigenvalues v of the correlations between
    the gradients of the summed outputs by each input.
    """
    if len(input_gradients) < 2:
        raise Undefined("there is but one input, which correlates with no other")
    return correlation(input_gradients.double())
