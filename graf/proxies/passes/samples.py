"""Gradients of single inputs, each as a batch of its own in training mode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import grad as gradient_of
from torch.func import vmap
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf.proxies.batch import Inputs
from graf.proxies.network import Network, first_tensor
from graf.proxies.observe import Calls, argument
from graf.proxies.passes.data import class_scores, loss_of
from graf.proxies.passes.results import Results
from graf.proxies.undefined import Undefined, is_out_of_memory

__all__ = ["run"]

MOST_NUMBERS = 2**26  # of gradients at once


def run(network: Network, wanted: frozenset[str], results: Results) -> None:
    """All inputs at once where the module allows it, else one by one."""
    network.module.train()
    network.check_weights()
    first = network.batch.rows(slice(1))
    with Calls(without_running_statistics):
        output = first_tensor(network(network.differentiable()[0], first.inputs))
    if not loss_of(class_scores(output, 1, network), first).requires_grad:  # vmap would give zeros
        raise Undefined("the network computes its output without gradients")
    try:
        results["sign_sums"] = _at_once(network)
    except Exception as error:  # vmap refuses what depends on values, and says so in many ways
        if is_out_of_memory(error):
            raise
        results["sign_sums"] = _one_by_one(network)


def _at_once(network: Network) -> list[Tensor]:
    weights = dict(zip(network.names, map(torch.clone, network.weights), strict=True))
    rest = {name: p for name, p in network.parameters.items() if name not in weights}

    def loss(weights: dict[str, Tensor], batch: tuple[Inputs, Tensor]) -> Tensor:
        inputs, label = batch
        one = inputs[None] if isinstance(inputs, Tensor) else {k: v[None] for k, v in inputs.items()}
        scores = class_scores(first_tensor(network({**rest, **weights}, one)), 1, network)
        return F.cross_entropy(scores, label[None])

    each = vmap(gradient_of(loss), (None, 0), randomness="different")
    sums = [torch.zeros_like(weight) for weight in weights.values()]
    step = max(1, MOST_NUMBERS // sum(weight.numel() for weight in weights.values()))
    with Calls(without_running_statistics):
        for start in range(0, len(network.batch), step):
            part = network.batch.rows(slice(start, start + step))
            assert part.labels is not None  # else there was no loss of the first input
            found = each(weights, (part.inputs, part.labels))
            for total, name in zip(sums, weights, strict=True):
                total += found[name].sgn().sum(0)
    return sums


def _one_by_one(network: Network) -> list[Tensor]:
    sums = [torch.zeros_like(weight) for weight in network.weights]
    for i in range(len(network.batch)):
        one = network.batch.rows(slice(i, i + 1))
        parameters, weights = network.differentiable()
        with Calls(without_running_statistics):
            scores = class_scores(first_tensor(network(parameters, one.inputs)), 1, network)
        found = torch.autograd.grad(loss_of(scores, one), weights, materialize_grads=True)
        for total, gradient in zip(sums, found, strict=True):
            total += gradient.sgn()
    return sums


def without_running_statistics(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """Batch norms do not write their running statistics, which single inputs would each change.

    Those that are kept in evaluation mode only read them.
    """
    if func is not F.batch_norm or not argument(5, "training", args, kwargs):
        return func(*args, **kwargs)
    args = (args[0], None, None, *args[3:])
    kwargs = {name: value for name, value in kwargs.items() if name not in ("running_mean", "running_var")}
    return func(*args, **kwargs)
