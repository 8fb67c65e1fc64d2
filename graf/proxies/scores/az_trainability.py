"""Trainability of AZ-NAS."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy

__all__ = ["az_trainability"]

EPSILON = 1e-6


@proxy(
    cost="a backward, and O(blocks channels^3)",
    reference="Lee & Ham, 2024 (AZ-NAS)",
    undefined="a block gives the gradient on as it is (it computes nothing), or gives none",
)
def az_trainability(block_gradients: list[tuple[Tensor, Tensor]]) -> Tensor:
    """Mean over blocks of 2 - s - 1 / (s + 1e-6), s the largest singular value of the Jacobian between
    the channels of consecutive blocks, estimated with random signs.
    """
    return torch.stack([_of_block(*pair) for pair in block_gradients]).mean()


def _of_block(after: Tensor, before: Tensor) -> Tensor:
    estimate = (before.double().T @ after.double()) / len(after)
    finite = estimate.isfinite().all()
    largest = torch.linalg.matrix_norm(estimate.nan_to_num(0, 0, 0), 2)
    score = 2 - largest - 1 / (largest + EPSILON)
    if after.shape == before.shape:
        finite = finite & (after != before).any()
    return torch.where(finite, score, torch.nan)
