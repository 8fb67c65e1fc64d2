"""Types of contributed operators, which those of standard ones are too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numpy.typing import NDArray
from onnx import NodeProto, TypeProto
from onnx.defs import OpSchema, get_schema

from graf.sources.onnx.call import Shape
from graf.sources.onnx.contrib import AS_STANDARD
from graf.sources.onnx.convolutions import channels_first, channels_last
from graf.sources.onnx.steps import CONTRIBUTED
from graf.sources.onnx.types import infer, shape_of, tensor_type

__all__ = ["inferred"]


def inferred(
    node: NodeProto, version: int, types: dict[str, TypeProto], contents: Mapping[str, NDArray[Any]]
) -> dict[str, TypeProto]:
    """Types of the outputs of a node, as those of the standard one that it is, with channels last perhaps."""
    if node.domain not in CONTRIBUTED or node.op_type not in AS_STANDARD:
        return infer(node, version, types, contents)
    rules = get_schema(AS_STANDARD[node.op_type])
    standard = _as_standard(node, rules)
    if not _has_channels_last(node):
        return infer(standard, rules.since_version, types, contents)
    data, known = node.input[0], {attribute.name for attribute in node.attribute}
    if data not in types or ("Conv" in node.op_type and "kernel_shape" not in known):
        return {}  # a weight may have its channels last too, and then tells no kernel
    turned = types | {data: _turned(types[data], channels_first)}
    found = infer(standard, rules.since_version, turned, contents)
    return {name: _turned(kind, channels_last) for name, kind in found.items()}


def _as_standard(node: NodeProto, rules: OpSchema) -> NodeProto:
    """A contributed operator without what the standard one lacks, such as an activation behind it."""
    bare = NodeProto(op_type=rules.name, input=node.input[: rules.max_input], output=node.output[:1])
    bare.attribute.extend(a for a in node.attribute if a.name in rules.attributes)
    return bare


def _has_channels_last(node: NodeProto) -> bool:
    return node.op_type.startswith("Nhwc") or any(a.name == "channels_last" and a.i for a in node.attribute)


def _turned(kind: TypeProto, turn: Callable[[Shape], Shape]) -> TypeProto:
    return tensor_type(kind.tensor_type.elem_type, turn(shape_of(kind)))
