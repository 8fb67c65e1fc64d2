"""Outlook: what is expected of candidates, and how surely."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Outlook"]

Floats = NDArray[np.float64]


class Outlook(NamedTuple):
    """What is expected of candidates, on scales on which it is about normally distributed; more is better.

    Parameters
    ----------
    mean : (n, objectives).
    std : their standard deviations.
    to_gains : turns values (..., objectives) on the scales into gains; None if they are gains.
    """

    mean: Floats
    std: Floats
    to_gains: Callable[[Floats], Floats] | None = None

    def gains(self, values: Floats) -> Floats:
        """Values on the scales as gains."""
        return values if self.to_gains is None else self.to_gains(values)

    def without_noise(self) -> Outlook:
        """Less the smallest variance in each objective, which is what would stay unknown of an architecture known well.

        What is like a trial promises a front nothing: only by its noise could it come out better.
        """
        variance = self.std**2
        return self._replace(std=np.sqrt(variance - variance.min(axis=0)))

    @property
    def width(self) -> Floats:
        """A standard deviation in units of the gains."""
        return (self.gains(self.mean + self.std) - self.gains(self.mean - self.std)) / 2
