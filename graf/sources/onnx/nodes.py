"""Nodes of an ONNX file: their attributes, and copies of them that are read in their place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import onnx
from onnx import AttributeProto, NodeProto

__all__ = ["attribute_of", "bound", "versions", "with_first_output"]


def versions(imports: Sequence[Any]) -> dict[str, int]:
    """Versions of operator sets by domain; the standard one is 1 unless it is among them."""
    found = {entry.domain: entry.version for entry in imports}
    return found | {"": found.get("", found.get("ai.onnx", 1))} if found else {}


def attribute_of(attribute: AttributeProto) -> Any:
    """The value of an attribute; text as str."""
    value = onnx.helper.get_attribute_value(attribute)
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def with_first_output(node: NodeProto) -> NodeProto:
    """The node with a name for its first output where nothing reads that; onnx infers no types without."""
    if not node.output or node.output[0]:
        return node
    copy = NodeProto()
    copy.CopyFrom(node)
    copy.output[0] = "".join(node.output) + " (left out)"  # a name that no other output has
    return copy


def bound(node: NodeProto, given: Mapping[str, AttributeProto], left_out: set[str]) -> NodeProto:
    """A node of a function, and those in its branches, with the attributes and without the inputs of a call."""
    copy = NodeProto()
    copy.CopyFrom(node)
    del copy.attribute[:]
    for attribute in node.attribute:
        if not attribute.ref_attr_name:
            copy.attribute.append(attribute)
            _bind_branches(copy.attribute[-1], given, left_out)
        elif attribute.ref_attr_name in given:
            copy.attribute.append(given[attribute.ref_attr_name])
            copy.attribute[-1].name = attribute.name
    copy.input[:] = ["" if name in left_out else name for name in node.input]
    return copy


def _bind_branches(
    attribute: AttributeProto, given: Mapping[str, AttributeProto], left_out: set[str]
) -> None:
    for graph in (attribute.g, *attribute.graphs):
        nodes = [bound(node, given, left_out) for node in graph.node]
        if nodes:
            del graph.node[:]
            graph.node.extend(nodes)
