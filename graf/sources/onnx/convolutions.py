"""Convolutions and pools."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from graf.exceptions import InputError
from graf.sources.network.step import Step
from graf.sources.onnx.call import Call, Shape, trained

__all__ = [
    "channels_first",
    "channels_last",
    "convolution",
    "deformable",
    "global_avg_pool",
    "global_lp_pool",
    "of_channels_last",
    "pool",
]

Maker = Callable[[Call], Step]


def convolution(call: Call, x: int = 0, w: int = 1, b: int = 2, transposed: bool = False) -> Step:
    """A convolution whose operands stand at the given positions."""
    data, weight = call.operand(x), trained(call.operand(w))
    if data is None or weight is None:
        raise InputError("a convolution needs an input and a weight")
    trained(call.operand(b))
    shape, groups = weight.shape or (), call.number("group", 1)
    rank = len(shape)
    if rank < 3 or any(known is not None and len(known) != rank for known in (data.shape, call.shape)):
        raise InputError(f"a weight of shape {weight.shape} does not fit an input of shape {data.shape}")
    n_in = shape[0] if transposed else shape[1] * groups
    if data.shape is not None and data.shape[1] != n_in:
        raise InputError(f"it needs {n_in} channels, but its input has shape {data.shape}")
    _check_places(call, data)
    return call.step(
        "conv_transpose" if transposed else "conv",
        call.reads(x, w, b),
        stride=_counts(call, "strides", rank - 2),
        dilation=_counts(call, "dilations", rank - 2),
        groups=groups,
        transposed=transposed,
    )


def deformable(call: Call) -> Step:
    """A convolution whose positions another tensor shifts, and perhaps a third one weighs."""
    found = convolution(call, b=3)
    found.reads += call.reads(2, 4)
    return found


def of_channels_last(make: Maker, w: int | None = None) -> Maker:
    """An operator whose first operand has its channels last; so may the weight at position `w`."""

    def made(call: Call) -> Step:
        before, after = (
            replace(call, shapes=(channels_first(shape),)) for shape in (call.first.shape, call.shape)
        )
        operands = [before.step("transpose", [call.first]), *call.operands[1:]]
        weight = None if w is None else trained(call.operand(w))
        if w is not None and weight is not None and weight.shape and before.shape:
            n_in = weight.shape[1] * call.number("group", 1)
            if n_in != before.shape[1]:
                operands[w] = call.step("transpose", [weight], channels_first(weight.shape))
        found = make(replace(after, operands=tuple(operands)))
        return call.step("transpose", [found], channels_last(found.shape))

    return made


def channels_first(shape: Shape) -> Shape:
    """A shape whose last axis becomes the second."""
    return (*shape[:1], *shape[-1:], *shape[1:-1]) if shape else shape


def channels_last(shape: Shape) -> Shape:
    """A shape whose second axis becomes the last."""
    return (*shape[:1], *shape[2:], *shape[1:2]) if shape else shape


def pool(op: str) -> Callable[[Call], Step]:
    """A pool of some kind."""

    def made(call: Call) -> Step:
        n = len(call.attributes["kernel_shape"])
        _check_places(call, call.first)
        return call.step(
            op,
            call.reads(0),
            kernel=_counts(call, "kernel_shape", n),
            stride=_counts(call, "strides", n),
            dilation=_counts(call, "dilations", n),
        )

    return made


def global_lp_pool(call: Call) -> Step:
    """A norm over all positions."""
    return call.step("lp_pool", call.reads(0), kernel=(call.first.shape or ())[2:])


def global_avg_pool(call: Call) -> Step:
    """A mean over all positions, which some write for one over the channels that stand last."""
    axes = tuple(range(2, call.rank()))
    return call.step("mean" if axes else "global_avg_pool", call.reads(0), axes=axes)


def _check_places(call: Call, data: Step) -> None:
    """Raise `InputError` if a kernel stands nowhere on its input."""
    if data.size and call.shape is not None and 0 in call.shape:
        raise InputError(f"its kernel is larger than its input of shape {data.shape}")


def _counts(call: Call, name: str, n: int) -> tuple[int, ...]:
    """An attribute with a positive number for each of n axes, ones by default."""
    given = tuple(call.attributes.get(name, [1] * n))
    if len(given) != n or any(count < 1 for count in given):
        raise InputError(f"`{name}` must hold {n} positive numbers, got {given!s:.60}")
    return given
