"""The pass with standard normal weights: noise through the network, and the batch."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from graf.proxies.batch import Inputs, normal
from graf.proxies.network import Network
from graf.proxies.observe import Calls, argument, is_batch_norm
from graf.proxies.passes.order import Activations
from graf.proxies.passes.redrawn import ClassifierInputs, fresh_buffers, noise, redrawn
from graf.proxies.passes.results import Results
from graf.proxies.state import seeded, untouched
from graf.proxies.undefined import Undefined

__all__ = ["run"]

STEP = 0.01
WORD, PART = 64, 16


def run(network: Network, wanted: frozenset[str], results: Results) -> None:
    """Two forwards of noise, or one of the batch, or both, with the same weights; training mode.

    What the module draws in one, and keeps of it, is not moved on by the other.
    """
    network.module.train()
    parameters = redrawn(network, partial(normal, generator=network.generator()))
    of_noise = wanted - {"patterns"}
    if "patterns" in wanted:
        with results.attempt(["patterns"]), seeded(network.seed, network.device), untouched(network.module):
            results["patterns"] = _patterns(network, parameters)
    if of_noise:
        with results.attempt(of_noise), seeded(network.seed, network.device):
            _noise(network, parameters, results)


@torch.no_grad()
def _noise(network: Network, parameters: dict[str, Tensor], results: Results) -> None:
    x = noise(network, 1)
    buffers = fresh_buffers(network)
    results["noise_features"] = _features(network, parameters, x, buffers)
    moved = _moved(x, noise(network, 2))
    results["perturbed_features"] = _features(network, parameters, moved, buffers)
    results["running_variances"] = [b for name, b in buffers.items() if name.endswith("running_var")]


def _moved(x: Inputs, by: Inputs) -> Inputs:
    if isinstance(x, Tensor) and isinstance(by, Tensor):
        return x + STEP * by
    assert isinstance(x, dict) and isinstance(by, dict)
    return {n: t + STEP * by[n] if t.is_floating_point() else t for n, t in x.items()}


def _features(
    network: Network, parameters: dict[str, Tensor], x: Inputs, buffers: dict[str, Tensor]
) -> Tensor:
    ends = ClassifierInputs()

    def see(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        if is_batch_norm(func, args, kwargs) and argument(2, "running_var", args, kwargs) is None:
            raise Undefined("a batch norm keeps no running statistics")
        return ends.see(func, args, kwargs)

    with Calls(see):
        network(parameters, x, buffers)
    if ends.pooled is None:
        raise Undefined("the network has neither a pooling over all positions nor a linear layer at its end")
    return ends.pooled


@torch.no_grad()
def _patterns(network: Network, parameters: dict[str, Tensor]) -> Tensor:
    patterns = _Patterns(network)
    with patterns.watched():
        network(parameters, network.batch.inputs, fresh_buffers(network))
    patterns.finish()
    if not patterns.found:
        raise Undefined("the network applies no activation (ReLU, GELU, SiLU, ...) to its inputs")
    return torch.cat(patterns.found)


class _Patterns(Activations):
    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.found: list[Tensor] = []

    def use(self, bits: Tensor) -> None:
        self.found.append(_packed(bits))


def _packed(bits: Tensor) -> Tensor:
    """(n, neurons) bits as (neurons, words of 64 bits)."""
    words = []
    for start in range(0, len(bits), WORD):
        word = bits[start : start + WORD]
        parts = [_sum_of_powers(word[at : at + PART]) << at for at in range(0, len(word), PART)]
        words.append(torch.stack(parts).sum(0))
    return torch.stack(words, 1)


def _sum_of_powers(bits: Tensor) -> Tensor:
    """Exact in single precision for 16 powers of two, which is much faster than double."""
    powers = 2.0 ** torch.arange(len(bits), device=bits.device, dtype=torch.float32)
    return (powers @ bits.float()).long()
