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
from graf.spaces.torch_models.state import plain_defaults

__all__ = ["measure_run", "recipe_run"]


@one_thread()
@plain_defaults()
def measure_run(
    space: SearchSpace, architecture: str, seed: int, recipe: Recipe, attacked: bool = True
) -> dict[str, Any]:
    """Train from a seed and measure; the same arguments give the same figures but for time.

    Accuracy on attacked and corrupted images is left out unless `attacked`.

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
        "train_acc": accuracy(model, parts["train"]),
        "val_acc": accuracy(model, validation),
        "test_acc": accuracy(model, test),
        **(robustness(model, test) if attacked else {}),
        **calibration(outputs[0], test.y.numpy(), outputs[1], validation.y.numpy()),
        "train_seconds": seconds,
    }


@one_thread()
@plain_defaults()
def recipe_run(space: SearchSpace, architecture: str, seed: int, recipe: Recipe) -> dict[str, Any]:
    """Train from a seed and measure accuracy, on validation images after every epoch too.

    Otherwise as `measure_run`. `val_acc_ep<k>` is there for every epoch but the last, whose
    accuracy is `val_acc`.
    """
    parts = digits()
    model = space.model(architecture, seed)
    by_epoch: dict[int, float] = {}

    def look(epoch: int) -> None:
        by_epoch[epoch] = accuracy(model, parts["validation"])

    seconds = train(model, parts["train"], recipe, seed, look)
    return {
        "test_acc": accuracy(model, parts["test"]),
        "val_acc": by_epoch.pop(recipe.epochs),
        **{f"val_acc_ep{epoch}": value for epoch, value in by_epoch.items()},
        "train_seconds": round(seconds, 3),
    }
