"""The recipe that an architecture is trained by, and samples of recipes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import numpy as np

from graf.checks import count, is_whole
from graf.exceptions import InputError, check_known

__all__ = ["Recipe", "sample_recipes"]

OPTIMISERS = ("sgd", "adamw")
EPOCHS, BATCH_SIZES, SHIFTS = (4, 5, 6, 7, 8, 9), (32, 64), (0, 1)
LEARNING_RATES = {"sgd": (0.1, 1.0), "adamw": (0.01, 0.1)}


@dataclass(frozen=True)
class Recipe:
    """How a network is trained, under a cosine schedule.

    Parameters
    ----------
    epochs, batch_size : passes over the training images, images per step. Images that do not
        fill the last batch of a pass are left out of that pass.
    learning_rate : at the start; it falls to zero along half a cosine.
    momentum : Nesterov momentum of SGD, the first beta of AdamW.
    weight_decay : on all weights; decoupled from the gradient in AdamW.
    optimiser : "sgd", or "adamw" (Loshchilov & Hutter, 2019).
    label_smoothing : share of the label that is spread over all classes (Szegedy et al., 2016).
    shift : augmentation: every image is moved by up to so many pixels both ways, anew in every
        pass; what comes in is black.

    Raises
    ------
    InputError
        If a value is out of range; names it.

    Examples
    --------
    >>> Recipe(epochs=2).learning_rate
    0.3
    """

    epochs: int = 10
    batch_size: int = 64
    learning_rate: float = 0.3
    momentum: float = 0.9
    weight_decay: float = 5e-4
    optimiser: Literal["sgd", "adamw"] = "sgd"
    label_smoothing: float = 0.0
    shift: int = 0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if isinstance(value, np.generic):  # which no file of settings takes
                object.__setattr__(self, name, value.item())
        for name, least in {"epochs": 1, "batch_size": 1, "shift": 0}.items():
            value = getattr(self, name)
            if not is_whole(value, least):
                kind = "positive integer" if least else "non-negative integer"
                raise InputError(f"`{name}` must be a {kind}, got {value!r}")
        for name in ("learning_rate", "momentum", "weight_decay", "label_smoothing"):
            value = getattr(self, name)
            if not isinstance(value, (int, float)) or isinstance(value, bool):
                raise InputError(f"`{name}` must be a number, got {value!r:.80}")
        for name, fits in {
            "learning_rate": 0 < self.learning_rate < float("inf"),
            "momentum": 0 < self.momentum < 1,
            "weight_decay": 0 <= self.weight_decay < float("inf"),
            "label_smoothing": 0 <= self.label_smoothing < 1,
        }.items():
            if not fits:
                raise InputError(f"`{name}` is out of range: {getattr(self, name)!r}")
        check_known("optimiser", self.optimiser, OPTIMISERS)

    @property
    def columns(self) -> dict[str, float]:
        """The settings as numbers to predict from; `adamw` is 1 for AdamW and 0 for SGD."""
        settings = asdict(self)
        return settings | {"adamw": float(settings.pop("optimiser") == "adamw")}


def sample_recipes(n: int, seed: int = 0) -> list[Recipe]:
    """`n` recipes that cover all settings evenly: a Latin hypercube (McKay et al., 1979).

    Each setting alone takes its values evenly: both optimisers, 4 to 9 epochs, batches of 32 or
    64, shifts of 0 or 1 pixel, label smoothing 0 to 0.2 (none in a third of the recipes),
    momentum 0.6 to 0.95; on a logarithmic scale, weight decay 1e-5 to 1e-2 and learning rate
    0.1 to 1 for SGD, 0.01 to 0.1 for AdamW. All are short enough for a laptop.

    Examples
    --------
    >>> [recipe.epochs for recipe in sample_recipes(6)]
    [9, 7, 4, 6, 8, 5]
    """
    count("n", n)
    count("seed", seed, 0)
    from scipy.stats import qmc  # imported on use: it takes a while

    return [_recipe(*point) for point in qmc.LatinHypercube(8, seed=seed).random(n).tolist()]


def _recipe(*point: float) -> Recipe:
    """The recipe at a point of the unit cube."""
    optimiser, epochs, batch_size, rate, momentum, decay, smoothing, shift = point
    name: Literal["sgd", "adamw"] = "sgd" if optimiser < 0.5 else "adamw"
    lowest, highest = LEARNING_RATES[name]
    return Recipe(
        epochs=EPOCHS[int(epochs * len(EPOCHS))],
        batch_size=BATCH_SIZES[int(batch_size * len(BATCH_SIZES))],
        learning_rate=float(f"{lowest * (highest / lowest) ** rate:.3g}"),
        momentum=round(0.6 + 0.35 * momentum, 3),
        weight_decay=float(f"{10 ** (3 * decay - 5):.3g}"),
        optimiser=name,
        label_smoothing=round(max(0.0, 0.3 * smoothing - 0.1), 3),
        shift=SHIFTS[int(shift * len(SHIFTS))],
    )
