"""What an ONNX graph must hold to before it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cache
from math import inf
from typing import Any

import onnx
from onnx import AttributeProto, NodeProto

from graf.exceptions import GraphError, InputError
from graf.sources.onnx.types import schema

__all__ = ["check_call", "check_unique"]


def check_unique(names: Iterable[str]) -> None:
    """Raise `GraphError` if a name occurs twice."""
    name, count = next(iter(Counter(names).most_common(1)), ("", 0))
    if count > 1:
        raise GraphError(f"the name {name!r:.80} is given twice")


def check_call(node: NodeProto, version: int) -> None:
    """Raise `InputError` if a node lacks operands, has too many or an attribute of another type."""
    required, most, types = _signature(node.op_type, version, node.domain)
    if len(node.input) > most or any(len(node.input) <= i or not node.input[i] for i in required):
        raise InputError(f"it does not take {len(node.input)} operands, or lacks one that it needs")
    for attribute in node.attribute:
        expected = types.get(attribute.name, attribute.type)
        if attribute.type not in (expected, AttributeProto.UNDEFINED):
            wanted, got = map(AttributeProto.AttributeType.Name, (expected, attribute.type))
            raise InputError(f"the attribute {attribute.name!r:.40} must be of type {wanted}, got {got}")


@cache
def _signature(op_type: str, version: int, domain: str) -> tuple[tuple[int, ...], float, dict[str, int]]:
    """Positions of the operands that an operator needs, how many it takes, and types of attributes.

    Those that a later version does without are left out of files of earlier ones too, as `roi` of `Resize`.
    """
    rules = schema(op_type, version, domain)
    if rules is None:
        return (), inf, {}
    newest = schema(op_type, onnx.defs.onnx_opset_version(), domain) or rules
    required = sorted(_needed(rules) & _needed(newest))
    types = {name: int(attribute.type.value) for name, attribute in rules.attributes.items()}
    return tuple(required), rules.max_input, types


def _needed(rules: Any) -> set[int]:
    single = onnx.defs.OpSchema.FormalParameterOption.Single
    return {i for i, operand in enumerate(rules.inputs) if operand.option == single}
