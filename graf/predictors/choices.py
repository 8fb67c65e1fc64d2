"""Choices: a member that sees nothing but what architectures chose, and the share that it deserves."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor

from graf.predictors.groups import chosen
from graf.predictors.view import View

__all__ = ["Choices", "sure_share"]

Floats = NDArray[np.float64]
CAUTION = 2  # standard errors


class Choices(View):
    """A Gaussian process with one weight per choice of the search space.

    In latency some positions count more than others, which the weights that columns of graphs share cannot
    tell. Parameters and attributes are those of `View`; there are no trees.
    """

    def _together(self) -> list[list[str]]:
        return [chosen(self.names)]

    def _grown(self, seen: Floats, y: Floats) -> list[ExtraTreesRegressor]:
        return []


def sure_share(first: Floats, second: Floats, truth: Floats) -> float:
    """The share that the second of two predictions (n,) should have at least in their mean, by n unseen labels.

    The share with the least squared error (Granger and Ramanathan, 1984), less two standard errors, between 0
    and 1.

    Examples
    --------
    >>> truth = np.arange(10.0)
    >>> sure_share(np.zeros(10), truth, truth), sure_share(truth, np.zeros(10), truth)
    (1.0, 0.0)
    """
    apart = second - first
    spread = float(apart @ apart)
    if spread == 0:
        return 0.0
    share = np.clip(apart @ (truth - first) / spread, 0, 1)
    left = truth - first - share * apart
    return float(max(0.0, share - CAUTION * np.sqrt(np.mean(left**2) / spread)))
