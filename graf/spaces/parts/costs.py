"""What layers cost in parameters and multiply-adds, by the shapes of what they read and give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Cost",
    "Shape",
    "attention_cost",
    "conv_cost",
    "cost_attributes",
    "linear_cost",
    "mlp_cost",
    "norm_cost",
    "residual_cost",
]


@dataclass(frozen=True)
class Cost:
    """Parameters, and multiply-adds for one example.

    Examples
    --------
    >>> Cost(10, 20) + Cost(1, 2)
    Cost(parameters=11, macs=22)
    """

    parameters: int = 0
    macs: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.parameters + other.parameters, self.macs + other.macs)


class Shape(NamedTuple):
    """Channels, height and width of a tensor between two blocks.

    Examples
    --------
    >>> Shape(3, 32, 31).after(16, stride=2)
    Shape(channels=16, height=16, width=16)
    """

    channels: int
    height: int
    width: int

    def after(self, channels: int, stride: int = 1) -> Shape:
        """The shape behind a convolution that pads by half its kernel."""
        return Shape(channels, -(-self.height // stride), -(-self.width // stride))


def conv_cost(before: Shape, after: Shape, kernel: int, groups: int = 1) -> Cost:
    """Cost of a convolution without bias and the batch normalisation behind it."""
    weights = kernel**2 * before.channels // groups * after.channels
    return Cost(weights + 2 * after.channels, weights * after.height * after.width)


def linear_cost(n_in: int, n_out: int, length: int = 1, *, bias: bool = True) -> Cost:
    """Cost of one linear layer, at every position of a sequence if there is one.

    Examples
    --------
    >>> linear_cost(4, 2, length=10)
    Cost(parameters=10, macs=80)
    """
    return Cost((n_in + bias) * n_out, length * n_in * n_out)


def residual_cost(before: Shape, after: Shape) -> Cost:
    """Cost of the two 3x3 convolutions of a residual block, without its shortcut."""
    return conv_cost(before, after, 3) + conv_cost(after, after, 3)


def norm_cost(width: int) -> Cost:
    """Cost of a layer normalisation: scales and shifts."""
    return Cost(2 * width)


def attention_cost(width: int, inner: int, length: int) -> Cost:
    """Cost of queries, keys and values of `inner` channels, of scores and of weighted sums."""
    return linear_cost(width, 3 * inner, length) + Cost(0, 2 * length**2 * inner)


def mlp_cost(width: int, inner: int, length: int, n_inner: int = 1) -> Cost:
    """Cost of linear layers through `n_inner` tensors of `inner` channels and back, and of a norm."""
    return sum(
        (linear_cost(*pair, length) for pair in pairwise([width, *[inner] * n_inner, width])),
        norm_cost(width),
    )


def cost_attributes(costs: Sequence[Cost]) -> dict[str, NDArray[np.int64]]:
    """The attributes of nodes with these costs."""
    return {
        "n_parameters": np.array([cost.parameters for cost in costs], np.int64),
        "n_macs": np.array([cost.macs for cost in costs], np.int64),
    }
