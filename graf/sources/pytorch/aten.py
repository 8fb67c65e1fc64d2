"""Steps from a program that `torch.export` captured: one for each call of an aten operator."""

from __future__ import annotations

import operator
import warnings
from collections.abc import Container, Mapping, Sequence
from typing import Any

import torch
from torch.export import ExportedProgram
from torch.export.graph_signature import InputKind, OutputKind
from torch.fx import GraphModule, Node

from graf.sources.network.contents import described
from graf.sources.network.step import Network, Step, constant
from graf.sources.network.vocabulary import REARRANGEMENTS, from_aten
from graf.sources.pytorch.composed import COMPOSED, Details
from graf.sources.pytorch.settings import SETTINGS

__all__ = ["network_of"]

SMALL = 64  # elements of a constant whose content is kept
LARGE = 2**22  # elements of a constant whose content is looked at
INLINED = (
    "wrap", "wrap_with_set_grad_enabled", "wrap_with_autocast", "hints_wrapper", "invoke_subgraph",
    "tag_activation_checkpoint",
)  # fmt: skip
WITH_NUMBERS = (
    "add", "subtract", "multiply", "divide", "power", "maximum", "minimum", "where", "remainder", "order",
)  # fmt: skip
CARRIED = {"scan": 1, "while_loop": 2}  # argument that an iteration hands to the next
BINARY = {"max": "maximum", "min": "minimum"}  # reductions that take a second tensor as well
UNIFORM = ("zeros", "ones", "full")  # constants whose elements are all the same
TRIANGULAR = ("tril_indices", "triu_indices")  # places before or after the diagonal
LAST_FIRST = ("rsub",)  # operators that take their operands in reverse
Environment = dict[Node, Any]


def network_of(program: ExportedProgram, module: torch.nn.Module) -> Network:
    """The steps of a captured module; a tensor that several parts share is one step."""
    leaves = _leaves(program, module)
    environment: Environment = {node: leaves[node.name] for node in _placeholders(program.graph_module)}
    results = _run(program.graph_module, environment)
    kinds = [spec.kind for spec in program.graph_signature.output_specs]
    asked = [value for value, kind in zip(results, kinds, strict=False) if kind is OutputKind.USER_OUTPUT]
    inputs = [step for step in _steps(leaves) if step.op == "input"]
    _report_open([node for node in program.graph.nodes if _is_open(node.meta.get("val"))])
    return Network(list(dict.fromkeys(inputs)), _steps(asked))


def _is_open(value: Any) -> bool:
    """Whether there are tensors in it with a size that depends on values."""
    tensors = (leaf for leaf in torch.utils._pytree.tree_leaves(value) if isinstance(leaf, torch.Tensor))
    return any(not isinstance(size, int) for tensor in tensors for size in tensor.shape)


def _report_open(nodes: Sequence[Node]) -> None:
    if nodes:
        module = _module(nodes[0])
        warnings.warn(
            f"the sizes of {len(nodes)} operations depend on values of tensors, the first is {nodes[0].name!r:.80}"
            f"{f' in {module!r:.80}' if module else ''}; each such size counts as 1, so that costs may be too low",
            stacklevel=2,
        )


def _leaves(program: ExportedProgram, module: torch.nn.Module) -> dict[str, Any]:
    """Inputs, weights and constants by the name of their placeholder; numbers as they are.

    A tensor that is given twice is one input: the module may have looked whether it is the same.
    """
    parameters = dict(module.named_parameters(remove_duplicate=False))
    buffers = dict(module.named_buffers(remove_duplicate=False))
    shared: dict[int, Step] = {}
    inputs: dict[int, Step] = {}
    found: dict[str, Any] = {}
    given = iter(torch.utils._pytree.tree_leaves(program.example_inputs))
    nodes = {node.name: node for node in _placeholders(program.graph_module)}
    for spec in program.graph_signature.input_specs:
        name = spec.arg.name
        value = nodes[name].meta.get("val")
        if spec.kind is InputKind.USER_INPUT:
            tensor, is_tensor = next(given), isinstance(value, torch.Tensor)
            found[name] = inputs.setdefault(id(tensor), _leaf("input", name, value)) if is_tensor else value
        elif spec.kind is InputKind.PARAMETER and spec.target in parameters:
            tensor = parameters[spec.target]
            found[name] = shared.setdefault(id(tensor), _leaf("weight", spec.target, value))
        else:
            content = buffers.get(spec.target, program.constants.get(spec.target))
            found[name] = _leaf("constant", spec.target, value, content)
    return found


