"""Progressivity of AZ-NAS."""

from __future__ import annotations

from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.az_expressivity import entropies

__all__ = ["az_progressivity"]


@proxy(
    cost="O(blocks channels^3)",
    reference="Lee & Ham, 2024 (AZ-NAS)",
    undefined="the outputs of a block do not vary",
)
def az_progressivity(block_outputs: list[Tensor]) -> Tensor:
    """Least growth, from block to block, of the entropy that `az_expressivity` sums."""
    return entropies(block_outputs).diff().min()
