"""Training one network by a fixed recipe."""

from __future__ import annotations

import time

import torch
from torch import Tensor, nn
from torch.nn import functional

from graf.exceptions import InputError
from graf.measure.digits import Images
from graf.measure.recipe import Recipe

__all__ = ["logits", "train"]


def train(model: nn.Module, images: Images, recipe: Recipe, seed: int) -> float:
    """Train a model in place, and leave it in evaluation mode; returns processor seconds.

    The seed draws the order of the images; the caller's random state is not touched.
    """
    n, size = len(images.y), recipe.batch_size
    if size > n:
        raise InputError(f"`batch_size` must be at most {n}, the number of training images, got {size}")
    generator = torch.Generator().manual_seed(seed)
    optimiser = torch.optim.SGD(
        model.parameters(),
        lr=recipe.learning_rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=True,
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, recipe.epochs * (n // size))
    started = time.process_time()
    model.train()
    for _ in range(recipe.epochs):
        order = torch.randperm(n, generator=generator)
        for batch in order[: n // size * size].reshape(-1, size):
            optimiser.zero_grad()
            loss = functional.cross_entropy(model(images.x[batch]), images.y[batch])
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
    model.eval()
    return time.process_time() - started


def logits(model: nn.Module, x: Tensor) -> Tensor:
    """Outputs (n, classes) of a model in evaluation mode, without gradients."""
    with torch.no_grad():
        outputs: Tensor = model(x)
    return outputs
