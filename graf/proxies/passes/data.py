"""The pass over data: one forward, and two backwards, in training mode with the weights as they are."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import torch
from torch import Tensor
from torch.autograd import grad
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf.proxies.batch import Batch, Inputs
from graf.proxies.network import Network, first_tensor
from graf.proxies.observe import LAYER_FUNCTIONS, Calls, argument
from graf.proxies.passes.order import Activations, Order, outputs_of_layers
from graf.proxies.passes.results import Results
from graf.proxies.state import draw_from
from graf.proxies.undefined import Undefined, is_out_of_memory, reason_of

__all__ = ["class_scores", "loss_of", "run"]

OF_LOSS = frozenset({"gradients", "hessian_gradients", "layer_saliencies", "batch_gradients"})


def run(network: Network, wanted: frozenset[str], results: Results) -> None:
    """Forward; the loss by weights (and by outputs of layers); the outputs by inputs."""
    network.module.train()
    batch = network.batch
    inputs, leaf = _inputs(batch, wanted, results)
    try:
        output, weights, agreement, layers = _forward(network, inputs, wanted)
    except Exception as error:
        if leaf is None or is_out_of_memory(error):
            raise
        draw_from(network.seed, network.device)  # a module may refuse inputs that have a gradient
        output, weights, agreement, layers = _forward(network, batch.inputs, wanted)
        results["input_gradients"], leaf = Undefined(reason_of(error)), None
    with results.attempt(["agreement"]):
        results["agreement"] = agreement.total()
    with results.attempt(["labels"]):
        results["labels"] = _labels(batch)
    with results.attempt(wanted):
        scores = class_scores(output, len(batch), network)
        results["n_classes"] = scores.shape[1]
        with results.attempt(OF_LOSS):
            _by_loss(network, scores, weights, layers, wanted, results, last=leaf is None)
        if leaf is not None:
            ones = torch.ones_like(scores)
            (found,) = grad(scores, [leaf], ones, materialize_grads=True)
            results["input_gradients"] = found.flatten(1)


def _forward(
    network: Network, inputs: Inputs, wanted: frozenset[str]
) -> tuple[Tensor, list[Tensor], _Agreement, _Layers]:
    """The output, the weights that gradients are taken by, and what was seen of activations and layers."""
    agreement, layers = _Agreement(network), _Layers(network)
    with ExitStack() as stack:
        if not wanted & (OF_LOSS | {"input_gradients"}):
            stack.enter_context(torch.no_grad())
        if "agreement" in wanted:
            stack.enter_context(agreement.watched())
        if "layer_saliencies" in wanted:
            stack.enter_context(Calls(layers.see))
        parameters, weights = network.differentiable()
        return first_tensor(network(parameters, inputs)), weights, agreement, layers


def _inputs(batch: Batch, wanted: frozenset[str], results: Results) -> tuple[Inputs, Tensor | None]:
    """The inputs, and the one that gradients are taken by, if they are wanted."""
    if "input_gradients" not in wanted:
        return batch.inputs, None
    if not batch.first.is_floating_point():
        results["input_gradients"] = Undefined("the inputs are whole numbers, which have no gradient")
        return batch.inputs, None
    leaf = batch.first.detach().requires_grad_()
    if isinstance(batch.inputs, Tensor):
        return leaf, leaf
    return batch.inputs | {next(iter(batch.inputs)): leaf}, leaf


def class_scores(output: Tensor, n: int, network: Network) -> Tensor:
    """(N, classes): outputs of tokens (N, T, C), and of pixels (N, C, H, W) or positions (N, C, T), are averaged."""
    if output.ndim == 0 or output.shape[0] != n:
        raise Undefined(
            f"the network gives shape {tuple(output.shape)} for {n} inputs; expected one row each"
        )
    if output.ndim == 3 and not network.gives_channels_first:
        return output.mean(1)
    return output.flatten(2).mean(2) if output.ndim > 2 else output.reshape(n, -1)


def loss_of(scores: Tensor, batch: Batch) -> Tensor:
    """Mean cross-entropy of the labels."""
    labels = _labels(batch)
    low, high = batch.label_range or (0, 0)
    if low < 0 or high >= scores.shape[1]:
        raise Undefined(f"labels are between {low} and {high}, but the network has {scores.shape[1]} outputs")
    return F.cross_entropy(scores, labels)


def _labels(batch: Batch) -> Tensor:
    if batch.labels is None:
        raise Undefined("the data has no labels")
    if batch.labels.shape != (len(batch),):
        raise Undefined(f"labels have shape {tuple(batch.labels.shape)}; expected one class for each input")
    return batch.labels


def _by_loss(
    network: Network,
    scores: Tensor,
    weights: list[Tensor],
    layers: _Layers,
    wanted: frozenset[str],
    results: Results,
    last: bool,
) -> None:
    """Gradients of the loss, and of these gradients."""
    if not wanted & OF_LOSS:
        return
    network.check_weights()
    loss = loss_of(scores, network.batch)
    twice = "hessian_gradients" in wanted
    by = weights + layers.outputs
    found = grad(loss, by, retain_graph=not last or twice, create_graph=twice, materialize_grads=True)
    gradients = [gradient.detach() for gradient in found[: len(weights)]]
    results["gradients"] = gradients
    with results.attempt(["layer_saliencies"]):
        results["layer_saliencies"] = layers.with_gradients(found[len(weights) :])
    if twice:
        with results.attempt(["hessian_gradients"]):
            results["hessian_gradients"] = _hessian(found[: len(weights)], gradients, weights, last)
    if "batch_gradients" in wanted:
        with results.attempt(["batch_gradients"]):
            results["batch_gradients"] = [gradients, _second_gradients(network)]


def _hessian(
    attached: Sequence[Tensor], gradients: list[Tensor], weights: list[Tensor], last: bool
) -> list[Tensor]:
    product = torch.stack([(a * g.conj()).real.sum() for a, g in zip(attached, gradients, strict=True)]).sum()
    if not product.requires_grad:
        return [torch.zeros_like(weight) for weight in weights]
    return list(grad(product, weights, retain_graph=not last, materialize_grads=True))


def _second_gradients(network: Network) -> list[Tensor]:
    if len(network.batches) < 2:
        raise Undefined("the data has no second batch; give at least twice as many inputs as `batch_size`")
    batch = network.batches[1]
    parameters, weights = network.differentiable()
    scores = class_scores(first_tensor(network(parameters, batch.inputs)), len(batch), network)
    return list(grad(loss_of(scores, batch), weights, materialize_grads=True))


class _Agreement(Activations):
    """Sums, over activations, on how many neurons two inputs agree.

    With B of rows of D bits, and P = B B', they agree on D - p - p' + 2 P, where p is the diagonal of P;
    counts below 2^24 are exact in single precision.
    """

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self.neurons = 0
        self.sum: Tensor | None = None

    def use(self, bits: Tensor) -> None:
        """Adds those of one activation."""
        numbers = bits.float()
        product = (numbers @ numbers.T).double()
        self.sum = product if self.sum is None else self.sum.add_(product)
        self.neurons += bits.shape[1]

    def total(self) -> Tensor:
        self.finish()
        if self.sum is None:
            raise Undefined("the network applies no activation (ReLU, GELU, SiLU, ...) to its inputs")
        alone = self.sum.diagonal()
        return self.neurons - alone[:, None] - alone + 2 * self.sum


class _Layers:
    """Outputs of convolutions and linear layers, kept as they are when they are computed."""

    def __init__(self, network: Network) -> None:
        self.order, self.count = Order(network, outputs_of_layers), 0
        self.outputs: list[Tensor] = []
        self.weights: list[Tensor] = []
        self.versions: list[int] = []
        self.numbers: list[int] = []

    def see(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        if kwargs.get("inplace"):
            kwargs = kwargs | {"inplace": False}  # it would write over the output of a layer
        output = func(*args, **kwargs)
        if func in LAYER_FUNCTIONS and output.requires_grad:
            self.outputs.append(output)
            self.weights.append(argument(1, "weight", args, kwargs))
            self.versions.append(output._version)
            self.numbers.append(self.count)
        self.count += func in LAYER_FUNCTIONS
        return output

    def with_gradients(self, gradients: Sequence[Tensor]) -> list[tuple[Tensor, Tensor, Tensor]]:
        """(outputs, gradients, weight) of each call, outputs and gradients as (N, channels, positions)."""
        found = []
        for output, gradient, weight, version, number in zip(
            self.outputs, gradients, self.weights, self.versions, self.numbers, strict=True
        ):
            if output._version != version:
                raise Undefined("an operation in place writes over the output of a layer")
            swapped = weight.ndim == 2 and self.order.tokens_first(number, output)
            pair = ((one.transpose(0, 1) if swapped else one).detach() for one in (output, gradient))
            at, by = (self._by_channel(one, weight) for one in pair)
            found.append((at, by, weight.detach()))
        if not found:
            raise Undefined("the network calls no convolution or linear layer")
        return found

    def _by_channel(self, tensor: Tensor, weight: Tensor) -> Tensor:
        if weight.ndim == 2:
            tensor = tensor.movedim(-1, 1) if tensor.ndim > 1 else tensor[None]
        n = self.order.n
        if tensor.shape[0] % n:
            raise Undefined(f"a layer gives shape {tuple(tensor.shape)} for {n} inputs")
        folded = tensor.reshape(n, tensor.shape[0] // n, tensor.shape[1], -1)
        return folded.movedim(1, 2).flatten(2)
