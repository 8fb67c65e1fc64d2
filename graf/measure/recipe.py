"""The recipe that every architecture is trained by."""

from __future__ import annotations

from dataclasses import dataclass

from graf.exceptions import InputError

__all__ = ["Recipe"]


@dataclass(frozen=True)
class Recipe:
    """How a network is trained: SGD with Nesterov momentum under a cosine schedule.

    Parameters
    ----------
    epochs, batch_size : passes over the training images, images per step. Images that do not
        fill the last batch of a pass are left out of that pass.
    learning_rate : at the start; it falls to zero along half a cosine.
    momentum, weight_decay : of SGD; decay acts on all weights.

    Raises
    ------
    InputError
        If a value is out of range; names it.

    Examples
    --------
    >>> Recipe(epochs=2)
    Recipe(epochs=2, batch_size=64, learning_rate=0.3, momentum=0.9, weight_decay=0.0005)
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 0.3
    momentum: float = 0.9
    weight_decay: float = 5e-4

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise InputError(f"`{name}` must be a positive integer, got {getattr(self, name)!r}")
        for name, fits in {
            "learning_rate": 0 < self.learning_rate < float("inf"),
            "momentum": 0 < self.momentum < 1,
            "weight_decay": 0 <= self.weight_decay < float("inf"),
        }.items():
            if not fits:
                raise InputError(f"`{name}` is out of range: {getattr(self, name)!r}")
