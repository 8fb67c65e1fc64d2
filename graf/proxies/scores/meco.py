"""Smallest eigenvalue of correlations between channels."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import correlation, total

__all__ = ["meco"]


@proxy(cost="O(modules channels^3)", reference="Jiang et al., 2023")
def meco(feature_maps: list[Tensor]) -> Tensor:
    """Sum over modules of the smallest eigenvalue of the correlations between output channels.

    The input is one image of noise. Modules that hold others count too, as in the published code, and
    correlations that do not exist count as 0.
    """
    return total(_smallest(maps) for maps in feature_maps)


def _smallest(maps: Tensor) -> Tensor:
    if maps.shape[1] < 2:
        return maps.new_zeros((), dtype=torch.float64)
    return torch.linalg.eigvalsh(correlation(maps).nan_to_num(0, 0, 0).double())[0]
