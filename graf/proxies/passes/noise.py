"""The pass of one noise input through the weights as they are: what every module gives (MeCo)."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList

from graf.proxies.batch import normal
from graf.proxies.network import Network, first_tensor
from graf.proxies.observe import Sequences, outputs_of
from graf.proxies.passes.results import Results
from graf.proxies.undefined import Undefined

__all__ = ["run"]

LEAST_SIDE = 64


def run(network: Network, wanted: frozenset[str], results: Results) -> None:
    """One forward in training mode; images smaller than 64 x 64 are made as large."""
    network.module.train()
    maps: list[Tensor] = []
    sequences = Sequences()

    def see(module: nn.Module, output: Any) -> None:
        try:
            found = _by_channel(first_tensor(output), sequences)
        except (Undefined, IndexError):
            return  # no tensor, or one without dimensions, is no map
        maps.append(found.clone())  # later layers may write over it

    parts = list(network.module.modules())
    made = {part for m in parts if isinstance(m, ParametrizationList) for part in m.modules()}  # give weights
    compiled = {m for m in parts if hasattr(m, "_orig_mod")}  # give what the module in them does
    giving = [part for part in parts if part not in made | compiled]
    with torch.no_grad(), outputs_of(giving, see), sequences:
        network(network.parameters, _one_input(network))
    results["feature_maps"] = maps


def _one_input(network: Network) -> Any:
    first = network.batch.rows(slice(1))
    inputs = first.inputs
    if not isinstance(inputs, Tensor) or inputs.ndim != 4:
        return first.noise(network.generator(6))
    sides = (max(side, LEAST_SIDE) for side in inputs.shape[2:])
    shape = (1, inputs.shape[1], *sides)
    return normal(inputs.new_empty(shape), network.generator(6))


def _by_channel(x: Tensor, sequences: Sequences) -> Tensor:
    """(channels, positions) of the output for one input: images, sequences of channels, of tokens, or vectors.

    The one input stands in the second dimension where tokens come first, (T, 1, C).
    """
    if sequences.channels_first(x):
        return x[0].flatten(1)
    one = x[:, 0] if x.ndim == 3 and x.shape[1] == 1 else x[0]
    return one.T if one.ndim == 2 else one.reshape(one.shape[0], -1)
