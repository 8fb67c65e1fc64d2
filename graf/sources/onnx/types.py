"""Types of the values of an ONNX graph: those of inputs are given, those of nodes inferred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import NodeProto, TensorProto, TypeProto, ValueInfoProto

from graf.exceptions import GraphError, InputError, check_known

__all__ = ["infer", "input_types", "is_open", "itemsize_of", "resolved", "schema", "shape_of", "tensor_type"]

Shape = tuple[int, ...] | None
BFLOAT16, FLOAT = TensorProto.BFLOAT16, TensorProto.FLOAT
IMAGE, SEQUENCE = 224, 128
COLOURS = (1, 3, 4)  # channels of images
LARGEST = 2**50  # elements; beyond it a shape is no shape


def shape_of(value: TypeProto | None) -> Shape:
    """The shape, if every size is known; of a sequence, that of its items."""
    if value is None or not value.HasField("tensor_type") or not value.tensor_type.HasField("shape"):
        return None
    dims = value.tensor_type.shape.dim
    if not all(dim.HasField("dim_value") for dim in dims):
        return None
    shape = tuple(dim.dim_value for dim in dims)
    if min(shape, default=0) < 0:  # as behind a convolution that is larger than its input
        raise InputError(f"the shape {shape} is not possible")
    if prod(shape) > LARGEST:
        raise GraphError(f"the shape {shape} is not possible")
    return shape


def itemsize_of(value: TypeProto | None) -> int:
    """Bytes per element; 4 if unknown."""
    return _itemsize(value.tensor_type.elem_type if value is not None else 0)


@cache
def _itemsize(elem_type: int) -> int:
    try:
        return onnx.helper.tensor_dtype_to_np_dtype(elem_type).itemsize
    except (KeyError, TypeError, ValueError):
        return 4


def tensor_type(elem_type: int, shape: Sequence[int] | None) -> TypeProto:
    """The type of a tensor."""
    return onnx.helper.make_tensor_type_proto(elem_type, shape)


def input_types(
    inputs: Sequence[ValueInfoProto], given: Mapping[str, Sequence[int]] | None
) -> tuple[dict[str, TypeProto], dict[str, int]]:
    """Types of the inputs of a model, and what the names of its open sizes stand for.

    Open sizes that are not given become what `graf.sources.onnx.file.read_onnx` says.
    """
    given = dict(given or {})
    sizes: dict[str, int] = {}
    found = {value.name: value.type for value in inputs}
    for name in given:
        check_known("input in `input_shapes`", name, found)
    for name in sorted(found, key=lambda name: name not in given):  # what is given names sizes first
        found[name] = _closed(name, found[name], given.get(name), sizes)
    return {value.name: found[value.name] for value in inputs}, sizes


def _closed(name: str, value: TypeProto, given: Any, sizes: dict[str, int]) -> TypeProto:
    if not value.HasField("tensor_type"):
        return value
    declared = value.tensor_type
    if given is not None:
        _check(name, given, declared)
    if not declared.HasField("shape"):
        return value if given is None else tensor_type(declared.elem_type, tuple(given))
    dims, shape = declared.shape.dim, []
    for axis, dim in enumerate(dims):
        size = int(given[axis]) if given is not None else _size(dims, axis, sizes)
        if dim.dim_param:
            sizes.setdefault(dim.dim_param, size)
        shape.append(size)
    return tensor_type(declared.elem_type, shape)


def _check(name: str, given: Any, declared: TypeProto.Tensor) -> None:
    rank = len(declared.shape.dim) if declared.HasField("shape") else None
    valid = isinstance(given, Sequence) and all(isinstance(n, (int, np.integer)) and n >= 0 for n in given)
    if not valid or (rank is not None and rank != len(given)):
        wanted = f"{rank} sizes" if rank is not None else "sizes"
        raise InputError(f"`input_shapes` must give {wanted} for the input {name!r:.80}, got {given!r:.80}")


def is_open(dim: Any) -> bool:
    """Whether a file leaves a size of an input open; some write 0 or -1 for that."""
    return not dim.HasField("dim_value") or dim.dim_value < 1


def _size(dims: Sequence[Any], axis: int, sizes: Mapping[str, int]) -> int:
    dim = dims[axis]
    if not is_open(dim):
        return int(dim.dim_value)
    known = _sum(dim.dim_param, sizes)
    if known is not None:
        return known
    if axis == 0 or "batch" in dim.dim_param:
        return 1
    if "past" in dim.dim_param and "+" not in dim.dim_param:
        return 0
    if len(dims) > 3:  # batch, channels and positions of an image, or channels last
        return 3 if axis == 1 and dims[-1].dim_value not in COLOURS else IMAGE
    return SEQUENCE


def _sum(name: str, sizes: Mapping[str, int]) -> int | None:
    """The size that a name, or a sum of names and numbers, stands for."""
    found = [
        sizes.get(part, int(part) if part.isdecimal() else None) for part in map(str.strip, name.split("+"))
    ]
    return None if not name or None in found else sum(n for n in found if n is not None)


def resolved(value: TypeProto, sizes: Mapping[str, int]) -> Shape:
    """The shape that a file declares for a value, with names of sizes replaced; None if some are open."""
    if not value.HasField("tensor_type") or not value.tensor_type.HasField("shape"):
        return None
    shape = []
    for dim in value.tensor_type.shape.dim:
        size = dim.dim_value if dim.HasField("dim_value") else _sum(dim.dim_param, sizes)
        if size is None or size < 0:
            return None
        shape.append(size)
    return tuple(shape)


@cache
def schema(op_type: str, version: int, domain: str) -> Any:
    """What onnx knows of an operator of an operator set; None if nothing."""
    try:
        return onnx.defs.get_schema(op_type, version, domain)
    except onnx.defs.SchemaError:
        return None


def _tensor(content: NDArray[Any]) -> TensorProto:
    kind = _elem_type(content.dtype)
    return TensorProto(data_type=kind, dims=content.shape, raw_data=content.tobytes())


@cache
def _elem_type(dtype: np.dtype[Any]) -> int:
    return int(onnx.helper.np_dtype_to_tensor_dtype(dtype))


def infer(
    node: NodeProto,
    version: int,
    types: dict[str, TypeProto],
    contents: Mapping[str, NDArray[Any]],
) -> dict[str, TypeProto]:
    """Types of the outputs of a node, by onnx's own rules; none if it has no rule for the operator.

    Raises `InputError` if the inputs do not fit each other.
    """
    rules = schema(node.op_type, version, node.domain)
    if rules is None or any(name and name not in types for name in node.input):
        return {}
    tensors = {name: _tensor(content) for name, content in contents.items() if not content.dtype.hasobject}
    opsets = [onnx.helper.make_opsetid(node.domain, version)]
    try:
        return dict(
            onnx.shape_inference.infer_node_outputs(rules, node, types, tensors, opset_imports=opsets)
        )
    except onnx.shape_inference.InferenceError as error:
        raise InputError(f"{error!s:.300}") from error
    except (onnx.checker.ValidationError, RuntimeError, ValueError, TypeError, KeyError):
        if not any(name and types[name].tensor_type.elem_type == BFLOAT16 for name in node.input):
            return {}  # not as the operator set says, but readable perhaps
    found = infer(node, version, _exchanged(types, BFLOAT16, FLOAT), contents)
    return _exchanged(found, FLOAT, BFLOAT16)


def _exchanged(types: Mapping[str, TypeProto], old: int, new: int) -> dict[str, TypeProto]:
    """Types with another kind of numbers: older operator sets have no bfloat16, but files that use it."""
    found = {}
    for name, value in types.items():
        found[name] = TypeProto()
        found[name].CopyFrom(value)
        if value.tensor_type.elem_type == old:
            found[name].tensor_type.elem_type = new
    return found
