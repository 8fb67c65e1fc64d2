"""One training run of one architecture, and everything that is measured on it."""

from __future__ import annotations

from typing import Any

import numpy as np

from graf.measure.calibration import calibration
from graf.measure.digits import digits
from graf.measure.recipe import Recipe
from graf.measure.robustness import accuracy, robustness
from graf.measure.threads import one_thread
from graf.measure.train import logits, train
from graf.spaces import SearchSpace

__all__ = ["measure_run"]


@one_thread()
def measure_run(space: SearchSpace, architecture: str, seed: int, recipe: Recipe) -> dict[str, Any]:
    """Train from a seed and measure; the same arguments give the same figures but for time.

    The seed draws the initial weights and the order of the images. One thread is used, so that
    the result does not depend on the machine's cores. Torch's random state and number of
    threads are as before when it returns.
    """
    parts = digits()
    model = space.model(architecture, seed)
    seconds = train(model, parts["train"], recipe, seed)
    test, validation = parts["test"], parts["validation"]
    outputs = [logits(model, part.x).numpy().astype(np.float64) for part in (test, validation)]
    return {
        "architecture": architecture,
        "seed": seed,
        "train_acc": accuracy(model, parts["train"]),
        "val_acc": accuracy(model, validation),
        "test_acc": accuracy(model, test),
        **robustness(model, test),
        **calibration(outputs[0], test.y.numpy(), outputs[1], validation.y.numpy()),
        "train_seconds": seconds,
    }
