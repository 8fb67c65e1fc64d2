"""What the attributes of a module hold, and how it is brought back."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import is_dataclass
from functools import partial
from types import FunctionType, NoneType, SimpleNamespace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

__all__ = ["remembered"]

HOLDERS = (dict, list, set, deque, tuple)
PLAIN = frozenset({NoneType, bool, int, float, str, type, FunctionType})  # hold nothing, and are most


def remembered(values: Iterable[Any], but: Iterable[Any]) -> list[Callable[[], object]]:
    """Functions that bring back what values hold now, at any depth; objects in `but` are passed over.

    Containers, records, modules that no module registers, tensors and arrays that forward may write into,
    and sources of random numbers. Objects of other classes are not looked into.
    """
    seen, pending = set(map(id, but)), list(values)
    found: list[Callable[[], object]] = []
    empty: list[Any] = []  # as ten containers of each module are
    while pending:
        value = pending.pop()
        if type(value) in PLAIN or id(value) in seen:
            continue
        seen.add(id(value))
        if not isinstance(value, HOLDERS):
            found += _of_other(value, pending)
        elif value:
            pending += value.values() if isinstance(value, dict) else value
            found += [] if isinstance(value, tuple) else [partial(_refill, value, value.copy())]
        elif not isinstance(value, tuple):
            empty.append(value)
    return [*found, partial(_clear, empty)]


def _clear(containers: Iterable[Any]) -> None:
    for container in containers:
        if container:
            container.clear()


def _refill(container: Any, copy: Any) -> None:
    container.clear()
    container.extend(copy) if isinstance(container, (list, deque)) else container.update(copy)


def _of_other(value: Any, pending: list[Any]) -> list[Callable[[], object]]:
    if isinstance(value, (nn.Module, SimpleNamespace)) or (
        is_dataclass(value) and not isinstance(value, type)
    ):
        attributes = getattr(value, "__dict__", {})
        pending += attributes.values()
        return [partial(_refill, attributes, attributes.copy())]
    return _of_numbers(value)


def _of_numbers(value: Any) -> list[Callable[[], object]]:
    if isinstance(value, Tensor):
        return [partial(_rewrite, value, value.detach().clone())] if _can_be_written(value) else []
    if isinstance(value, np.ndarray):
        return [partial(np.copyto, value, value.copy())] if value.flags.writeable else []
    if isinstance(value, torch.Generator):
        return [partial(value.set_state, value.get_state())]
    if isinstance(value, np.random.Generator):
        return [partial(setattr, value.bit_generator, "state", value.bit_generator.state)]
    if isinstance(value, np.random.RandomState):
        return [partial(value.set_state, value.get_state())]
    if isinstance(value, random.Random) and not isinstance(value, random.SystemRandom):
        return [partial(value.setstate, value.getstate())]
    return []


def _can_be_written(tensor: Tensor) -> bool:
    plain = type(tensor) in (Tensor, nn.Parameter) and tensor.layout == torch.strided
    return plain and not (tensor.is_meta or tensor.is_nested or tensor.is_inference())


@torch.no_grad()
def _rewrite(tensor: Tensor, copy: Tensor) -> None:
    """Bring a tensor back. Its version does not tell whether it was written: a batch norm does not count."""
    if not torch.equal(tensor, copy):
        tensor.copy_(copy)
