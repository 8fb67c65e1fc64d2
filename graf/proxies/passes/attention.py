"""The pass over attention: where a network computes it, and what its heads do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from inspect import signature
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import grad
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf.proxies.network import Network, first_tensor, kernels
from graf.proxies.observe import LAYER_FUNCTIONS, SOFTMAXES, Calls, Operations, running
from graf.proxies.passes.order import Order, outputs_of_layers
from graf.proxies.passes.results import Results
from graf.proxies.undefined import NO_ATTENTION, Undefined

__all__ = ["AttentionModules", "run"]

COMPUTE = frozenset({F.scaled_dot_product_attention, F.multi_head_attention_forward})
SOFTMAX = frozenset({F.softmax, torch.softmax, Tensor.softmax})
MULTI_HEAD = signature(F.multi_head_attention_forward)


class AttentionModules:
    """The modules that compute attention: the innermost with weights around a softmax over keys."""

    def __init__(self, module: nn.Module) -> None:
        self.module = module
        self.found: list[nn.Module] = []
        self.linear: list[tuple[list[nn.Module], int | None, Tensor]] = []
        self.count = 0  # of layers
        self.stack: list[nn.Module] = []

    @contextmanager
    def watched(self, wanted: bool = True) -> Iterator[None]:
        """Looks at what the module computes inside the block."""
        with ExitStack() as stack:
            if wanted:
                self.stack = stack.enter_context(running(self.module))
                stack.enter_context(Calls(self._see))
            yield

    def _see(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        output = func(*args, **kwargs)
        if func in COMPUTE or (func in SOFTMAX and output.ndim > 2):
            owner = next((m for m in reversed(self.stack) if any(map(has_kernels, m.modules()))), None)
            if owner is not None and owner is not self.module and owner not in self.found:
                self.found.append(owner)
        if func is F.linear:
            kept = output.detach().clone()  # may be scaled in place
            self.linear.append((list(self.stack), self.count, kept))
        elif func is F.multi_head_attention_forward:
            self.linear += [(list(self.stack), None, one) for one in _projected(args, kwargs, output[0])]
        self.count += func in LAYER_FUNCTIONS
        return output

    def weight_names(self) -> set[str]:
        """Names of the weights inside these modules."""
        inside = {id(p) for owner in self.found for m in owner.modules() for p in kernels(m)}
        return {name for name, p in self.module.named_parameters() if id(p) in inside}

    def projections(self, network: Network) -> list[Tensor]:
        """Outputs (N, tokens, features) of the linear layers inside these modules.

        Some have inputs and tokens in one dimension, some have tokens first; a table of relative
        positions, which a layer may make too, is of no input.
        """
        n, order = len(network.batch), Order(network, outputs_of_layers)
        outputs = [
            one if number is None or not order.tokens_first(number, one) else one.transpose(0, 1)
            for stack, number, one in self.linear
            if any(module in self.found for module in stack)
        ]
        folded = [
            one.reshape(n, -1, one.shape[1]) if one.ndim == 2 and len(one) > n and len(one) % n == 0 else one
            for one in outputs
        ]
        return [one for one in folded if one.ndim == 3 and len(one) % n == 0]


@torch.no_grad()
def _projected(args: Sequence[Any], kwargs: dict[str, Any], output: Tensor) -> list[Tensor]:
    """Queries, keys, values and output of `F.multi_head_attention_forward`, (N, tokens, features) each.

    It calls linear layers where they are not seen, and has tokens first.
    """
    given = MULTI_HEAD.bind(*args, **kwargs).arguments
    separate = [given.get(f"{name}_proj_weight") for name in "qkv"]
    weights = separate if given.get("use_separate_proj_weight") else given["in_proj_weight"].chunk(3)
    biases = [None] * 3 if given["in_proj_bias"] is None else given["in_proj_bias"].chunk(3)
    inputs = given["query"], given["key"], given["value"]
    projected = map(F.linear, inputs, weights, biases)
    return [one.transpose(0, 1) for one in (*projected, output.clone())]


def has_kernels(module: nn.Module) -> bool:
    """Whether it holds weights itself."""
    return next(kernels(module), None) is not None


def run(network: Network, wanted: frozenset[str], results: Results) -> None:
    """One forward, and one backward of the sum of outputs, in evaluation mode."""
    network.module.eval()
    parameters, weights = network.differentiable()
    attention = AttentionModules(network.module)
    maps: list[Tensor] = []
    with attention.watched(), Operations(SOFTMAXES, after=maps.append):
        output = first_tensor(network(parameters, network.batch.inputs))
    inside = attention.weight_names()
    if not inside:
        raise Undefined(NO_ATTENTION)
    chosen = [weight for name, weight in zip(network.names, weights, strict=True) if name in inside]
    results["attention_weights"] = [one.detach() for one in maps if one.ndim > 2]
    with results.attempt(["projections"]):
        results["projections"] = attention.projections(network)
    if "attention_saliencies" in wanted:
        gradients = grad(output.sum(), chosen, materialize_grads=True)
        results["attention_saliencies"] = [
            (weight.detach(), gradient) for weight, gradient in zip(chosen, gradients, strict=True)
        ]
