"""Passes with other weights: drawn anew, or all the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf.proxies.batch import Inputs
from graf.proxies.network import Network
from graf.proxies.observe import argument
from graf.proxies.undefined import Undefined

__all__ = ["ClassifierInputs", "fresh_buffers", "noise", "redrawn"]

POOLS = frozenset(
    {F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d, F.adaptive_max_pool2d}
)
MEANS = frozenset({torch.mean, Tensor.mean})


def redrawn(network: Network, draw: Callable[[Tensor], Tensor], scale: float = 1.0) -> dict[str, Tensor]:
    """Parameters with weights as `draw` makes them, biases zero, and norms of `scale`.

    Vectors with `bias` in their name are biases and vectors named `weight` are norms; what is neither,
    such as an embedding of positions or the slopes of a PReLU, stays.
    """
    parameters = dict(network.parameters)
    slopes = {f"{name}.weight" for name, part in network.module.named_modules() if isinstance(part, nn.PReLU)}
    for name, parameter in parameters.items():
        last = name.rpartition(".")[2]
        if name in network.names:
            parameters[name] = draw(parameter)
        elif parameter.ndim == 1 and "bias" in last:
            parameters[name] = torch.zeros_like(parameter)
        elif parameter.ndim == 1 and last == "weight" and name not in slopes:
            parameters[name] = torch.full_like(parameter, scale)
    return parameters


def noise(network: Network, offset: int) -> Inputs:
    """Standard normal numbers in the place of the inputs; `Undefined` where these are whole numbers."""
    if not network.batch.first.is_floating_point():
        raise Undefined("the inputs are whole numbers, which cannot be replaced by noise")
    return network.batch.noise(network.generator(offset))


def fresh_buffers(network: Network) -> dict[str, Tensor]:
    """Buffers with the running statistics of norms as they are before the first batch."""
    values = {"running_mean": 0, "running_var": 1, "num_batches_tracked": 0}
    return {
        name: torch.full_like(buffer, values[last]) if (last := name.rpartition(".")[2]) in values else buffer
        for name, buffer in network.buffers().items()
    }


class ClassifierInputs:
    """What the end of a network is given: `pooled` by the last pooling over all positions (or by the
    last linear layer, where nothing is pooled), and `linear` by the last linear layer.
    """

    def __init__(self) -> None:
        self.pool: Tensor | None = None
        self.linear: Tensor | None = None

    def see(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Answers a call of a function of torch."""
        output = func(*args, **kwargs)
        given = argument(0, "input", args, kwargs)
        if func is F.linear:
            self.linear = given
        elif (func in POOLS and output.shape[2:].numel() == 1) or (
            func in MEANS and _over_positions(given, args, kwargs)
        ):
            self.pool = given
        return output

    @property
    def pooled(self) -> Tensor | None:
        """Input of the last pooling, or of the last linear layer."""
        return self.linear if self.pool is None else self.pool


def _over_positions(given: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Whether a mean is one over all pixels of images, or all tokens of sequences."""
    dims = argument(1, "dim", args, kwargs)
    if dims is None or not isinstance(given, Tensor):
        return False
    n = given.ndim
    found = {d % n for d in ([dims] if isinstance(dims, int) else dims)}
    return (n == 4 and found == {2, 3}) or (n == 3 and found == {1})
