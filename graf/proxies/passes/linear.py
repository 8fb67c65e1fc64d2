"""The linear pass: an input of ones through absolute weights without batch norm (SynFlow)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import grad

from graf.proxies.network import Network, first_tensor
from graf.proxies.observe import Calls, argument, is_batch_norm
from graf.proxies.passes.attention import AttentionModules
from graf.proxies.passes.results import Results

__all__ = ["run"]

SINGULAR = "_u", "_v"  # vectors of spectral norms: a weight is divided by its product with both


def run(network: Network, wanted: frozenset[str], results: Results) -> None:
    """One forward and backward in double precision; evaluation mode, so that nothing is drawn."""
    network.module.eval()
    parameters = {name: _absolute(p) for name, p in network.parameters.items()}
    weights = [parameters[name].requires_grad_() for name in network.names]
    network.check_weights()
    attention = AttentionModules(network.module)

    def see(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        if is_batch_norm(func, args, kwargs):
            return argument(0, "input", args, kwargs)
        return func(*args, **kwargs)

    inputs, buffers = network.batch.ones(torch.float64), network.buffers(torch.float64)
    buffers |= {name: b.abs() for name, b in buffers.items() if name.endswith(SINGULAR)}
    with attention.watched("linear_roles" in wanted), Calls(see):
        output = first_tensor(network(parameters, inputs, buffers))
    results["linear_weights"] = [weight.detach() for weight in weights]
    results["linear_gradients"] = list(grad(output.sum(), weights, materialize_grads=True))
    inside = attention.weight_names()
    results["linear_roles"] = ["attention" if name in inside else "other" for name in network.names]


def _absolute(parameter: Tensor) -> Tensor:
    """In double precision and of the kind that it was, real or complex; whole numbers as they are."""
    if not (parameter.is_floating_point() or parameter.is_complex()):
        return parameter
    wide = torch.promote_types(parameter.dtype, torch.float64)
    return parameter.to(wide).abs().to(wide)
