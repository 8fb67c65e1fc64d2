"""Expressivity of AZ-NAS."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import covariance, total

__all__ = ["az_expressivity", "entropies"]

EPSILON = 1e-8


def entropies(block_outputs: list[Tensor]) -> Tensor:
    """Entropy of the normalised eigenvalues of the channels' covariance, for each block."""
    found = []
    for output in block_outputs:
        matrix = covariance(output.double().T)
        finite = matrix.isfinite().all()
        values = torch.linalg.eigvalsh(matrix.nan_to_num(0, 0, 0)).clamp(min=0)
        share = torch.where(finite, values / values.sum(), torch.nan)
        found.append(-(share * (share + EPSILON).log()).sum())
    return torch.stack(found)


@proxy(
    cost="O(blocks channels^3)",
    reference="Lee & Ham, 2024 (AZ-NAS)",
    undefined="the outputs of a block do not vary",
)
def az_expressivity(block_outputs: list[Tensor]) -> Tensor:
    """Sum over blocks of the entropy of the spectrum of the covariance between channels.

    Blocks: `graf.proxies.passes.kaiming.blocks_of`.
    """
    return total(entropies(block_outputs))
