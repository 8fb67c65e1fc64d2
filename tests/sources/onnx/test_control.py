"""Branches, loops and functions within ONNX files."""

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper, parser
from onnx_models import model, ops, saved, weight

from graf import read_graph
from graf.exceptions import GraphError


def test_a_known_condition_chooses_its_branch(tmp_path):
    branches = [parser.parse_graph(f"b () => (float[1, 4] o) {{ o = {op} (x) }}") for op in ("Relu", "Tanh")]
    graph = model(
        "g (float[1, 4] x) => (float[1, 4] y) { c = Size (x) b = Equal (c, n) y = Identity (x) }",
        n=np.array(4),
    )
    node = helper.make_node("If", ["b"], ["z"], then_branch=branches[0], else_branch=branches[1])
    graph.graph.node.append(node)
    graph.graph.output[0].name = "z"
    onnx.save(graph, tmp_path / "if.onnx")
    assert ops(read_graph(tmp_path / "if.onnx")) == ["relu"]


BRANCHING = """g (float[1, 4] x, bool c) => (float[1, 4] y) {
    h = Relu (x)
    y = If (c) <
        then_branch = a () => (float[1, 4] p) { q = MatMul (h, w) p = Tanh (q) },
        else_branch = b () => (float[1, 4] s) { s = Sigmoid (h) }
    >
}"""


def test_branches_are_counted_and_reported(tmp_path):
    path = saved(tmp_path, BRANCHING, w=weight(4, 4))
    with pytest.warns(UserWarning, match=r"within them are: MatMul \(1\), Tanh \(1\), Sigmoid \(1\)"):
        graph = read_graph(path)
    assert ops(graph) == ["relu", "if"]
    assert (graph.n_parameters, graph.n_macs) == (16, 16)
    assert graph.attributes["shape"][-1] == "1x4"
    assert len(graph.predecessors(graph.n_nodes - 1)) == 2
    assert graph.attributes["n_activations"][-1] == 4 + 4
    assert graph.attributes["n_bytes"][-1] == 4 * ((4 + 16 + 4) + (4 + 4))


@pytest.mark.filterwarnings("ignore")
def test_an_optional_tensor_that_is_empty(tmp_path):
    given, kind = helper.make_tensor_type_proto(1, [1, 4]), helper.make_tensor_value_info("o", 1, [1, 4])
    kind.type.CopyFrom(helper.make_optional_type_proto(given))
    nodes = (helper.make_node("Optional", ["h"], ["o"]), helper.make_node("Optional", [], ["o"], type=given))
    branches = [helper.make_graph([node], "b", [], [kind]) for node in nodes]
    proto = model("g (float[1, 4] x, bool c) => (float[1, 4] z) { h = Relu (x) z = OptionalGetElement (y) }")
    node = helper.make_node("If", ["c"], ["y"], then_branch=branches[0], else_branch=branches[1])
    proto.graph.node.insert(1, node)
    onnx.save(proto, tmp_path / "model.onnx")
    assert ops(read_graph(tmp_path / "model.onnx")) == ["relu", "if"]


def test_one_iteration_of_a_loop_counts(tmp_path):
    text = """g (float[1, 4] x, int64 n) => (float[1, 4] y, float[3, 1, 4] all) {
        y, all = Loop (n, yes, x) <
            body = b (int64 i, bool on, float[1, 4] h) => (bool on2, float[1, 4] h2, float[1, 4] out) {
                on2 = Identity (on)
                h2 = MatMul (h, w)
                out = Relu (h2)
            }
        >
    }"""
    path = saved(tmp_path, text, w=weight(4, 4), yes=np.array(True))
    with pytest.warns(UserWarning, match=r"Loop and Scan one iteration; within them are: MatMul \(1\), Relu"):
        graph = read_graph(path)
    assert ops(graph) == ["loop"]
    assert (graph.n_parameters, graph.n_macs) == (16, 16)


@pytest.mark.filterwarnings("ignore:of the subgraphs of If", "ignore:the shapes of")
@pytest.mark.parametrize(("declared", "n_macs"), [("", 0), ("<float[8, 4] h>", 8 * 4 * 5)])
def test_what_a_loop_makes_longer_has_no_known_shape(tmp_path, declared, n_macs):
    """One iteration makes four rows of two, three make eight, which only the file may say."""
    text = f"""g (float[2, 4] x) => (y) {declared} {{
        h = Loop (n, yes, x) <
            body = b (int64 i, bool on, float[r, 4] s) => (bool on2, float[t, 4] s2) {{
                on2 = Identity (on) s2 = Concat <axis = 0> (s, x)
            }}
        >
        y = MatMul (h, w)
    }}"""
    graph = read_graph(saved(tmp_path, text, w=weight(4, 5), n=np.array(3), yes=np.array(True)))
    assert (graph.n_parameters, graph.n_macs) == (20, n_macs)


def test_functions_are_inlined(tmp_path):
    function = parser.parse_function(
        """<domain: "own", opset_import: ["" : 17]>
        twice <alpha> (a, b) => (c) {
            p = LeakyRelu <alpha: float = @alpha> (a)
            c = Add (p, b)
        }"""
    )
    text = "g (float[1, 4] x) => (float[1, 4] y) { h = own.twice <alpha = 0.1> (x, x) y = own.twice (h, x) }"
    graph = read_graph(saved(tmp_path, text, domains=["own"], functions=[function]))
    assert ops(graph) == ["leaky_relu", "add"] * 2
    function.node[0].op_type, function.node[0].domain = "twice", "own"
    with pytest.raises(GraphError, match="the function 'twice' calls itself"):
        read_graph(saved(tmp_path, text, domains=["own"], functions=[function]))


