"""Leaving a module and the random numbers of the process as they were."""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from typing import Any
from unittest.mock import patch

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils import checkpoint

from graf.proxies.contents import remembered

__all__ = ["draw_from", "exact_products", "seeded", "step_by_step", "untouched"]

BACKENDS: Any = torch.backends  # of which torch's types know little
CUDA, CUDNN, MKLDNN = BACKENDS.cuda, BACKENDS.cudnn, BACKENDS.mkldnn
OPERATIONS = (CUDA.matmul, CUDNN.conv, CUDNN.rnn, MKLDNN.matmul, MKLDNN.conv, MKLDNN.rnn)
EXACT = "none", "ieee"


@contextmanager
def untouched(module: nn.Module) -> Iterator[Callable[[], None]]:
    """Whatever the block does to attributes of the module and of its parts is undone after it.

    Modes, hooks, caches at any depth, gradients and the flags of parameters and buffers come back; what
    these hold is not copied, as passes only write into tensors of their own.
    Yields a function that undoes it before the end, too.
    """
    parts = [(part, dict(vars(part))) for part in module.modules()]
    modes = [part.training for part, _ in parts]  # elsewhere than the attributes, in a scripted module
    tensors = [
        (t, t.grad if t.is_leaf else None, t.requires_grad) for t in (*module.parameters(), *module.buffers())
    ]
    attributes = [v for _, values in parts for v in values.values() if not isinstance(v, Tensor)]
    known = [part for part, _ in parts] + [tensor for tensor, *_ in tensors]
    contents = remembered(attributes, but=known)

    def restore() -> None:
        for (part, values), mode in zip(parts, modes, strict=True):
            vars(part).clear()
            vars(part).update(values)
            if part.training != mode:
                part.training = mode
        for bring_back in contents:
            bring_back()
        for tensor, gradient, flag in tensors:
            if tensor.is_leaf and tensor.requires_grad != flag:
                tensor.requires_grad_(flag)
            if tensor.is_leaf:
                tensor.grad = gradient

    try:
        yield restore
    finally:
        restore()


@contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """Everything that is drawn comes from the seed inside the block; after it, states are as before.

    Gradients are on, attention is computed by its definition, which can be differentiated twice,
    activations are kept where checkpoints would compute them again, and nothing is compiled: it would be
    anew for each pass, together with what looks at it.
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
        stack.enter_context(_without_checkpoints())
        if "torch._dynamo" in sys.modules:  # else nothing is compiled, and to import it takes seconds
            stack.enter_context(torch.compiler.set_stance("force_eager"))
        if torch.get_default_device() not in (torch.device("cpu"), device):
            stack.enter_context(device)
        draw_from(seed, device)
        yield


def draw_from(seed: int, device: torch.device) -> None:
    """Begin anew, within `seeded`, with what is drawn."""
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - put back when done
    torch.default_generator.manual_seed(seed)
    if device.type == "cuda":
        torch.cuda.default_generators[device.index].manual_seed(seed)


@contextmanager
def exact_products() -> Iterator[None]:
    """Products of matrices and convolutions keep single precision, whatever less is allowed elsewhere.

    By `torch.set_float32_matmul_precision`, by `torch.backends`, for all operations or one, and for
    convolutions on a GPU by torch's own default.
    """
    with (
        _precisions_kept(),
        _set(torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"),
        _set_of(torch.backends.cudnn, "allow_tf32", False),
    ):
        for operation in OPERATIONS:
            if operation.fp32_precision not in EXACT:
                operation.fp32_precision = "ieee"
        yield


@contextmanager
def _precisions_kept() -> Iterator[None]:
    """What is allowed for each operation is the same after the block."""
    before = [operation.fp32_precision for operation in OPERATIONS]
    try:
        yield
    finally:
        for operation, precision in zip(OPERATIONS, before, strict=True):
            for change in ("none", precision):  # "none" follows what is set for all
                if operation.fp32_precision != precision:
                    operation.fp32_precision = change


@contextmanager
def step_by_step() -> Iterator[None]:
    """Recurrent layers are computed step by step, and not by libraries that do it in one operation.

    There activations are not seen, and a GPU takes gradients but once, and in training mode alone.
    """
    with _set_of(torch.backends.cudnn, "enabled", False), _set_of(torch.backends.mkldnn, "enabled", False):
        yield


def _set_of(owner: Any, name: str, value: Any) -> AbstractContextManager[None]:
    return _set(partial(getattr, owner, name), partial(setattr, owner, name), value)


@contextmanager
def _set(get: Callable[[], Any], change: Callable[[Any], None], value: Any) -> Iterator[None]:
    """A flag of torch has a value inside the block."""
    try:
        before = get()
    except RuntimeError:  # it was set for each operation
        before = value
    if before == value:
        yield
        return
    change(value)
    try:
        yield
    finally:
        change(before)


@contextmanager
def _without_checkpoints() -> Iterator[None]:
    """Checkpointed parts are run as others are.

    The backward would run them again, with the module's own tensors in the place of those it is called with.
    """
    with (
        patch.object(checkpoint, "CheckpointFunction", _Kept),
        patch.object(checkpoint, "_checkpoint_hook", nullcontext),
    ):
        yield


class _Kept:
    @staticmethod
    def apply(function: Callable[..., Any], preserve: bool, *args: Any) -> Any:
        return function(*args)
