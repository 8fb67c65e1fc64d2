"""What an ONNX graph must hold to before it is read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from math import inf
from typing import Any

import onnx
from onnx import AttributeProto, FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto

from graf.exceptions import GraphError, InputError
from graf.sources.onnx.types import schema

__all__ = ["called", "check_call", "check_size", "check_unique", "functions_of", "tensors_of"]

MOST_NODES = 1_000_000
DEEPEST = 24  # functions within functions
Name = tuple[str, str, str]


def functions_of(model: ModelProto) -> dict[Name, FunctionProto]:
    """The functions of a model by domain, name, and which of those of one name it is."""
    return {(f.domain, f.name, f.overload): f for f in model.functions}


def called(node: NodeProto) -> Name:
    """What the function that a node calls is listed by, if it calls one."""
    return node.domain, node.op_type, node.overload


def check_size(model: ModelProto) -> None:
    """Raise `GraphError` if too many nodes are left when every call of a function is replaced by its nodes.

    Each function is counted once, however often it is called: a file of few bytes can stand for any number.
    """
    functions = functions_of(model)
    counted: dict[Name, int] = {}

    def count(nodes: Iterable[NodeProto], depth: int) -> int:
        return sum(1 + size_of(called(node), depth) for node in _within(nodes))

    def size_of(name: Name, depth: int) -> int:
        if name in functions and name not in counted:
            if depth == DEEPEST:
                raise GraphError(
                    f"the function {name[1]!r:.80} calls itself, or is called more than {DEEPEST} functions deep"
                )
            counted[name] = count(functions[name].node, depth + 1)
        return counted.get(name, 0)

    if count(model.graph.node, 0) > MOST_NODES:
        raise GraphError(f"the network has more than {MOST_NODES:,} nodes")


def _within(nodes: Iterable[NodeProto]) -> Iterator[NodeProto]:
    """Nodes and those of their subgraphs."""
    ahead = list(nodes)
    while ahead:
        node = ahead.pop()
        yield node
        for attribute in node.attribute:
            ahead += attribute.g.node
            ahead += [inner for graph in attribute.graphs for inner in graph.node]


def tensors_of(model: ModelProto) -> Iterator[TensorProto]:
    """Every tensor of a model, those in nodes, in subgraphs and in functions too."""
    yield from _held(model.graph)
    for node in _within(n for nodes in (model.graph.node, *(f.node for f in model.functions)) for n in nodes):
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)
            for graph in (attribute.g, *attribute.graphs):
                yield from _held(graph)


def _held(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)


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
