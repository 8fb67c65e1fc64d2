"""Where a node of an ONNX file belongs, by what exporters write beside it."""

from __future__ import annotations

import re

from onnx import NodeProto, ValueInfoProto

from graf.sources.network.vocabulary import from_aten

__all__ = [
    "folds_norm",
    "is_constant",
    "is_filled",
    "is_made_up",
    "is_trained",
    "label_of",
    "left_out",
    "module_of",
    "snake_case",
]

RULES = "pkg.onnxscript.rewriter.rule_name"
SCOPES = "pkg.torch.onnx.name_scopes"
KIND = "pkg.torch.export.graph_signature.InputSpec.kind"
WRITTEN = ("lifted_tensor", "convert_element_type")  # beside those of `from_aten`
WEIGHTS = {"QLinearConv": (3, 8), "ConvInteger": (1,)}  # operands that a batch norm changes
SOURCES = "pkg.onnxscript.optimizer.folded_from"
CALL = "pkg.torch.onnx.fx_node"


def module_of(node: NodeProto) -> str:
    """Path of the module that a node belongs to, "layer1.0.conv1"; "" if the file does not say.

    From the scopes that PyTorch's exporter writes as metadata, else from a name written as a path,
    "/layer1/layer1.0/conv1/Conv".
    """
    for entry in node.metadata_props:
        if entry.key == SCOPES:
            scopes = [scope.strip(" '\"") for scope in entry.value.strip("[] ").split(",")]
            return scopes[-2] if len(scopes) > 1 else ""
    path: list[str] = []
    for part in node.name.strip("/").split("/")[:-1]:
        if path and part.startswith(f"{path[-1]}."):
            path.pop()
        path.append(part)
    return ".".join(path)


def label_of(node: NodeProto) -> str:
    """The name of a node, else that of its first output, else its operator."""
    return node.name or next(filter(None, node.output), node.op_type)


def folds_norm(node: NodeProto) -> bool:
    """Whether the exporter says that a batch norm became part of a convolution or linear layer.

    PyTorch's newer exporter names the rule that it applied, and the bias that there was none of after the weight;
    the older one renames both weights. Other tools keep their names, as ONNX Runtime does where it takes an activation
    into a convolution or quantises it.
    """
    places = WEIGHTS.get(node.op_type, (1, 2))
    weights = [node.input[i].removesuffix("_quantized") for i in places if i < len(node.input)]
    if len(weights) == len(places) and all(name.startswith("onnx::Conv") for name in weights):
        return "Conv" in node.op_type
    if len(weights) == 2 and weights[0].endswith(".weight") and weights[1] == f"{weights[0]}_bias":
        return True
    return any(entry.key == RULES and "FuseBatchNormInto" in entry.value for entry in node.metadata_props)


def left_out(node: NodeProto) -> str:
    """The name of the bias that PyTorch's newer exporter left out, as it does where all are zero; "" if there is none.

    It also says that it left one out where the module has none, as the call does that the node stands for.
    """
    said = {entry.key: entry.value for entry in node.metadata_props}
    parameter = re.search(r"\(args = \(%\w+, [^,]+, %(p_\w+)", said.get(CALL, ""))
    return parameter[1] if parameter and "RemoveOptionalBias" in said.get(RULES, "") else ""


def is_made_up(tensor: str) -> bool:
    """Whether a tensor has a name that PyTorch's exporters give to what is no parameter of a module.

    Examples
    --------
    >>> is_made_up("val_15"), is_made_up("int64_m1_1d"), is_made_up("/norm/Constant_output_0")
    (True, True, True)
    >>> is_made_up("norm.weight")
    False
    """
    return re.fullmatch(r"val_\d+|int64_m?\d+(_1d)?|/.*_output_\d+", tensor) is not None


def is_constant(tensor: str, in_node: bool) -> bool:
    """Whether a tensor in a file of PyTorch's older exporter is one that this wrote into a node.

    Tools that simplify a file may have moved it out of there, and put weights that they changed into nodes.

    Examples
    --------
    >>> is_constant("/norm/Constant_1_output_0", in_node=False), is_constant("_v_188", in_node=True)
    (True, False)
    """
    if re.fullmatch(r"(.*/)?Constant(_\d+)?_output_\d+", tensor):
        return True
    return in_node and not re.fullmatch(r"_v_\d+|/.*_output_\d+", tensor)  # the former of onnxsim


def is_filled(tensor: str) -> bool:
    """Whether PyTorch's newer exporter named a tensor after an operator that computes it from nothing.

    Examples
    --------
    >>> is_filled("zeros_like_1"), is_filled("norm.weight")
    (True, False)
    """
    return from_aten(_without_number(tensor)) == "constant"


def is_trained(tensor: ValueInfoProto) -> bool | None:
    """Whether PyTorch's newer exporter calls a tensor a parameter; None if it says nothing of the kind.

    It also names all that a tensor was computed from, which may be no parameter of a module.

    Examples
    --------
    >>> table, scale = ValueInfoProto(), ValueInfoProto()
    >>> _ = table.metadata_props.add(key=SOURCES, value="['arange', 'lifted_tensor_0', 'val_3']")
    >>> _ = scale.metadata_props.add(key=SOURCES, value="['layer.scale', 'val_3']")
    >>> is_trained(table), is_trained(scale)
    (False, None)
    """
    for entry in tensor.metadata_props:
        if entry.key == KIND:
            return entry.value == "PARAMETER"
        sources = str(entry.value).strip("[]").split(", ") if entry.key == SOURCES else ["?"]
        if all(_is_given_by_exporter(source.strip("'")) for source in sources):
            return False
    return None


def _is_given_by_exporter(name: str) -> bool:
    """Whether a name is one of an operator, or of a tensor that is written out in a module's code."""
    operator = _without_number(name)
    return is_made_up(name) or operator in WRITTEN or from_aten(operator) is not None


def _without_number(name: str) -> str:
    """The name of an operator as it was before those of several calls were told apart."""
    return re.sub(r"(_default)?(_\d+)?$", "", name)


def snake_case(name: str) -> str:
    """The name of an operator in lower case, words joined by underscores.

    Examples
    --------
    >>> snake_case("TreeEnsembleClassifier"), snake_case("QLinearConv")
    ('tree_ensemble_classifier', 'q_linear_conv')
    """
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name)
    return re.sub(r"[^a-z0-9_]", "_", apart.lower()) or "unnamed"
