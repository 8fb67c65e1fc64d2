"""ONNX files: what is read, what is assumed, and one line for what cannot be read."""

import sys

import onnx
import pytest
from onnx_models import CONV, CONV_WEIGHTS, model, ops, saved

from graf import read_graph
from graf.exceptions import GraphError, InputError, MissingDependencyError, UnknownNameError


def test_nodes_and_attributes(tmp_path):
    graph = read_graph(saved(tmp_path, CONV, **CONV_WEIGHTS))
    assert graph.op_names == (None, "conv3x3", "relu")
    assert graph.edges.tolist() == [[0, 1], [1, 2]]
    assert (graph.n_parameters, graph.n_macs) == (112, 8 * 8 * 4 * 27)
    assert graph.attributes["shape"].tolist() == ["1x3x8x8", "1x4x8x8", "1x4x8x8"]
    assert graph.attributes["kernel"][1] == 3
    assert read_graph(str(tmp_path / "model.onnx")) == graph == read_graph(tmp_path / "model.onnx", "onnx")


def test_settings_and_inputs_of_other_formats(tmp_path):
    path = saved(tmp_path, CONV, **CONV_WEIGHTS)
    with pytest.raises(UnknownNameError, match="unknown setting of onnx 'input_shape'; did you mean 'input_"):
        read_graph(path, input_shape={"x": (1, 3, 8, 8)})
    with pytest.raises(InputError, match="leave them out, or give `input_shapes`"):
        read_graph(path, (1, 3, 8, 8))


def test_nodes_without_names_and_order(tmp_path):
    graph = model(CONV, **CONV_WEIGHTS)
    first, second = graph.graph.node
    del graph.graph.node[:]
    graph.graph.node.extend([second, first])
    onnx.save(graph, tmp_path / "unsorted.onnx")
    assert ops(read_graph(tmp_path / "unsorted.onnx")) == ["conv3x3", "relu"]


def test_modules_of_pytorch_exporters(tmp_path):
    graph = model(CONV, **CONV_WEIGHTS)
    graph.graph.node[0].name = "/layer1/layer1.0/conv1/Conv"
    entry = graph.graph.node[1].metadata_props.add()
    entry.key, entry.value = "pkg.torch.onnx.name_scopes", "['', 'layer1', 'layer1.0.relu', 'relu_1']"
    onnx.save(graph, tmp_path / "named.onnx")
    found = read_graph(tmp_path / "named.onnx").attributes["module"]
    assert found.tolist() == ["", "layer1.0.conv1", "layer1.0.relu"]


def test_a_cycle(tmp_path):
    text = "g (float[1, 4] x) => (float[1, 4] y) { a = Add (x, b) b = Relu (a) y = Tanh (b) }"
    with pytest.raises(GraphError, match=r"model.onnx: the graph has a cycle: Add -> Relu -> Add"):
        read_graph(saved(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("g (float[4] x) => (float[4] y) { y = Add (x, nowhere) }", r"node 'y' \(Add\): it reads 'nowhere'"),
        ("g (float[4] x) => (float[4] y) { z = Relu (x) }", "the output of the graph reads 'y', which"),
        ("g (float[4] x) => (float[4] y) { y = Relu (x) y = Tanh (x) }", "the name 'y' is given twice"),
        ("g (float[4] x) => (float[4] y) { y = MaxPool (x) }", r"node 'y' \(MaxPool\) lacks .kernel_shape"),
        ("g (float[4] x) => (float[4] y) { y = Conv (x, x) }", "must have at least 3 dim"),
        (
            "g (float[2, 3] x) => (float[2] y) { y = MatMul (x, x) }",
            r"node 'y' \(MatMul\): .*[Ii]ncompatible",
        ),
        ("g (float[4] x) => (float[4] y) { y = Identity (x) }", "computes nothing from its inputs"),
        ("g (float[4] x) => (float[4] y) { y = Constant () }", "holds no value"),
        ("g (float[4] x) => (float[4] y) { y = Pow (x) }", "lacks one that it needs"),
        ("g (float[4] x) => (float[4] y) { y = Relu (x, x) }", "does not take 2 operands"),
        (
            'g (float[4] x) => (float[4] y) { y = Softmax <axis = "a"> (x) }',
            "'axis' must be of type INT, got STRING",
        ),
        (
            "g (float[4] x) => (float[4] y) { h = Own (x) y = MaxPool <kernel_shape = [2], strides = [0]> (h) }",
            r"`strides` must hold 1 positive numbers, got \(0,\)",
        ),
        ("g (float[4] x) => (float[4] y) { h = Own (x) y = RNN <hidden_size = -1> (h, h, h) }", "positive"),
        (
            'g (float[4] x) => (float[4] y) { h = Own (x) y = Einsum <equation = "i,i,i->i"> (h, x) }',
            "not for 2 operands",
        ),
        (
            """g (float[4] x) => (float[4] y) { y = Scan <num_scan_inputs = 4611686018427387904,
                body = b (float s) => (float t) { t = Relu (s) }> (x) }""",
            "`num_scan_inputs` must be a number of its 1 operands",
        ),
        ("g (float[4] x, float[3] x) => (float[4] y) { y = Relu (x) }", "the name 'x' is given twice"),
        (
            "g (float[1, 1, 4] x) => (y) <float[1, 1, 2] w = {1, 2}, float[1, 1, 1] w = {3}> { y = Conv (x, w) }",
            "the name 'w' is given twice",
        ),
    ],
)
def test_what_is_no_network(tmp_path, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read_graph(saved(tmp_path, text))
    assert "\n" not in str(caught.value)


def test_files_that_are_not_onnx(tmp_path):
    path = saved(tmp_path, CONV, **CONV_WEIGHTS)
    content = path.read_bytes()
    for name, damaged in {"text": b"hello", "half": content[: len(content) // 2], "empty": b""}.items():
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(damaged)
        with pytest.raises(InputError, match=f"{name}.onnx"):
            read_graph(path)
    with pytest.raises(InputError, match=r"cannot read .*nowhere.onnx.* as ONNX: No such file"):
        read_graph(tmp_path / "nowhere.onnx")
    with pytest.raises(InputError, match="must be the path of an ONNX file, got None"):
        read_graph(None, "onnx")


def test_onnx_is_not_installed(tmp_path, monkeypatch):
    path = saved(tmp_path, CONV, **CONV_WEIGHTS)
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'graf\[onnx\]'"):
        read_graph(path)