def _leaf(op: str, name: str, value: Any, content: Any = None) -> Step:
    step = Step(op, shape=_shape(value), name=name, itemsize=_itemsize(value))
    if not isinstance(content, torch.Tensor) or content.is_meta or content.layout != torch.strided:
        return step
    if content.numel() <= SMALL:
        step.value = content.detach().cpu().to(torch.float64).numpy()
    if content.dim() > 1 and content.numel() <= LARGE:
        step.settings |= described(content.detach().cpu().to(torch.float32).numpy())
    return step


def _run(graph_module: GraphModule, environment: Environment) -> list[Any]:
    """Fill the environment with what each node gives; the outputs, flat."""
    for node in graph_module.graph.nodes:
        if node.op == "get_attr":
            environment[node] = _attribute(graph_module, node)
        elif node.op == "call_function":
            environment[node] = _call(node, environment)
            _write(node, environment)
        elif node.op == "output":
            return torch.utils._pytree.tree_leaves(_values(node.args[0], environment))
    return []


def _write(node: Node, environment: Environment) -> None:
    """Let a tensor that was written into, and the tensor it is a view of, stand for what it is now."""
    argument = _first_alias(node)
    if argument is None or not argument.is_write:
        return
    target, step = node.args[0], environment[node]
    while isinstance(target, Node) and isinstance(environment.get(target), Step):
        old = environment[target]
        if old.size != step.size:
            environment[target] = Step("scatter", [old, step], old.shape, old.name, old.module, old.itemsize)
        elif old.shape != step.shape:
            environment[target] = Step("reshape", [step], old.shape, itemsize=old.itemsize)
        else:
            environment[target] = step
        target = target.args[0] if _first_alias(target) is not None and target.args else None


def _first_alias(node: Node) -> Any:
    """How the output of a call shares memory with its first argument; None if it does not."""
    if not isinstance(node.target, torch._ops.OpOverload):
        return None
    arguments = node.target._schema.arguments
    return arguments[0].alias_info if arguments else None


def _attribute(graph_module: GraphModule, node: Node) -> Any:
    """A subgraph as it is; a tensor as a constant."""
    value: Any = graph_module
    for part in str(node.target).split("."):
        value = getattr(value, part)
    if isinstance(value, torch.Tensor):
        return _leaf("constant", node.name, node.meta.get("val", value), value)
    return value


def _values(arguments: Any, environment: Environment) -> Any:
    """Arguments with what nodes gave in place of the nodes."""
    return torch.utils._pytree.tree_map(
        lambda item: environment[item] if isinstance(item, Node) else item,
        arguments,
        is_leaf=lambda item: isinstance(item, Node),
    )


def _call(node: Node, environment: Environment) -> Any:
    args, kwargs = _values(node.args, environment), _values(node.kwargs, environment)
    if node.target is operator.getitem:
        return _item(node, *args)
    if isinstance(node.target, torch._ops.HigherOrderOperator):
        return _higher_order(node, str(node.target), args, kwargs)
    if not isinstance(node.target, torch._ops.OpOverload):
        return _step(node, "constant", [])  # arithmetic on shapes
    names = [argument.name for argument in node.target._schema.arguments]
    bound = {**dict(zip(names, args, strict=False)), **kwargs}
    name = node.target._schema.name.removeprefix("aten::").replace("::", "_")
    op = from_aten(name)
    if op in BINARY and "other" in bound:
        op = BINARY[op]
    if op is None:
        return _step(node, name, _steps(bound), unknown=True)
    if op == "constant":
        uniform = name.removeprefix("new_").removesuffix("_like") in UNIFORM
        return _step(node, op, _steps(bound), uniform=uniform, triangular=name in TRIANGULAR)
    composed = COMPOSED.get(name.removesuffix("_")) or COMPOSED.get(op)
    if composed is not None:
        return composed(bound, _details(node))
    reads = _reads(op, bound)
    settings = SETTINGS[op](bound) if op in SETTINGS else {}
    return _step(node, op, reads[::-1] if name in LAST_FIRST else reads, **settings)


def _reads(op: str, bound: Mapping[str, Any]) -> list[Step]:
    """The steps among the arguments; numbers become constants where they are operands."""
    if op in REARRANGEMENTS:
        return _steps(bound)[:1]  # another tensor only tells a shape or a type
    if op in ORDER:
        named = [bound[name] for name in ORDER[op] if isinstance(bound.get(name), Step)]
        return named or _steps(bound)  # an unknown signature must not turn into a constant
    if op not in WITH_NUMBERS:
        return _steps(bound)
    operands = [value for name, value in bound.items() if name not in ("alpha", "rounding_mode", "out")]
    return [value if isinstance(value, Step) else constant(value) for value in operands if _is_operand(value)]


