"""Synaptic diversity of attention."""

from __future__ import annotations

import torch
from torch import Tensor

from graf.proxies.registry import proxy
from graf.proxies.scores.sums import of_role, total

__all__ = ["synaptic_diversity"]


@proxy(cost="two singular value decompositions per weight", reference="Zhou et al., 2022 (TF-TAS)")
def synaptic_diversity(
    linear_weights: list[Tensor], linear_gradients: list[Tensor], linear_roles: list[str]
) -> Tensor:
    """Sum over the weights of attention of the nuclear norm of the weight times that of its gradient.

    Weights of attention are those inside the modules that compute it; weights and gradients are
    those of the network of absolute weights (see `synflow`), in double precision.
    """
    layers = of_role("attention", linear_weights, linear_gradients, linear_roles)
    return total(_nuclear(w) * _nuclear(g) for w, g in layers)


def _nuclear(matrix: Tensor) -> Tensor:
    return torch.linalg.matrix_norm(matrix.flatten(1), "nuc")
