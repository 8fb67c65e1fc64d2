"""Steps from an ONNX model: those of each node, with shapes inferred node by node."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from onnx import FunctionProto, GraphProto, ModelProto, NodeProto, TensorProto, TypeProto

from graf.exceptions import GrafError, GraphError, InputError
from graf.sources.network.linear import WITH_BIAS
from graf.sources.network.step import Network, Step, is_fixed
from graf.sources.network.vocabulary import REARRANGEMENTS, from_onnx
from graf.sources.onnx.call import Call
from graf.sources.onnx.checks import called, check_call, check_size, check_unique, functions_of
from graf.sources.onnx.control import CONTROL
from graf.sources.onnx.known import known
from graf.sources.onnx.names import folds_norm, is_trained, label_of, left_out, module_of
from graf.sources.onnx.nodes import attribute_of, bound, versions, with_first_output
from graf.sources.onnx.order import in_order
from graf.sources.onnx.scope import Scope, Value
from graf.sources.onnx.standard import inferred
from graf.sources.onnx.steps import STANDARD, other_output, steps_of
from graf.sources.onnx.tensors import FLOATS, Tensor, Tensors, constant_of
from graf.sources.onnx.types import input_types, is_open, itemsize_of, resolved, shape_of, tensor_type

__all__ = ["Reader", "network_of"]

UNCOUNTED = {*REARRANGEMENTS, "constant"}
GIVING_INTEGERS = ("QLinear", "QGemm")
COPIES = ("Identity", "MemcpyFromHost", "MemcpyToHost")  # the latter by ONNX Runtime, of no operator set
Outputs = Sequence[Value | None]


def network_of(
    model: ModelProto, folder: Path, input_shapes: Mapping[str, Sequence[int]] | None = None
) -> Network:
    """The steps of a model whose external data lies in a folder; a tensor that several nodes read is one."""
    check_size(model)
    return Reader(model, folder).network(input_shapes)


class Reader:
    """Goes through the nodes of a model and of the functions and branches in it."""

    def __init__(self, model: ModelProto, folder: Path) -> None:
        self.model = model
        by_pytorch = model.producer_name == "pytorch" and len(model.graph.initializer) > 0
        self.tensors = Tensors(folder, of_nodes=not by_pytorch)
        self.functions = functions_of(model)
        self.biases: dict[str, Step] = {}
        self.apart: Counter[str] = Counter()
        self.sizes: dict[str, int] = {}

    def network(self, input_shapes: Mapping[str, Sequence[int]] | None) -> Network:
        """The steps of the whole model."""
        graph = self.model.graph
        opsets = versions(self.model.opset_import)
        fixed = {name for name, _ in _initializers(graph)}
        check_unique(value.name for value in graph.input)
        types, self.sizes = input_types([i for i in graph.input if i.name not in fixed], input_shapes)
        scope = Scope(opsets, self.tensors)
        inputs = []
        for name, kind in types.items():
            inputs.append(Step("input", shape=shape_of(kind), name=name, itemsize=itemsize_of(kind)))
            scope.define(name, Value(inputs[-1], kind))
        assumed = _assumed(graph, types, input_shapes or {})
        try:
            network = Network(inputs, [value.step for value in self.graph(graph, scope)])
        except InputError as error:
            if isinstance(error, GraphError) or not (assumed or input_shapes):
                raise
            raise InputError(f"{error}; it was read {assumed or 'with the given `input_shapes`'}") from error
        self._report(assumed, [step for step in network if _lacks_shape(step)])
        return network

    def _report(self, assumed: str, without_shape: list[Step]) -> None:
        """Warn of what was assumed, of what is unknown, and of what runs under conditions only."""
        if without_shape:
            warnings.warn(
                f"the shapes of {len(without_shape)} operations are unknown, the first is"
                f" {without_shape[0].name!r:.80} ({without_shape[0].op:.40}); they count nothing",
                stacklevel=2,
            )
        if assumed:
            warnings.warn(f"the file leaves sizes open; it was read {assumed}", stacklevel=2)
        if self.apart:
            kinds = [
                (name, count) for name, count in self.apart.most_common() if from_onnx(name) not in UNCOUNTED
            ]
            listed = ", ".join(f"{name} ({count})" for name, count in kinds)
            warnings.warn(
                "of the subgraphs of If one branch counts, the costlier, of those of Loop and Scan one"
                f" iteration; within them are: {listed or 'no operations'}",
                stacklevel=2,
            )

    def graph(self, graph: GraphProto, scope: Scope) -> list[Value]:
        """What the outputs of a graph are, whose inputs the scope has already."""
        tensors = _initializers(graph)
        check_unique(name for name, _ in tensors)
        scope.initializers |= dict(tensors)
        declared = {value.name: is_trained(value) for value in graph.value_info}
        self.tensors.trained |= {name: known for name, known in declared.items() if known is not None}
        scope.declared |= {v.name: v.type for v in (*graph.value_info, *graph.output)}
        self.nodes(graph.node, scope)
        return [self._found(output.name, scope, "the output of the graph") for output in graph.output]

    def nodes(self, nodes: Sequence[NodeProto], scope: Scope) -> None:
        """Read nodes into a scope."""
        for node in in_order(nodes):
            if not all(
                isinstance(text, str) for text in (node.op_type, node.domain, node.name, *node.output)
            ):
                raise GraphError(f"the text of node {node.name!r:.80} is damaged")
            try:
                self._node(node, scope)
            except GrafError as error:
                if str(error).startswith("node "):
                    raise
                raise type(error)(f"{_place(node)}: {error}") from error
            except KeyError as error:
                raise GraphError(f"{_place(node)} lacks {error!s:.80}") from error
            except (ArithmeticError, IndexError, ValueError, TypeError, AttributeError) as error:
                raise GraphError(f"{_place(node)} is not valid: {error!s:.200}") from error

    def _node(self, node: NodeProto, scope: Scope) -> None:
        operands = [self._found(name, scope, "it") if name else None for name in node.input]
        outputs = self._outputs(node, operands, scope)
        for name, value in zip(node.output, outputs, strict=False):
            if name and value is not None:
                scope.define(name, value)

    def _found(self, name: str, scope: Scope, reader: str) -> Value:
        value = scope.find(name)
        if value is None:
            raise GraphError(f"{reader} reads {name!r:.80}, which nothing gives")
        return value

    def _outputs(self, node: NodeProto, operands: Sequence[Value | None], scope: Scope) -> Outputs:
        function = self.functions.get(called(node))
        if function is not None:
            return self._call_function(function, node, operands, scope)
        check_call(node, scope.opsets.get(node.domain, 1))
        attributes = {a.name: attribute_of(a) for a in node.attribute}
        standard = node.domain in STANDARD
        if standard and node.op_type == "Constant":
            tensor, name = constant_of(attributes), node.output[0]
            return [Value(*self.tensors.leaf(tensor, name, in_node=True, function=scope.function))]
        if standard and node.op_type in COPIES and operands[0] is not None:
            return operands[:1]
        if standard and node.op_type in CONTROL:
            return self._as_declared(
                node, CONTROL[node.op_type](self, node, attributes, operands, scope), scope
            )
        self.tensors.settle(node.op_type, [None if value is None else value.step for value in operands])
        types = self._types(node, operands, scope)
        if standard:
            values = known(node.op_type, attributes, operands, types)
            if values is not None:
                return values
        return self._steps(node, attributes, operands, types, scope)

    def _as_declared(self, node: NodeProto, values: Outputs, scope: Scope) -> Outputs:
        """Outputs with the shapes that the file declares for those of unknown ones."""
        found: list[Value | None] = []
        for name, value in zip(node.output, values, strict=False):
            if value is not None and value.step.shape is None:
                kind = self._declared(name, scope)
                value.step.shape = shape_of(kind)
                value = value if kind is None else Value(value.step, kind)
            found.append(value)
        return found

    def _declared(self, name: str, scope: Scope) -> TypeProto | None:
        """The type that the file declares for a name, if all its sizes are known."""
        declared = scope.declared.get(name)
        shape = None if declared is None else resolved(declared, self.sizes)
        if declared is None or shape is None:
            return None
        return tensor_type(declared.tensor_type.elem_type, shape)

    def _types(
        self, node: NodeProto, operands: Sequence[Value | None], scope: Scope
    ) -> list[TypeProto | None]:
        """Types of the outputs: inferred, else as the file declares them."""
        given = list(zip(node.input, operands, strict=True))
        types = {name: value.type for name, value in given if value is not None and value.type is not None}
        contents = {n: v.step.value for n, v in given if v is not None and v.step.value is not None}
        named = with_first_output(node)
        own = inferred(named, scope.opsets.get(node.domain, 1), types, contents)
        found: list[TypeProto | None] = []
        for name in named.output:
            kind = own.get(name)
            declared = self._declared(name, scope) if shape_of(kind) is None else None
            found.append(kind if declared is None else declared)
        return found

    def _steps(
        self,
        node: NodeProto,
        attributes: Mapping[str, Any],
        operands: Sequence[Value | None],
        types: Sequence[TypeProto | None],
        scope: Scope,
    ) -> Outputs:
        module = module_of(node)
        label = label_of(node)
        steps = [None if value is None else value.step for value in operands]
        call = Call(
            op_type=node.op_type,
            version=scope.opsets.get(node.domain, 1),
            operands=(*self.tensors.own(steps, label), *self._left_out(node, types[0])),
            attributes=attributes,
            shapes=tuple(map(shape_of, types)),
            name=label,
            module=module,
            itemsize=itemsize_of(types[0] if types else None),
        )
        made = steps_of(call, node.domain)
        if folds_norm(node):
            _layer(made[0]).settings["folded_norms"] = 1
        values = []
        for i, kind in enumerate(types):
            step = made[i] if i < len(made) else other_output(call, made[0], i, itemsize_of(kind))
            if step is not None and step.shape is not None and _lacks_sizes(kind):
                kind = tensor_type(_elem_type(kind, operands, node.op_type), step.shape)
            values.append(None if step is None else Value(step, kind))
        return values

    def _left_out(self, node: NodeProto, kind: TypeProto | None) -> list[Step]:
        """The bias of zeros that the file lacks and the module has, once for all nodes that read it."""
        name = left_out(node)
        bias = Step("weight", shape=(shape_of(kind) or ())[1:2], name=name, itemsize=itemsize_of(kind))
        return [self.biases.setdefault(name, bias)] if name else []

    def _call_function(
        self, function: FunctionProto, node: NodeProto, operands: Sequence[Value | None], scope: Scope
    ) -> Outputs:
        """The nodes of a function in place of its call."""
        given = {a.name: a for a in (*function.attribute_proto, *node.attribute)}
        opsets = versions(function.opset_import) or scope.opsets
        inner = Scope(opsets, self.tensors, function=called(node))
        for name, value in zip(function.input, operands, strict=False):
            if value is not None:
                inner.define(name, value)
        self.nodes([bound(n, given, set(function.input) - set(inner.values)) for n in function.node], inner)
        return [inner.find(name) for name in function.output]


def _initializers(graph: GraphProto) -> list[tuple[str, Tensor]]:
    """The tensors of a graph by name, sparse ones too."""
    dense = [(tensor.name, tensor) for tensor in graph.initializer]
    return [*dense, *((tensor.values.name, tensor) for tensor in graph.sparse_initializer)]


def _layer(step: Step) -> Step:
    """The layer of a node, behind a sum and an activation that it holds as well."""
    while step.op not in WITH_BIAS and step.reads:
        step = step.reads[0]
    return step


def _place(node: NodeProto) -> str:
    """Which node it is, in an error."""
    label = node.name or next(iter(node.output), "")
    return f"node {label!r:.80} ({node.op_type:.40})"


def _lacks_sizes(kind: TypeProto | None) -> bool:
    return kind is None or (kind.HasField("tensor_type") and shape_of(kind) is None)


def _elem_type(kind: TypeProto | None, operands: Sequence[Value | None], op_type: str) -> int:
    """The type of the elements; if it is unknown that of the first operand of floating-point numbers.

    Of quantised operators that of the first operand of integers; where there is no such operand, of the first.
    """
    if kind is not None:
        return int(kind.tensor_type.elem_type)
    known = [v.type.tensor_type.elem_type for v in operands if v is not None and v.type is not None]
    is_float = not op_type.startswith(GIVING_INTEGERS)
    fitting = (each for each in known if (each in FLOATS) == is_float)
    return next(iter((*fitting, *known)), TensorProto.FLOAT)


def _assumed(graph: GraphProto, types: Mapping[str, TypeProto], given: Mapping[str, Any]) -> str:
    """The shapes of inputs for which a size other than the first was assumed."""
    shapes = {
        value.name: shape_of(types[value.name])
        for value in graph.input
        if value.name in types
        and value.name not in given
        and any(map(is_open, value.type.tensor_type.shape.dim[1:]))
    }
    listed = ", ".join(f"{name!r:.40}: {shape}" for name, shape in shapes.items())
    return f"with `input_shapes={{{listed}}}`; give others if these do not fit" if shapes else ""


def _lacks_shape(step: Step) -> bool:
    return step.shape is None and not is_fixed(step) and not step.settings.get("unknown")
