"""Sums over the layers of a network, and over the positions of rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from graf.proxies.undefined import NO_ATTENTION, Undefined

__all__ = ["correlation", "covariance", "of_role", "products", "total"]


def total(values: Iterable[Tensor]) -> Tensor:
    """Their sum in double precision; `Undefined` if there is none."""
    values = [value.double() for value in values]
    if not values:
        raise Undefined("there is no layer to sum over")
    return torch.stack(values).sum()


def of_role(
    role: str, weights: Sequence[Tensor], gradients: Sequence[Tensor], roles: Sequence[str]
) -> list[tuple[Tensor, Tensor]]:
    """Weights and gradients of the layers of a role, "attention" or "other"; `Undefined` where nothing attends."""
    if "attention" not in roles:
        raise Undefined(NO_ATTENTION)
    layers = zip(weights, gradients, roles, strict=True)
    return [(weight, gradient) for weight, gradient, own in layers if own == role]


def products(values: Tensor, gradients: Tensor) -> Tensor:
    """How a real quantity changes as each value is scaled: value times gradient, also of complex values.

    Examples
    --------
    >>> products(torch.tensor([3 + 2j]), torch.tensor([5 + 1j]))
    tensor([17.])
    """
    return (values * gradients.conj()).real


def covariance(rows: Tensor) -> Tensor:
    """Covariances of rows, of the population.

    `torch.cov` asks the device for a value, which would wait for all that is computed.
    """
    centred = rows - rows.mean(1, keepdim=True)
    return centred @ centred.T / rows.shape[1]


def correlation(rows: Tensor) -> Tensor:
    """Pearson correlations of rows; NaN where a row is constant."""
    products = covariance(rows)
    deviations = products.diagonal().sqrt()
    return (products / deviations[:, None] / deviations).clamp(-1, 1)
