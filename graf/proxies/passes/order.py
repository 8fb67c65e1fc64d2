"""Whether inputs or tokens come first in what a network computes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from graf.proxies.network import Network
from graf.proxies.observe import ACTIVATIONS, LAYER_FUNCTIONS, Calls, Operations, above_zero
from graf.proxies.passes.results import Results
from graf.proxies.state import seeded, untouched
from graf.proxies.undefined import Undefined

__all__ = ["Activations", "Order", "outputs_of_layers"]

Watch = Callable[[Callable[[Tensor], None]], AbstractContextManager[Any]]


class Order:
    """The order of dimensions of the tensors that `watch(see)` gives to `see` while the network runs.

    Most hold inputs first, (N, T, C); some, such as those of `nn.TransformerEncoder` where it is not told
    otherwise, hold tokens first, (T, N, C). Where T is a multiple of N the shape does not tell them apart, and
    the network is run once more, on few inputs, to see which dimension they change.
    """

    def __init__(self, network: Network, watch: Watch) -> None:
        self.network, self.watch, self.n = network, watch, len(network.batch)
        self.few = 3 if self.n == 2 else 2

    def is_open(self, x: Tensor) -> bool:
        """Whether the shape leaves it open."""
        return x.ndim == 3 and x.shape[1] == self.n and x.shape[0] % self.n == 0

    def tokens_first(self, number: int, x: Tensor) -> bool:
        """Whether the tensor of this number, from 0, is (T, N, C); `Undefined` where that cannot be found out."""
        if not self.is_open(x):
            return x.ndim == 3 and x.shape[1] == self.n
        a, b, c = x.shape
        shape = self._shapes[number] if number < len(self._shapes) else None
        if shape == (a, self.few, c):
            return True
        if shape == (a // self.n * self.few, b, c):
            return False
        raise Undefined(
            f"whether inputs or tokens come first in the shape {tuple(x.shape)} cannot be told for a batch"
            f" of {self.n}; give another `batch_size`"
        )

    @cached_property
    def _shapes(self) -> list[tuple[int, ...]]:
        network, found = self.network, list[tuple[int, ...]]()
        chosen = torch.arange(self.few, device=network.device) % self.n
        with (
            Results().attempt([]),  # what it raises is no reason: what it did not come to cannot be told
            torch.no_grad(),
            seeded(network.seed, network.device),
            untouched(network.module),
            self.watch(lambda x: found.append(tuple(x.shape))),
        ):
            network(network.parameters, network.batch.rows(chosen).inputs)
        return found


class Activations(ABC):
    """Gives `use` which inputs of each activation are above zero, (N, neurons), while the network runs."""

    def __init__(self, network: Network) -> None:
        self.order = Order(network, self._watch)
        self.count = 0
        self.open: list[tuple[int, Tensor]] = []

    @abstractmethod
    def use(self, bits: Tensor) -> None:
        """Takes those of one activation."""

    @staticmethod
    def _watch(see: Callable[[Tensor], None]) -> Operations:
        return Operations(ACTIVATIONS, before=see)

    def watched(self) -> Operations:
        """Looks at what the module computes inside the block."""
        return self._watch(self._see)

    def _see(self, x: Tensor) -> None:
        if self.order.is_open(x):
            self.open.append((self.count, x > 0))
        elif (bits := above_zero(x, self.order.n)) is not None:
            self.use(bits)
        self.count += 1

    def finish(self) -> None:
        """After the run, those whose shape did not tell what comes first."""
        for number, bits in self.open:
            first = bits.transpose(0, 1) if self.order.tokens_first(number, bits) else bits
            self.use(first.reshape(self.order.n, -1))


def outputs_of_layers(see: Callable[[Tensor], None]) -> Calls:
    """Calls `see(output)` for every convolution and linear layer."""

    def answer(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        output = func(*args, **kwargs)
        if func in LAYER_FUNCTIONS:
            see(output)
        return output

    return Calls(answer)