ORDER = {  # operands in the order of steps, where signatures have another or more
    "linear": ("input", "mat1", "mat", "weight", "mat2", "vec", "bias", "self"),
    "embedding": ("indices", "weight"),
    "batch_norm": ("input", "weight", "bias"),
    "instance_norm": ("input", "weight", "bias"),
    "group_norm": ("input", "weight", "bias"),
}


def _is_operand(value: Any) -> bool:
    return isinstance(value, (Step, int, float)) and not isinstance(value, bool)


def _steps(arguments: Any) -> list[Step]:
    """The steps among arguments, in lists and mappings too."""
    return [leaf for leaf in torch.utils._pytree.tree_leaves(arguments) if isinstance(leaf, Step)]


def _item(node: Node, source: Any, index: Any) -> Any:
    """One of several outputs."""
    if not isinstance(source, Step):
        return source[index]
    if index == 1 and source.op in ("max", "min"):
        return _step(node, "argmax", source.reads, **source.settings)
    return _step(node, "getitem", [source])


def _higher_order(node: Node, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """A subgraph that is run once becomes part of the network; others are one step that keeps them."""
    if name == "flex_attention":
        return _flex_attention(node, *args)
    graphs = [arg for arg in args if isinstance(arg, GraphModule)]
    flat = _steps([args, kwargs])
    if name in INLINED and len(graphs) == 1:
        after = list(args)[list(args).index(graphs[0]) + 1 :]
        return _inlined(graphs[0], [arg for arg in after if not isinstance(arg, str)])
    carried = set(map(id, torch.utils._pytree.tree_leaves(args[CARRIED[name]]))) if name in CARRIED else set()
    subgraphs = [_subgraph(graph, flat[-len(_placeholders(graph)) :], carried) for graph in graphs]
    op = from_aten(name)
    return _step(node, op or name, flat, unknown=op is None, subgraphs=subgraphs)


def _flex_attention(
    node: Node, query: Step, key: Step, value: Step, score: Any, blocks: Sequence[Any], *others: Any
) -> Step:
    """Attention whose scores and mask are functions of the positions; the mask's comes last of `blocks`."""
    return _step(
        node, "attention", _steps([query, key, value, others]), causal=_compares_positions(blocks[-1])
    )


def _compares_positions(mask: GraphModule) -> bool:
    """Whether a function of batch, head and the positions of query and key says which of these comes first."""
    positions = _placeholders(mask)[2:4]
    return any(
        node.target._schema.name.removeprefix("aten::") in ("lt", "le", "gt", "ge")
        and set(node.all_input_nodes) == set(positions)
        for node in mask.graph.nodes
        if isinstance(node.target, torch._ops.OpOverload)
    )


def _inlined(graph: GraphModule, args: Sequence[Any]) -> list[Any]:
    flat = torch.utils._pytree.tree_leaves(list(args))
    return _run(graph, dict(zip(_placeholders(graph), flat, strict=False)))


def _placeholders(graph: GraphModule) -> list[Node]:
    """The nodes that stand for what is given to a graph, in order."""
    return list(graph.graph.find_nodes(op="placeholder"))


def _subgraph(graph: GraphModule, operands: Sequence[Step], carried: Container[int]) -> Network:
    """A subgraph as a network of its own: weights and constants stay what they are, the rest are its inputs,
    and so is what iterations of a loop hand on, wherever it starts.
    """
    nodes = _placeholders(graph)
    inner = [
        step
        if step.op in ("weight", "constant") and id(step) not in carried
        else _leaf("input", "", node.meta.get("val"))
        for node, step in zip(nodes, operands, strict=False)
    ]
    results = _run(graph, dict(zip(nodes, inner, strict=False)))
    return Network([step for step in inner if step.op == "input"], _steps(results))


def _details(node: Node) -> Details:
    value = node.meta.get("val")
    if isinstance(value, (tuple, list)):
        value = next((item for item in value if isinstance(item, torch.Tensor)), None)
    return Details(_shape(value), node.name, _module(node), _itemsize(value))


def _step(node: Node, op: str, reads: list[Step], **settings: Any) -> Step:
    return _details(node).step(op, reads, **settings)


def _module(node: Node) -> str:
    """Path of the innermost module that a node belongs to."""
    stack = list((node.meta.get("nn_module_stack") or {}).values())
    return str(stack[-1][0]).split("@")[0] if stack else ""  # "layer@1" is its second call


def _shape(value: Any) -> tuple[int, ...] | None:
    """The shape of a tensor; a size that depends on values counts as 1."""
    if not isinstance(value, torch.Tensor):
        return None
    return tuple(size if isinstance(size, int) else 1 for size in value.shape)


def _itemsize(value: Any) -> int:
    return value.element_size() if isinstance(value, torch.Tensor) else 4
