"""Branches and loops of an ONNX graph: one step each, which keeps the operations within."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from onnx import GraphProto, NodeProto

from graf.exceptions import GraphError, InputError
from graf.sources.network.step import Network, Step
from graf.sources.onnx.names import label_of, module_of
from graf.sources.onnx.scope import Scope, Value
from graf.sources.onnx.types import itemsize_of, shape_of, tensor_type

if TYPE_CHECKING:
    from graf.sources.onnx.network import Reader

__all__ = ["CONTROL"]

DEEPEST = 24  # graphs within graphs
Values = Sequence[Value | None]


def _inner(scope: Scope, apart: bool) -> Scope:
    """A scope for a graph within a graph."""
    depth, around = 0, scope
    while around.outer is not None:
        depth, around = depth + 1, around.outer
    if depth > DEEPEST:
        raise GraphError(f"graphs are nested more than {DEEPEST} deep")
    return Scope(scope.opsets, scope.tensors, outer=scope, apart=apart, function=scope.function)


def _apart(
    reader: Reader, graph: GraphProto, scope: Scope, given: Values = ()
) -> tuple[Network, list[Value], list[Step]]:
    """A graph as a network of its own: what its outputs are, and what it captures from outside."""
    inner = _inner(scope, apart=True)
    inputs = []
    for i, declared in enumerate(graph.input):
        value = given[i] if i < len(given) else None
        kind = declared.type if value is None or value.type is None else value.type
        inputs.append(Step("input", shape=shape_of(kind), name=declared.name, itemsize=itemsize_of(kind)))
        inner.define(declared.name, Value(inputs[-1], kind))
    values = reader.graph(graph, inner)
    outside, within = zip(*inner.captured.values(), strict=True) if inner.captured else ((), ())
    reader.apart.update(node.op_type for node in graph.node)
    return Network([*inputs, *within], [value.step for value in values]), values, list(outside)


def _if(
    reader: Reader, node: NodeProto, attributes: Mapping[str, Any], operands: Values, scope: Scope
) -> Values:
    """The branch, if the condition is known; else a step that keeps both."""
    branches = [attributes["then_branch"], attributes["else_branch"]]
    condition = operands[0]
    if condition is not None and condition.step.op == "constant" and condition.step.scalar is not None:
        chosen = branches[0 if condition.step.scalar else 1]
        return reader.graph(chosen, _inner(scope, apart=False))
    networks, values, outside = zip(*(_apart(reader, branch, scope) for branch in branches), strict=True)
    reads = [condition.step] if condition is not None else []
    known = [_known(own, other) for own, other in zip(*values, strict=False)]
    return _outputs(node, "if", reads, [step for own in outside for step in own], list(networks), known)


def _known(own: Value, other: Value) -> Value:
    return other if own.step.shape is None else own


def _loop(
    reader: Reader, node: NodeProto, attributes: Mapping[str, Any], operands: Values, scope: Scope
) -> Values:
    """One iteration: the body reads its number, the condition, and what is carried over."""
    body, carried = attributes["body"], operands[2:]
    number = Value(Step("constant", shape=()), tensor_type(7, ()))
    network, values, outside = _apart(reader, body, scope, [number, *operands[1:2], *carried])
    results = values[1:]
    n_rounds = operands[0].step.scalar if operands and operands[0] is not None else None
    kept = [_kept(value, before) for value, before in zip(results, carried, strict=False)]
    known = [*kept, *(_stacked(value, n_rounds, 0) for value in results[len(carried) :])]
    reads = [value.step for value in operands if value is not None]
    return _outputs(node, "loop", reads, outside, [network], known)


def _kept(value: Value, before: Value | None) -> Value:
    """What is carried over at the end of a loop; of unknown shape if one iteration changes it."""
    old, new = None if before is None else before.step.shape, value.step.shape
    return value if old in (None, new) else Value(Step("input"), None)


def _scan(
    reader: Reader, node: NodeProto, attributes: Mapping[str, Any], operands: Values, scope: Scope
) -> Values:
    """One iteration: the body reads the states, and one slice of each sequence."""
    body, n_scanned = attributes["body"], int(attributes["num_scan_inputs"])
    if not 0 < n_scanned <= len(operands):
        raise InputError(
            f"`num_scan_inputs` must be a number of its {len(operands)} operands, got {n_scanned}"
        )
    n_states = len(operands) - n_scanned
    axes = attributes.get("scan_input_axes") or [0] * n_scanned
    slices = [_slice(value, axis) for value, axis in zip(operands[n_states:], axes, strict=True)]
    network, values, outside = _apart(reader, body, scope, [*operands[:n_states], *slices])
    first = operands[n_states]
    length = None if first is None or not first.step.shape else first.step.shape[axes[0]]
    out_axes = attributes.get("scan_output_axes") or [0] * len(values)
    stacked = [_stacked(v, length, axis) for v, axis in zip(values[n_states:], out_axes, strict=False)]
    reads = [value.step for value in operands if value is not None]
    return _outputs(node, "loop", reads, outside, [network], [*values[:n_states], *stacked])


def _slice(value: Value | None, axis: int) -> Value | None:
    if value is None or not value.step.shape or value.type is None:
        return None
    shape = list(value.step.shape)
    del shape[axis]
    return Value(value.step, tensor_type(value.type.tensor_type.elem_type, shape))


def _stacked(value: Value, length: float | None, axis: int) -> Value:
    """What a body gives, once for each iteration; of unknown shape if their number is unknown."""
    if length is None or value.step.shape is None or value.type is None:
        return Value(Step("input"), None)
    shape = list(value.step.shape)
    shape.insert(axis if axis >= 0 else len(shape) + 1 + axis, int(length))
    return Value(Step("input", shape=tuple(shape)), tensor_type(value.type.tensor_type.elem_type, shape))


def _outputs(
    node: NodeProto,
    op: str,
    reads: list[Step],
    outside: Sequence[Step],
    networks: list[Network],
    known: Sequence[Value],
) -> Values:
    """The step, and what it gives beside its first output."""
    label = label_of(node)
    shapes = [value.step.shape for value in known]
    every = list({id(step): step for step in (*reads, *outside)}.values())
    settings = {"subgraphs": networks}
    first = Step(op, every, shapes[0] if shapes else None, label, module_of(node), settings=settings)
    found = [first]
    found += [Step("getitem", [first], shape, label, first.module) for shape in shapes[1:]]
    return [Value(step, value.type) for step, value in zip(found, known, strict=False)]


CONTROL: dict[str, Callable[..., Values]] = {"If": _if, "Loop": _loop, "Scan": _scan}
