"""Seeing what a network computes while it runs, by operation and not by the name of a class."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = [
    "ACTIVATIONS",
    "BATCH_NORMS",
    "LAYER_FUNCTIONS",
    "SOFTMAXES",
    "Calls",
    "Dispatched",
    "Operations",
    "Sequences",
    "above_zero",
    "argument",
    "is_batch_norm",
    "outputs_of",
    "running",
]

aten = torch.ops.aten
ACTIVATIONS = frozenset(
    {
        aten.relu, aten.relu_, aten.leaky_relu, aten.leaky_relu_, aten._prelu_kernel, aten.hardtanh,
        aten.hardtanh_, aten.clamp, aten.clamp_, aten.clamp_min, aten.clamp_min_, aten.elu, aten.elu_, aten.celu, aten.celu_,
        aten.gelu, aten.gelu_, aten.silu, aten.silu_, aten.mish, aten.mish_, aten.hardswish,
        aten.hardswish_, aten.softplus, aten.tanh, aten.tanh_, aten.sigmoid, aten.sigmoid_,
        aten.hardsigmoid, aten.hardsigmoid_, aten.log_sigmoid_forward, aten.rrelu_with_noise,
    }
)  # fmt: skip
CLAMPS = frozenset({aten.clamp, aten.clamp_, aten.clamp_min, aten.clamp_min_})  # rectifiers if at zero
SOFTMAXES = frozenset({aten._softmax, aten._safe_softmax})
BATCH_NORMS = frozenset({F.batch_norm, torch.batch_norm})
LAYER_FUNCTIONS = frozenset(
    {
        F.conv1d, F.conv2d, F.conv3d, F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d,
        F.linear,
    }
)  # fmt: skip
PRODUCTS = frozenset({torch.matmul, Tensor.matmul})

# Functions of (N, channels, positions), also of images.
OF_CHANNELS = frozenset(
    {
        F.conv1d, F.conv_transpose1d, F.batch_norm, F.instance_norm, F.max_pool1d, F.avg_pool1d,
        F.adaptive_max_pool1d, F.adaptive_avg_pool1d, F.interpolate,
    }
)  # fmt: skip


class Dispatched(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch has no types there
    """Lets `see(function, args, kwargs)` answer every tensor operation.

    A linear layer, say, comes as the product that it consists of, also where a module turns inference mode
    on, in which torch keeps it whole.
    """

    def see(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Calls the operation, or gives something else in its place."""
        raise NotImplementedError

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if torch.is_inference_mode_enabled():
            with self:
                output = func.decompose(*args, **(kwargs or {}))
            if output is not NotImplemented:
                return output
        return self.see(func, args, kwargs or {})


class Operations(Dispatched):  # type: ignore[no-untyped-call]  # torch has no types there
    """Calls `before(inputs)` ahead of every tensor operation of a set, `after(output)` behind it."""

    def __init__(
        self,
        operations: frozenset[Any],
        before: Callable[[Tensor], None] | None = None,
        after: Callable[[Tensor], None] | None = None,
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]  # torch has no types there
        self.operations, self.before, self.after = operations, before, after

    def see(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """Calls the operation and those who look at it."""
        operation = func.overloadpacket
        if operation not in self.operations or (operation in CLAMPS and not _is_zero(args[1])):
            return func(*args, **kwargs)
        if self.before is not None:
            self.before(args[0])
        output = func(*args, **kwargs)
        if self.after is not None:
            self.after(output)
        return output


def _is_zero(limit: Any) -> bool:
    return isinstance(limit, (int, float)) and limit == 0


class Calls(TorchFunctionMode):
    """Lets `see(function, args, kwargs)` answer every call of torch's functions.

    `see` calls the function, or gives something else in its place. Linear layers that are written as
    `torch.addmm`, as those of GPT-2, or as a product of tokens with one matrix, as those of Falcon, come
    as `F.linear`.
    """

    def __init__(self, see: Callable[[Any, Sequence[Any], dict[str, Any]], Any]) -> None:
        super().__init__()
        self.see = see

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is torch.addmm and len(args) == 3 and not kwargs and args[0].ndim == 1:
            bias, x, weight = args  # of shape (in, out)
            return self.see(F.linear, (x, weight.t(), bias), {})
        if func in PRODUCTS and len(args) == 2 and not kwargs and [factor.ndim for factor in args] == [3, 2]:
            x, weight = args
            return self.see(F.linear, (x, weight.t()), {})
        return self.see(func, args, kwargs or {})


class Sequences(Calls):
    """Tells sequences of channels, (N, channels, positions), from those of tokens, (N, tokens, channels).

    The former have the shape of what a convolution over positions, or a pool or norm of its channels, gave.
    """

    def __init__(self) -> None:
        super().__init__(self._note)
        self.shapes: set[torch.Size] = set()

    def _note(self, func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        output = func(*args, **kwargs)
        if func in OF_CHANNELS and isinstance(output, Tensor):
            self.shapes.add(output.shape)
        return output

    def channels_first(self, x: Tensor) -> bool:
        """Whether it holds images or a sequence of channels."""
        return x.ndim == 4 or (x.ndim == 3 and x.shape in self.shapes)


def is_batch_norm(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> bool:
    """Whether a call is a batch norm of activations.

    Some networks standardise their weights by the same function, as (1, channels, weights) and without
    running statistics.
    """
    if func not in BATCH_NORMS:
        return False
    x, mean = argument(0, "input", args, kwargs), argument(1, "running_mean", args, kwargs)
    return mean is not None or x.ndim != 3 or x.shape[0] > 1


def argument(position: int, name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """What a call of a function is given at a position or by name; None if nothing."""
    return args[position] if len(args) > position else kwargs.get(name)


def above_zero(x: Tensor, n: int) -> Tensor | None:
    """Which inputs of an activation are above zero, (n, neurons), for a batch of n.

    Leading dimensions that hold the batch folded with something else (patches, windows) are
    unfolded; None where no dimension holds the batch.
    """
    if x.ndim > 0 and x.shape[0] > 0 and x.shape[0] % n == 0:
        return (x > 0).reshape(n, -1)
    if n in x.shape:
        return (x > 0).movedim(x.shape.index(n), 0).reshape(n, -1)
    return None


@contextmanager
def outputs_of(modules: Sequence[nn.Module], see: Callable[[nn.Module, Any], Any]) -> Iterator[None]:
    """Calls `see(module, output)` whenever one of the modules has run inside the block.

    What `see` gives, if anything, takes the place of the output.
    """
    with ExitStack() as hooks:
        for module in modules:
            hooks.enter_context(module.register_forward_hook(lambda m, _, output: see(m, output)))
        yield


@contextmanager
def running(module: nn.Module) -> Iterator[list[nn.Module]]:
    """The modules that are running, the innermost last, kept up to date inside the block."""
    stack: list[nn.Module] = []

    def leave(*_: Any) -> None:  # what a hook gives takes the place of the output
        stack.pop()

    with ExitStack() as hooks:
        for part in module.modules():
            hooks.enter_context(part.register_forward_pre_hook(lambda m, _: stack.append(m)))
            hooks.enter_context(part.register_forward_hook(leave, always_call=True))
        yield stack
