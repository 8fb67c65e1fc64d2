"""Training one network by a recipe."""

from __future__ import annotations

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from graf.exceptions import InputError
from graf.measure.digits import Images
from graf.measure.recipe import Recipe

__all__ = ["check_recipe", "logits", "train"]


def train(
    model: nn.Module,
    images: Images,
    recipe: Recipe,
    seed: int,
    after_epoch: Callable[[int], None] | None = None,
) -> float:
    """Train a model in place, and leave it in evaluation mode; returns processor seconds.

    The seed draws the order and the shifts of the images; the caller's random state is not
    touched. `after_epoch` is called with the number of finished epochs, the model in evaluation
    mode; its time does not count.
    """
    n, size = len(images.y), recipe.batch_size
    check_recipe(recipe, n)
    generator = torch.Generator().manual_seed(seed)
    optimiser = _optimiser(model, recipe)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.epochs * (n // size))
    seconds = 0.0
    for epoch in range(1, recipe.epochs + 1):
        started = time.process_time()
        model.train()
        order = torch.randperm(n, generator=generator)
        for batch in order[: n // size * size].reshape(-1, size):
            optimiser.zero_grad()
            outputs = model(_shifted(images.x[batch], recipe.shift, generator))
            loss = functional.cross_entropy(outputs, images.y[batch], label_smoothing=recipe.label_smoothing)
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
        model.eval()
        seconds += time.process_time() - started
        if after_epoch is not None:
            after_epoch(epoch)
    return seconds


def check_recipe(recipe: Recipe, n: int) -> None:
    """Raise `InputError` if it is no recipe, or one of batches larger than `n`, the training images."""
    if not isinstance(recipe, Recipe):
        raise InputError(f"a recipe must be a `graf.measure.Recipe`, got {recipe!r:.80}")
    if recipe.batch_size > n:
        raise InputError(
            f"`batch_size` must be at most {n}, the number of training images, got {recipe.batch_size}"
        )


def _optimiser(model: nn.Module, recipe: Recipe) -> torch.optim.Optimizer:
    rate, decay = recipe.learning_rate, recipe.weight_decay
    if recipe.optimiser == "adamw":
        return torch.optim.AdamW(model.parameters(), rate, (recipe.momentum, 0.999), weight_decay=decay)
    return torch.optim.SGD(model.parameters(), rate, recipe.momentum, weight_decay=decay, nesterov=True)


def _shifted(x: Tensor, most: int, generator: torch.Generator) -> Tensor:
    """Every image (n, 1, height, width) moved by up to `most` pixels both ways; zeros come in."""
    if most == 0:
        return x
    n, _, height, width = x.shape
    windows = functional.pad(x, (most,) * 4).unfold(2, height, 1).unfold(3, width, 1)
    down, right = torch.randint(2 * most + 1, (2, n), generator=generator)
    return windows[torch.arange(n), :, down, right]


def logits(model: nn.Module, x: Tensor) -> Tensor:
    """Outputs (n, classes) of a model in evaluation mode, without gradients."""
    with torch.no_grad():
        outputs: Tensor = model(x)
    return outputs