def test_functions_of_one_name(tmp_path):
    """Which of them a node calls its overload says."""
    functions = []
    for op in ("Relu", "Tanh"):
        text = f'<domain: "own", opset_import: ["" : 17]> act (a) => (c) {{ c = {op} (a) }}'
        functions.append(parser.parse_function(text))
        functions[-1].overload = op
    text = "g (float[1, 4] x) => (float[1, 4] y) { h = own.act (x) y = own.act (h) }"
    proto = model(text, domains=["own"], functions=functions)
    for node, overload in zip(proto.graph.node, ("Relu", "Tanh"), strict=True):
        node.overload = overload
    onnx.save(proto, tmp_path / "model.onnx")
    assert ops(read_graph(tmp_path / "model.onnx")) == ["relu", "tanh"]


@pytest.mark.filterwarnings("ignore:of the subgraphs of If")
def test_weights_that_a_function_holds_are_shared_by_its_calls(tmp_path):
    """One in a node, one in a branch; a tensor that the call gives is its own."""
    text = """<domain: "own", opset_import: ["" : 17]> layer <t> (a, c) => (z) {
        w = Constant () m = MatMul (a, w)
        v = Constant <value: tensor = @t> () n = MatMul (m, v)
        z = If (c) <then_branch = b () => (float[1, 4] p) { p = MatMul (n, u) },
                    else_branch = d () => (float[1, 4] q) { q = Relu (n) }>
    }"""
    function = parser.parse_function(text)
    attributes = [helper.make_attribute("value", numpy_helper.from_array(weight(4, 4)))]
    function.node[0].attribute.extend(attributes)
    function.node[-1].attribute[0].g.initializer.append(numpy_helper.from_array(weight(4, 4), "u"))
    proto = model("g (float[1, 4] x, bool c) => (float[1, 4] y) { h = Relu (x) }", functions=[function])
    proto.opset_import.append(helper.make_opsetid("own", 1))
    for i, (read, given) in enumerate([("h", "i"), ("i", "j"), ("j", "y")]):
        tensor = numpy_helper.from_array(weight(4, 4) + i)
        proto.graph.node.append(helper.make_node("layer", [read, "c"], [given], domain="own", t=tensor))
    onnx.save(proto, tmp_path / "model.onnx")
    graph = read_graph(tmp_path / "model.onnx")
    assert (graph.n_parameters, graph.n_macs) == (5 * 16, 9 * 16)


def test_branches_within_functions_know_attributes_and_inputs_of_the_call(tmp_path):
    """As functions of onnxscript with an `if` do."""
    function = parser.parse_function(
        """<domain: "own", opset_import: ["" : 17]>
        bounded <most> (a, low) => (c) {
            n = Size (a)
            four = Constant <value_int = 4> ()
            small = Equal (n, four)
            c = If (small) <
                then_branch = t () => (p) { m = Constant <value_float: float = @most> () p = Clip (a, low, m) },
                else_branch = e () => (q) { q = Tanh (a) }
            >
        }"""
    )
    text = "g (float[1, 4] x) => (float[1, 4] y) { h = own.bounded <most = 6.0> (x, zero) y = own.bounded <most = 6.0> (h) }"
    path = saved(tmp_path, text, domains=["own"], functions=[function], zero=np.float32(0))
    assert ops(read_graph(path)) == ["relu6", "clamp"]


def nested_functions(levels, calls):
    """Each function calls the next one several times, the last one Relu."""
    for depth in range(levels):
        called = f"own.f{depth + 1}" if depth < levels - 1 else "Relu"
        nodes = "".join(f"v{i + 1} = {called} (v{i})\n" for i in range(calls))
        text = (
            f'<domain: "own", opset_import: ["" : 17, "own" : 1]> f{depth} (v0) => (v{calls}) {{ {nodes} }}'
        )
        yield parser.parse_function(text)


def test_nested_functions_that_explode(tmp_path, monkeypatch):
    """Each function calls the next one ten times; what that comes to is known without reading any node."""
    functions = list(nested_functions(20, calls=10))
    text = "g (float[1] x) => (float[1] y) { y = own.f0 (x) }"
    monkeypatch.setattr("graf.sources.onnx.network.Reader.nodes", None)
    with pytest.raises(GraphError, match="more than 1,000,000 nodes"):
        read_graph(saved(tmp_path, text, domains=["own"], functions=functions))


def test_functions_called_within_branches_count(tmp_path):
    """Three levels of a hundred calls, from a branch of a branch."""
    functions = list(nested_functions(3, calls=100))
    text = """g (float[1] x, bool c) => (float[1] y) {
        y = If (c) <then_branch = a () => (float[1] p) { p = own.f0 (x) }, else_branch = b () => (float[1] q) { q = Relu (x) }>
    }"""
    with pytest.raises(GraphError, match="more than 1,000,000 nodes"):
        read_graph(saved(tmp_path, text, domains=["own"], functions=functions))
