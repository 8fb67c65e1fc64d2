"""Sums over the layers of a network."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

from graf.proxies.undefined import Undefined

__all__ = ["correlation", "total"]


def total(values: Iterable[Tensor]) -> Tensor:
    """Their sum in double precision; `Undefined` if there is none."""
    values = [value.double() for value in values]
    if not values:
        raise Undefined("there is no layer to sum over")
    return torch.stack(values).sum()


def correlation(rows: Tensor) -> Tensor:
    """Pearson correlations of rows, in double precision; NaN where a row is constant."""
    return torch.corrcoef(rows.double()).reshape(len(rows), len(rows))
