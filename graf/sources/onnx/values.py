"""Small tensors of an ONNX file, and the arithmetic on shapes that exporters leave in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from onnx.external_data_helper import load_external_data_for_tensor

from graf.exceptions import GraphError

__all__ = ["EVALUATORS", "content_of", "evaluate"]

Array = NDArray[Any]
Attributes = Mapping[str, Any]


def content_of(tensor: TensorProto, folder: Path) -> Array:
    """The numbers of a tensor, from the external data where they lie there."""
    try:
        if tensor.data_location == tensor.EXTERNAL:
            copy = TensorProto()
            copy.CopyFrom(tensor)
            load_external_data_for_tensor(copy, str(folder))
            copy.data_location = TensorProto.DEFAULT
            tensor = copy
        return numpy_helper.to_array(tensor)
    except (ValueError, TypeError, KeyError, OSError, RuntimeError, onnx.checker.ValidationError) as error:
        raise GraphError(f"tensor {tensor.name!r:.80} is damaged: {error!s:.200}") from error


def evaluate(op_type: str, operands: Sequence[Array | None], attributes: Attributes) -> list[Array] | None:
    """The outputs of an operator for constants; None if it is not among `EVALUATORS` or they do not fit."""
    try:
        with np.errstate(all="ignore"):
            found = EVALUATORS[op_type](attributes, *operands)
        return list(map(np.asarray, found if isinstance(found, list) else [found]))
    except (KeyError, ValueError, IndexError, TypeError, ZeroDivisionError, OverflowError):
        return None


def _axes(attributes: Attributes, axes: Array | None) -> tuple[int, ...] | None:
    """Axes, which are an operand since some version, and an attribute before; None if there are neither."""
    given = attributes.get("axes") if axes is None else axes.reshape(-1).tolist()
    return None if given is None else tuple(given)


def _slice(
    attributes: Attributes,
    x: Array,
    starts: Array | None = None,
    ends: Array | None = None,
    axes: Array | None = None,
    steps: Array | None = None,
) -> Array:
    first = attributes["starts"] if starts is None else starts.tolist()
    last = attributes["ends"] if ends is None else ends.tolist()
    along = attributes.get("axes", range(len(first))) if axes is None else axes.tolist()
    strides = [1] * len(first) if steps is None else steps.tolist()
    cut = [slice(None)] * x.ndim
    for axis, start, stop, step in zip(along, first, last, strides, strict=True):
        beyond = step < 0 and stop < -x.shape[axis]
        cut[axis] = slice(start, None if beyond else stop, step)
    return x[tuple(cut)]


def _split(attributes: Attributes, x: Array, sizes: Array | None = None) -> list[Array]:
    axis = attributes.get("axis", 0)
    given = attributes.get("split") if sizes is None else sizes.tolist()
    each = -(-x.shape[axis] // attributes["num_outputs"])
    ends = range(each, x.shape[axis], each) if given is None else np.cumsum(given)[:-1]
    return np.split(x, list(ends), axis)


def _divide(attributes: Attributes, x: Array, y: Array) -> Array:
    if not np.issubdtype(x.dtype, np.integer):
        return x / y
    return (np.sign(x) * np.sign(y) * (abs(x) // abs(y))).astype(x.dtype)  # towards zero


def _constant_of_shape(attributes: Attributes, shape: Array) -> Array:
    value = attributes.get("value")
    number = np.float32(0) if value is None else numpy_helper.to_array(value).reshape(-1)[0]
    return np.full(shape.tolist(), number)


def _reshape(attributes: Attributes, x: Array, shape: Array) -> Array:
    sizes = [x.shape[i] if size == 0 else size for i, size in enumerate(shape.tolist())]
    return x.reshape(sizes)


def _reduced(function: Callable[..., Any]) -> Callable[..., Array]:
    def reduced(attributes: Attributes, x: Array, axes: Array | None = None) -> Array:
        keepdims = bool(attributes.get("keepdims", 1))
        found = function(x, axis=_axes(attributes, axes) or None, keepdims=keepdims)
        return np.asarray(found, x.dtype)  # a sum of short integers is one of long ones otherwise

    return reduced


def _binary(function: Callable[[Any, Any], Any]) -> Callable[..., Array]:
    def binary(attributes: Attributes, x: Array, *others: Array) -> Array:
        for other in others:
            x = function(x, other)
        return x

    return binary


def _unary(function: Callable[[Any], Any]) -> Callable[..., Array]:
    return lambda attributes, x: function(x)


EVALUATORS: dict[str, Callable[..., Any]] = {
    "Gather": lambda attributes, x, index: np.take(x, index, axis=attributes.get("axis", 0)),
    "Concat": lambda attributes, *parts: np.concatenate(parts, axis=attributes["axis"]),
    "Unsqueeze": lambda attributes, x, axes=None: np.expand_dims(x, _axes(attributes, axes) or ()),
    "Squeeze": lambda attributes, x, axes=None: np.squeeze(x, _axes(attributes, axes)),
    "Cast": lambda attributes, x: x.astype(onnx.helper.tensor_dtype_to_np_dtype(attributes["to"])),
    "Slice": _slice,
    "Split": _split,
    "Reshape": _reshape,
    "Transpose": lambda attributes, x: np.transpose(x, attributes.get("perm")),
    "Expand": lambda attributes, x, shape: np.broadcast_to(
        x, np.broadcast_shapes(x.shape, tuple(shape.tolist()))
    ),
    "Tile": lambda attributes, x, repeats: np.tile(x, repeats.tolist()),
    "Range": lambda attributes, start, stop, step: np.arange(start.item(), stop.item(), step.item()).astype(
        start.dtype
    ),
    "ConstantOfShape": _constant_of_shape,
    "Where": lambda attributes, condition, x, y: np.where(condition, x, y),
    "NonZero": lambda attributes, x: np.array(np.nonzero(x)),
    "Add": _binary(np.add),
    "Sub": _binary(np.subtract),
    "Mul": _binary(np.multiply),
    "Div": _divide,
    "Mod": _binary(np.mod),
    "Pow": lambda attributes, x, y: np.power(x, y).astype(x.dtype),
    "Clip": lambda ends, x, low=None, high=None: np.clip(x, ends.get("min", low), ends.get("max", high)),
    "Max": _binary(np.maximum),
    "Min": _binary(np.minimum),
    "Equal": _binary(np.equal),
    "Less": _binary(np.less),
    "LessOrEqual": _binary(np.less_equal),
    "Greater": _binary(np.greater),
    "GreaterOrEqual": _binary(np.greater_equal),
    "And": _binary(np.logical_and),
    "Or": _binary(np.logical_or),
    "Not": _unary(np.logical_not),
    "Neg": _unary(np.negative),
    "Abs": _unary(np.abs),
    "Floor": _unary(np.floor),
    "Ceil": _unary(np.ceil),
    "Sqrt": _unary(np.sqrt),
    "Identity": _unary(np.asarray),
    "ReduceProd": _reduced(np.prod),
    "ReduceSum": _reduced(np.sum),
    "ReduceMax": _reduced(np.max),
    "ReduceMin": _reduced(np.min),
}
