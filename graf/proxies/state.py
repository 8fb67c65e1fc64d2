"""Leaving a module and the random numbers of the process as they were."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel

__all__ = ["seeded", "untouched"]


@contextmanager
def untouched(module: nn.Module) -> Iterator[None]:
    """Whatever the block does to attributes of the module and of its parts is undone after it.

    Modes, hooks, caches in lists and dictionaries, gradients and the flags of parameters and
    buffers come back; what tensors hold is not copied, as passes only write into tensors of their own.
    """
    parts = list(module.modules())
    attributes = [(part, dict(vars(part)), _contents(part)) for part in parts]
    tensors = [(t, t.grad, t.requires_grad) for t in (*module.parameters(), *module.buffers())]
    try:
        yield
    finally:
        for part, values, contents in attributes:
            vars(part).clear()
            vars(part).update(values)
            for container, copy in contents:
                _restore(container, copy)
        for tensor, gradient, flag in tensors:
            tensor.requires_grad_(flag) if tensor.is_leaf else None
            tensor.grad = gradient


def _contents(part: nn.Module) -> list[tuple[Any, Any]]:
    return [(v, v.copy()) for v in vars(part).values() if isinstance(v, (dict, list, set))]


def _restore(container: Any, copy: Any) -> None:
    container.clear()
    container.extend(copy) if isinstance(container, list) else container.update(copy)


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Everything that is drawn comes from the seed inside the block; after it, states are as before.

    Gradients are on, and attention is computed by its definition, which can be differentiated twice.
    """
    drawn = random.getstate(), np.random.get_state()  # noqa: NPY002 - a module may draw from it
    devices = [device] if device.type == "cuda" else []
    with ExitStack() as stack:
        stack.callback(np.random.set_state, drawn[1])
        stack.callback(random.setstate, drawn[0])
        stack.enter_context(torch.random.fork_rng(devices))
        stack.enter_context(torch.inference_mode(False))
        stack.enter_context(torch.enable_grad())
        stack.enter_context(sdpa_kernel(SDPBackend.MATH))
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - put back when done
        torch.default_generator.manual_seed(seed)
        if devices:
            torch.cuda.default_generators[device.index].manual_seed(seed)
        yield
