"""Sample-wise activation patterns, regularised by size."""

from __future__ import annotations

from math import exp

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.swap import swap
from graf.proxies.undefined import Undefined

__all__ = ["regularised_swap"]


@proxy(cost="as `swap`", reference="Peng et al., 2024")
def regularised_swap(
    patterns: Tensor, n_parameters: int, *, mu: float | None = None, sigma: float | None = None
) -> Tensor:
    """`swap` times exp(-(P - mu)^2 / sigma), P the thousands of parameters; mu and sigma are those of
    the search space.
    """
    if mu is None or sigma is None:
        raise Undefined("`mu` and `sigma` of the search space are not set")
    return swap(patterns) * exp(-((n_parameters / 1e3 - mu) ** 2) / sigma)
