"""What one input costs, counted while the network runs on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.utils.flop_counter import flop_registry

from graf.proxies.network import Network
from graf.proxies.observe import BATCH_NORMS, LAYER_FUNCTIONS, Calls, Dispatched, argument, is_batch_norm
from graf.proxies.passes.results import Results

__all__ = ["run"]

aten = torch.ops.aten
RECTIFIERS = frozenset(
    {
        F.relu, torch.relu, Tensor.relu, torch.relu_, Tensor.relu_, F.relu6, F.leaky_relu, F.leaky_relu_,
        F.elu, F.elu_, F.prelu, Tensor.prelu,
    }
)  # fmt: skip
TRANSPOSED = frozenset({F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d})
POOLS = frozenset({F.avg_pool2d, F.max_pool2d, torch.max_pool2d, F.max_pool2d_with_indices})
GLOBAL_POOLS = frozenset({F.adaptive_avg_pool2d, torch._C._nn.adaptive_avg_pool2d})


def run(network: Network, wanted: frozenset[str], results: Results) -> None:
    """One run in evaluation mode on the first input."""
    network.module.eval()
    operations: list[int] = []

    def see(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        output = func(*args, **kwargs)
        for functions, count in COUNTS:
            if func in functions:
                operations.append(count(output, args, kwargs))
        return output

    products = _Products()  # type: ignore[no-untyped-call]  # torch has no types there
    with torch.no_grad(), products, Calls(see):
        network(network.parameters, network.batch.rows(slice(1)).inputs)
    results["n_macs"] = products.n_macs
    results["layer_operations"] = operations


class _Products(Dispatched):  # type: ignore[no-untyped-call]  # torch has no types there
    """Counts as torch's `FlopCounterMode` does, and the products that it leaves out.

    Without its tables by module, which cost more than the run.
    """

    n_macs = 0

    def see(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Calls the operation and counts its products."""
        output = func(*args, **kwargs)
        operation = func.overloadpacket
        if operation in flop_registry:
            self.n_macs += flop_registry[operation](*args, **kwargs, out_val=output) // 2
        elif operation in PRODUCTS:
            self.n_macs += PRODUCTS[operation](output, *args)
        return output


def _of_recurrent(output: Any, x: Tensor, *args: Any) -> int:
    """Every weight matrix once for each input at each time."""
    weights = args[0] if isinstance(args[0], (list, tuple)) else args[:4]
    return int(prod(x.shape[:-1])) * sum(weight.numel() for weight in weights if weight.ndim > 1)


def _of_grouped(output: Tensor, a: Tensor, b: Tensor, *_: Any) -> int:
    """Rows of `a`, or of both, are in groups with a matrix each."""
    return a.numel() * b.shape[-1] if a.ndim == b.ndim == 2 else output.numel() * a.shape[-1]


PRODUCTS: dict[Any, Callable[..., int]] = {
    aten.mv: lambda output, a, b: a.numel(),
    aten.addmv: lambda output, c, a, b: a.numel(),
    aten.dot: lambda output, a, b: a.numel(),
    aten._trilinear: lambda output, x, weight, *_: output.numel() * (weight[0].numel() + weight.shape[-1]),
    aten._grouped_mm: _of_grouped,
    aten.mkldnn_rnn_layer: _of_recurrent,
    aten._cudnn_rnn: _of_recurrent,
}


def _of_transposed(output: Tensor, args: Sequence[Any], kwargs: dict[str, Any]) -> int:
    """By the input, each entry of which is spread; other layers gather each entry of the output."""
    return _with_bias(argument(0, "input", args, kwargs).numel(), output, args, kwargs)


def _with_bias(n: int, output: Tensor, args: Sequence[Any], kwargs: dict[str, Any]) -> int:
    weight, bias = argument(1, "weight", args, kwargs), argument(2, "bias", args, kwargs)
    products = n * int(prod(weight.shape[1:]))
    return products + (output.numel() if bias is not None and weight.ndim > 2 else 0)


def _of_norm(output: Tensor, args: Sequence[Any], kwargs: dict[str, Any]) -> int:
    if not is_batch_norm(F.batch_norm, args, kwargs):
        return 0
    return output.numel() * (1 if argument(3, "weight", args, kwargs) is None else 2)


def _of_hardtanh(output: Tensor, args: Sequence[Any], kwargs: dict[str, Any]) -> int:
    """`nn.ReLU6` is one from 0 to 6."""
    return output.numel() if argument(1, "min_val", args, kwargs) == 0 else 0


def _of_pool(output: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> int:
    kernel = argument(1, "kernel_size", args, kwargs)
    pooled: Tensor = output[0] if isinstance(output, tuple) else output  # with where the maxima were
    return pooled.numel() * (kernel**2 if isinstance(kernel, int) else int(prod(kernel)))


def _of_global_pool(output: Tensor, args: Sequence[Any], kwargs: dict[str, Any]) -> int:
    sides = zip(args[0].shape[-2:], output.shape[-2:], strict=True)
    return output.numel() * int(prod(before // after + 1 for before, after in sides))


Count = Callable[[Any, Sequence[Any], dict[str, Any]], int]
COUNTS: list[tuple[frozenset[Any], Count]] = [
    (LAYER_FUNCTIONS - TRANSPOSED, lambda output, *call: _with_bias(output.numel(), output, *call)),
    (TRANSPOSED, _of_transposed),
    (BATCH_NORMS, _of_norm),
    (RECTIFIERS, lambda output, *_: output.numel()),
    (frozenset({F.hardtanh}), _of_hardtanh),
    (POOLS, _of_pool),
    (GLOBAL_POOLS, _of_global_pool),
]
