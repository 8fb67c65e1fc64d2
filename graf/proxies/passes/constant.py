"""The pass with all weights the same, once tiny and once 1 (EpsiNAS)."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor

from graf.proxies.network import Network, first_tensor
from graf.proxies.observe import Calls
from graf.proxies.passes.redrawn import ClassifierInputs, fresh_buffers, redrawn
from graf.proxies.passes.results import Results

__all__ = ["run"]

VALUES = (1e-7, 1.0)


def run(network: Network, wanted: frozenset[str], results: Results) -> None:
    """Two forwards of the batch in training mode."""
    network.module.train()
    with torch.no_grad():
        results["constant_outputs"] = [_features(network, value) for value in VALUES]


def _features(network: Network, value: float) -> Tensor:
    ends = ClassifierInputs()
    parameters = redrawn(network, partial(torch.full_like, fill_value=value), scale=value)
    with Calls(ends.see):
        output = first_tensor(network(parameters, network.batch.inputs, fresh_buffers(network)))
    return output if ends.linear is None else ends.linear
