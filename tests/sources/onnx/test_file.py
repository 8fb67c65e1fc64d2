"""ONNX files: what is read, what is assumed, and one line for what cannot be read."""

import re
import sys
from collections import Counter

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, parser
from onnx_models import model, saved, weight

from graf import read_graph
from graf.exceptions import GraphError, InputError, MissingDependencyError, UnknownNameError

CONV = """g (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) {
    c = Conv <pads = [1, 1, 1, 1]> (x, w, b)
    y = Relu(c)
}"""
CONV_WEIGHTS = {"w": weight(4, 3, 3, 3), "b": weight(4)}


def ops(graph):
    return [op for op in graph.op_names if op]


def test_nodes_and_attributes(tmp_path):
    graph = read_graph(saved(tmp_path, CONV, **CONV_WEIGHTS))
    assert graph.op_names == (None, "conv3x3", "relu")
    assert graph.edges.tolist() == [[0, 1], [1, 2]]
    assert (graph.n_parameters, graph.n_macs) == (112, 8 * 8 * 4 * 27)
    assert graph.attributes["shape"].tolist() == ["1x3x8x8", "1x4x8x8", "1x4x8x8"]
    assert graph.attributes["kernel"][1] == 3
    assert read_graph(str(tmp_path / "model.onnx")) == graph == read_graph(tmp_path / "model.onnx", "onnx")


@pytest.mark.parametrize("opset", [11, 13, 18, 21])
def test_operators_of_old_and_new_opsets(tmp_path, opset):
    axes = {"axes": np.array([1, -1])}
    if opset < 18:
        mean, operands = "ReduceMean <axes = [1, -1], keepdims = 0> (c)", {}
    else:
        mean, operands = "ReduceMean <keepdims = 0> (c, axes)", axes
    text = f"""g (float[1, 5, 6] x) => (float[5] y) {{
        c = Clip(x, zero, six)
        y = {mean}
    }}"""
    limits = {"zero": np.float32(0), "six": np.float32(6)}
    graph = read_graph(saved(tmp_path, text, opset, **limits, **operands))
    assert ops(graph) == ["relu6", "mean"]
    assert graph.attributes["shape"][-1] == "1"


def test_a_transposed_copy_of_a_large_embedding_is_tied_to_it(tmp_path):
    """As PyTorch's older exporter writes the last layer of language models."""
    text = """g (int64[1, 5] tokens) => (float[1, 5, 70000] y) {
        e = Gather (table, tokens)
        y = MatMul (e, head)
    }"""
    table = weight(70_000, 64)  # more elements than are looked at elsewhere
    assert read_graph(saved(tmp_path, text, table=table, head=table.T.copy())).n_parameters == table.size
    assert read_graph(saved(tmp_path, text, table=table, head=table.T + 1)).n_parameters == 2 * table.size


def test_open_sizes(tmp_path):
    text = """g (float[N, 3, H, W] x, int64[N, T] tokens) => (float[N, 8] y, float[N, T, 6] z) {
        c = Conv (x, w)
        y = GlobalAveragePool (c)
        z = Gather (table, tokens)
    }"""
    path = saved(tmp_path, text, w=weight(8, 3, 3, 3), table=weight(50, 6))
    with pytest.warns(UserWarning, match=re.escape("{'x': (1, 3, 224, 224), 'tokens': (1, 128)}")):
        graph = read_graph(path)
    assert graph.attributes["shape"][:2].tolist() == ["1x3x224x224", "1x128"]
    given = read_graph(path, input_shapes={"x": (2, 3, 32, 16), "tokens": [2, 7]})
    assert set(given.attributes["shape"]) >= {"2x3x32x16", "2x7x6"}
    assert ops(given) == ["conv3x3", "global_avg_pool", "embedding"]


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        (["N", 3, -1, -1], "1x3x224x224"),
        ([0, 3, 0, 32], "1x3x224x32"),
        (["N", "C", "H", "W"], "1x3x224x224"),
        (["N", "H", "W", 3], "1x224x224x3"),
        (["N", "C", "H", 32], "1x3x224x32"),
        ([None, None, None, None, 1], "1x224x224x224x1"),
        ([1, -1], "1x128"),
    ],
)
def test_sizes_that_are_assumed(tmp_path, declared, expected):
    graph = model("g (float[1] x) => (float[1] y) { y = Relu (x) }")
    for value, shape in ((graph.graph.input[0], declared), (graph.graph.output[0], None)):
        value.CopyFrom(helper.make_tensor_value_info(value.name, TensorProto.FLOAT, shape))
    onnx.save(graph, tmp_path / "open.onnx")
    with pytest.warns(UserWarning, match="the file leaves sizes open"):
        found = read_graph(tmp_path / "open.onnx")
    assert found.attributes["shape"].tolist() == [expected, expected]


@pytest.mark.parametrize(
    ("shapes", "error", "message"),
    [
        ({"z": (1,)}, UnknownNameError, "unknown input in `input_shapes` 'z'; known: 'x'"),
        ({"x": (1, 3)}, InputError, "must give 4 sizes for the input 'x', got .1, 3."),
        ({"x": "1x3x8x8"}, InputError, "must give 4 sizes"),
        ({"x": (1, 2, 8, 8)}, InputError, r"node 'c' \(Conv\): it needs 3 channels"),
    ],
)
def test_input_shapes_that_do_not_fit(tmp_path, shapes, error, message):
    with pytest.raises(error, match=message):
        read_graph(saved(tmp_path, CONV, **CONV_WEIGHTS), input_shapes=shapes)


def test_settings_and_inputs_of_other_formats(tmp_path):
    path = saved(tmp_path, CONV, **CONV_WEIGHTS)
    with pytest.raises(UnknownNameError, match="unknown setting of onnx 'input_shape'; did you mean 'input_"):
        read_graph(path, input_shape={"x": (1, 3, 8, 8)})
    with pytest.raises(InputError, match="leave them out, or give `input_shapes`"):
        read_graph(path, (1, 3, 8, 8))


def test_a_model_for_inputs_of_one_shape(tmp_path):
    text = """g (float[N, 3, H, W] x) => (float[N, 5] y) {
        f = Flatten (x)
        y = MatMul (f, w)
    }"""
    path = saved(tmp_path, text, w=weight(48, 5))
    assert read_graph(path, input_shapes={"x": (1, 3, 4, 4)}).n_macs == 240
    with pytest.raises(InputError, match=r"it was read with `input_shapes=\{'x': \(1, 3, 224, 224\)\}`"):
        read_graph(path)


def test_shapes_that_are_worked_out(tmp_path):
    text = """g (float[N, 4, 6] x) => (float[N, 24] y) {
        shape = Shape (x)
        batch = Gather <axis = 0> (shape, zero)
        first = Unsqueeze (batch, axes)
        target = Concat <axis = 0> (first, rest)
        r = Reshape (x, target)
        y = Relu (r)
    }"""
    path = saved(tmp_path, text, zero=np.array(0), axes=np.array([0]), rest=np.array([-1]))
    graph = read_graph(path)
    assert graph.attributes["shape"].tolist() == ["1x4x6", "1x24"]


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


def test_unknown_operators_keep_their_names(tmp_path):
    text = "g (float[1, 4] x) => (float[1, 4] y) { h = ai.onnx.ml.Scaler (x) y = own.FooBar2D (h) }"
    path = saved(tmp_path, text, domains=["ai.onnx.ml", "own"])
    with pytest.warns(UserWarning, match=r"scaler \(1\), foo_bar2_d \(1\)"):
        graph = read_graph(path)
    assert ops(graph) == ["scaler", "foo_bar2_d"]


@pytest.mark.parametrize("name", ["Attention", "LSTM", "MaxPool", "Conv", "Reshape", "Constant", "Input"])
def test_unknown_operators_with_names_of_known_ones(tmp_path, name):
    text = f"g (float[1, 4] x) => (float[1, 4] y) {{ h = Relu (x) y = own.{name} (h, w) }}"
    with pytest.warns(UserWarning, match=r"graf does not know .*: own_\w+ \(1\)"):
        graph = read_graph(saved(tmp_path, text, domains=["own"], w=weight(4, 4)))
    assert ops(graph)[0] == "relu"
    assert ops(graph)[1].startswith("own_")


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


def test_weights_among_inputs_and_sparse_ones(tmp_path):
    """Old files list initializers among the inputs."""
    graph = model(CONV, **CONV_WEIGHTS)
    graph.graph.input.append(helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 3, 3, 3]))
    del graph.graph.initializer[1]
    values = helper.make_tensor("b", TensorProto.FLOAT, [1], [1.0])
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [2])
    graph.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4]))
    onnx.save(graph, tmp_path / "old.onnx")
    found = read_graph(tmp_path / "old.onnx")
    assert (found.op_names, found.n_parameters) == ((None, "conv3x3", "relu"), 112)


@pytest.mark.parametrize(
    "constant",
    [
        "value = float[2] {1.0, 2.0}",
        "value_floats = [1.0, 2.0]",
        "value_float = 3.0",
        "value_ints = [1, 2]",
        "value_int = 3",
    ],
)
def test_constants_of_every_form(tmp_path, constant):
    text = f"g (float[1, 2] x) => (float[1, 2] y) {{ c = Constant <{constant}> () y = Mul (x, c) }}"
    assert ops(read_graph(saved(tmp_path, text))) == ["multiply"]


def external(tmp_path, n_bytes, location="model.data", length=None):
    """A model of one product whose weight of 2.3 GB lies in another file."""
    graph = model("g (float[1, 24000] x) => (float[1, 24000] y) { y = MatMul (x, w) }")
    tensor = TensorProto(name="w", data_type=1, dims=[24000, 24000], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, "offset": 0, "length": length or 4 * 24000**2}.items():
        tensor.external_data.add(key=key, value=str(value))
    graph.graph.initializer.append(tensor)
    onnx.save(graph, tmp_path / "model.onnx")
    if n_bytes:
        with (tmp_path / "model.data").open("wb") as file:
            file.truncate(n_bytes)  # without content, so that it takes no room
    return tmp_path / "model.onnx"


def test_external_data_of_more_than_two_gigabytes(tmp_path):
    graph = read_graph(external(tmp_path, 4 * 24000**2))
    assert graph.n_parameters == graph.n_macs == 24000**2


def test_biases_of_distances_that_lie_in_another_file(tmp_path):
    """Between positions of a 7 x 7 image, gathered from a table of 13 x 13 distances for 4 heads."""
    places = np.stack(np.divmod(np.arange(49), 7))
    rows, columns = places[:, :, None] - places[:, None, :] + 6
    table = np.random.default_rng(0).normal(size=(4, 13, 13)).astype(np.float32)
    found = model("g (float[1, 4, 49, 49] x) => (y) { y = Add (x, bias) }", bias=table[:, rows, columns])
    onnx.save(found, tmp_path / "model.onnx", save_as_external_data=True, location="data", size_threshold=0)
    assert read_graph(tmp_path / "model.onnx").n_parameters == 4 * 13**2


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_bytes": 0}, "external data 'model.data' is missing; put it beside the file"),
        ({"n_bytes": 1000}, "has 1,000 bytes, but tensor 'w' ends at 2,304,000,000; copy the whole file"),
        ({"n_bytes": 0, "location": "../secret"}, "lies outside of the folder"),
        ({"n_bytes": 0, "location": "/etc/passwd"}, "lies outside of the folder"),
        ({"n_bytes": 10, "length": "ten"}, "the length 'ten', which is no number of bytes"),
    ],
)
def test_faulty_external_data(tmp_path, settings, message):
    with pytest.raises(InputError, match=message):
        read_graph(external(tmp_path, **settings))


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


def test_a_layer_of_unknown_shape_counts_nothing(tmp_path):
    path = saved(tmp_path, "g (int64[1, 3, 8, 8] x) => (y) { y = Conv (x, w) }", w=weight(4, 3, 3, 3))
    with pytest.warns(UserWarning, match="they count nothing"):
        assert read_graph(path).n_macs == 0


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


def test_absurd_sizes(tmp_path):
    text = "g (float[1] x) => (float[1] y) { h = Expand (x, huge) y = Relu (h) }"
    with pytest.raises(GraphError, match="is not possible"):
        read_graph(saved(tmp_path, text, huge=np.array([2**30, 2**30])))


@pytest.mark.parametrize("call", ["Conv (x, w)", "MaxPool <kernel_shape = [3, 3]> (x)"])
def test_kernels_that_are_larger_than_their_input(tmp_path, call):
    text = f"g (float[1, 4, 2, 2] x) => (float[1, 4, a, b] y) {{ y = {call} }}"
    with pytest.raises(InputError, match=r"kernel is larger than its input of shape \(1, 4, 2, 2\)"):
        read_graph(saved(tmp_path, text, w=np.ones((4, 4, 3, 3), np.float32)))


def test_scaled_columns_keep_their_shape(tmp_path):
    text = """g (float[1, 6] x) => (float[1, k] z) {
        y = ai.onnx.ml.Scaler <offset = [0.5], scale = [2.0]> (x) z = MatMul (y, w)
    }"""
    path = saved(tmp_path, text, domains=("ai.onnx.ml",), w=np.ones((6, 8), np.float32))
    with pytest.warns(UserWarning, match="does not know are kept .*: scaler"):
        graph = read_graph(path)
    assert (graph.op_names, graph.n_macs) == ((None, "scaler", "linear"), 6 * 8)


def test_operators_of_no_set_that_tensorflow_writes(tmp_path):
    text = "g (float[1, 6] x) => (float[1, k] z) { y = Erfc (x) z = MatMul (y, w) }"
    graph = read_graph(saved(tmp_path, text, w=np.ones((6, 8), np.float32)))
    assert (graph.op_names, graph.n_macs) == ((None, "erf", "linear"), 6 * 8)


def test_a_mean_over_channels_that_is_written_as_a_pool(tmp_path):
    text = """g (float[1, 4, 8] x) => (float[1, 4, 8] y, float[1, 4, 1] z) {
        m = GlobalAveragePool (x) d = Sub (x, m) s = Mul (d, d) v = GlobalAveragePool (s) e = Add (v, k)
        r = Sqrt (e) y = Div (d, r) z = GlobalAveragePool (y)
    }"""
    graph = read_graph(saved(tmp_path, text, k=np.float32(1e-5)))
    assert graph.op_names == (None, "layer_norm", "global_avg_pool")


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


def test_weights_that_exporters_write_once(tmp_path):
    """Two untrained norms share one file entry; trained ones that do are the same."""
    text = """g (float[1, 6] x) => (float[1, 6] y) {
        a = LayerNormalization (x, s)
        y = LayerNormalization (a, s)
    }"""
    assert read_graph(saved(tmp_path, text, s=np.ones(6, np.float32))).n_parameters == 12
    assert read_graph(saved(tmp_path, text, s=weight(6))).n_parameters == 6


def test_masks_and_waves_are_no_weights(tmp_path):
    text = "g (float[1, 8, 6] x) => (float[1, 8, 6] y) { y = Add (x, t) }"
    positions = np.arange(8)[:, None] * np.array([1, 0.5, 0.1])
    wave = np.concatenate([np.sin(positions), np.cos(positions)], 1).astype(np.float32)
    mask = np.where(np.tri(8, 6) > 0, 0, -np.inf).astype(np.float32)
    for table, expected in ((wave, 0), (mask, 0), (weight(8, 6), 48)):
        assert read_graph(saved(tmp_path, text, t=table)).n_parameters == expected
    text = "g (float[8, 1, 6] x) => (float[8, 1, 6] y) { y = Add (x, t) }"
    graph = read_graph(saved(tmp_path, text, t=wave[:, None]))
    assert (ops(graph), graph.n_parameters) == (["position_embedding"], 0)
    text = "g (float[1, 64, 12] x) => (float[1, 64, 12] y) { y = Mul (x, t) }"
    places = np.concatenate(
        [np.repeat(wave, 8, 0), np.tile(wave, (8, 1))], 1
    )  # of rows and columns of an image
    assert read_graph(saved(tmp_path, text, t=places)).n_parameters == 0
    assert read_graph(saved(tmp_path, text, t=weight(64, 12))).n_parameters == 768
    text = "g (int64[1, 3] x) => (float[1, 3, 6] y) { y = Gather (t, x) }"
    for table, op in ((wave, "gather"), (weight(8, 6), "embedding")):
        assert ops(read_graph(saved(tmp_path, text, t=table))) == [op]


def test_zeros_that_an_exporter_computed_are_no_weights(tmp_path):
    text = "g (float[2, 5, 8] x) => (float[2, 5, 8] y) {{ r = Relu (x) y = Add (r, {}) }}"
    for name, op in (("zeros_like_1", "add"), ("position", "position_embedding")):
        graph = read_graph(saved(tmp_path, text.format(name), **{name: np.zeros((2, 5, 8), np.float32)}))
        assert ops(graph) == ["relu", op]
        assert graph.n_parameters == 80 * (name == "position")


KIND = "pkg.torch.export.graph_signature.InputSpec.kind"
SOURCES = "pkg.onnxscript.optimizer.folded_from"


@pytest.mark.parametrize(
    ("key", "value", "is_parameter"),
    [
        (KIND, "PARAMETER", True),
        (KIND, "BUFFER", False),
        (SOURCES, "['layer.scale', 'val_3']", True),
        (SOURCES, "['arange_1', 'convert_element_type_default', 'lifted_tensor_0', 'val_3']", False),
        ("other", "", True),
    ],
)
def test_what_an_exporter_says_of_a_tensor(tmp_path, key, value, is_parameter):
    """Buffers, and tables that are computed from numbers in a module's code, are no parameters."""
    for call in ("Add (x, t)", "Concat <axis = 1> (x, t)", "Mul (x, t)", "Conv (x, t)"):
        written = model(
            f"g (float[1, 4, 5, 5] x) => (float[1, a, b, c] y) {{ y = {call} }}", t=weight(1, 4, 5, 5)
        )
        declared = onnx.helper.make_tensor_value_info("t", onnx.TensorProto.FLOAT, (1, 4, 5, 5))
        declared.metadata_props.add(key=key, value=value)
        written.graph.value_info.append(declared)
        onnx.save(written, tmp_path / "model.onnx")
        graph = read_graph(tmp_path / "model.onnx")
        assert graph.n_parameters == 100 * is_parameter
        assert ("position_embedding" in ops(graph)) == (is_parameter and call.startswith("Add"))


def test_one_number_that_an_exporter_calls_a_parameter(tmp_path):
    written = model("g (float[1, 4] x) => (float[1, 4] y) { y = Mul (x, t) }", t=np.float32(3))
    declared = onnx.helper.make_tensor_value_info("t", onnx.TensorProto.FLOAT, ())
    declared.metadata_props.add(key=KIND, value="PARAMETER")
    written.graph.value_info.append(declared)
    onnx.save(written, tmp_path / "model.onnx")
    assert read_graph(tmp_path / "model.onnx").n_parameters == 1


@pytest.mark.parametrize(("producer", "n_parameters"), [("pytorch", 4 * 3), ("", 4 * 3 + 4)])
def test_tensors_in_nodes_of_pytorch_are_no_weights(tmp_path, producer, n_parameters):
    """Its older exporter writes parameters apart, and in nodes what stands in a module's code."""
    text = """
        g (float[2, 3] x) => (float[2, 4] y) {
            h = MatMul (x, w)
            c = Constant <value_floats = [1.0, 2.0, 4.0, 7.0]> ()
            r = Relu (h)
            y = Mul (r, c)
        }"""
    written = model(text, w=weight(3, 4))
    written.producer_name = producer
    onnx.save(written, tmp_path / "model.onnx")
    assert read_graph(tmp_path / "model.onnx").n_parameters == n_parameters


def test_shapes_that_depend_on_values(tmp_path):
    text = "g (float[4, 6] x) => (float[n] y) { i = NonZero (x) c = Cast <to = 1> (i) y = Relu (c) }"
    with pytest.warns(
        UserWarning, match=r"the shapes of 3 operations are unknown, the first is 'i' \(nonzero"
    ):
        graph = read_graph(saved(tmp_path, text))
    assert ops(graph) == ["nonzero", "relu"]
    assert graph.attributes["shape"][-1] == ""


def test_channels_last_as_tensorflow_writes_it(tmp_path):
    text = """g (float[1, 8, 8, 3] x) => (float[1, 5] y) {
        t = Transpose <perm = [0, 3, 1, 2]> (x)
        c = Conv <auto_pad = "SAME_UPPER", strides = [2, 2]> (t, w)
        r = Clip (c, zero, six)
        u = Transpose <perm = [0, 2, 3, 1]> (r)
        m = ReduceMean <axes = [1, 2], keepdims = 0> (u)
        p = MatMul (m, v)
        y = Add (p, b)
    }"""
    numbers = {"zero": np.float32(0), "six": np.float32(6)}
    graph = read_graph(saved(tmp_path, text, w=weight(4, 3, 3, 3), v=weight(4, 5), b=weight(5), **numbers))
    assert ops(graph) == ["conv3x3", "relu6", "global_avg_pool", "linear"]
    assert graph.attributes["channels"].tolist()[1:] == [4, 4, 4, 5]
    assert graph.n_parameters == 108 + 25


def test_a_layer_norm_as_flax_writes_it(tmp_path):
    """The variance from the mean of squares, and the scale multiplied into its inverse root."""
    text = """g (float[1, 4, 8] x) => (float[1, 4, 8] y) {
        mean = ReduceMean <axes = [2]> (x)
        square = Mul (x, x)
        squares = ReduceMean <axes = [2]> (square)
        squared = Mul (mean, mean)
        difference = Sub (squares, squared)
        variance = Max (zero, difference)
        bounded = Add (variance, epsilon)
        root = Sqrt (bounded)
        inverse = Reciprocal (root)
        scale = Mul (inverse, w)
        centred = Sub (x, mean)
        scaled = Mul (centred, scale)
        normed = Add (scaled, b)
        gate = Sigmoid (normed)
        y = Log (gate)
    }"""
    numbers = {"zero": np.float32(0), "epsilon": np.float32(1e-6)}
    graph = read_graph(saved(tmp_path, text, w=weight(8), b=weight(8), **numbers))
    assert ops(graph) == ["layer_norm", "log_sigmoid"]
    assert graph.n_parameters == 16


def test_einsum_of_three_operands(tmp_path):
    text = """
        g (float[6, 2, 8] x, float[6, 2, 8, 4] y, float[6, 2] z) => (float[6, 4] out) {
            out = Einsum <equation = "tkh,tkhd,tk->td"> (x, y, z)
        }"""
    graph = read_graph(saved(tmp_path, text))
    assert graph.op_names[3:] == ("matmul", "matmul")
    assert graph.n_macs == 6 * 2 * 4 * (8 + 1)


@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_the_bias_of_a_product_with_one_output(tmp_path, shape):
    text = "g (float[2, 4] x) => (float[2, 1] y) { h = MatMul (x, w) y = Add (h, b) }"
    graph = read_graph(saved(tmp_path, text, w=weight(4, 1), b=weight(*shape)))
    assert ops(graph) == ["linear"]
    assert graph.n_parameters == 5


def test_groups_of_what_was_flat_before(tmp_path):
    """The channels that a group norm puts into groups are those of the tensor right before."""
    text = """g (float[512] x, int64[5, 1] i, float[5] u) => (float[1, 2, 256] y)
        <int64[4] apart = {1, 8, 8, 8}, int64[3] grouped = {1, 2, 256}> {
            flat = ScatterND (x, i, u)
            image = Reshape (flat, apart)
            groups = Reshape (image, grouped)
            y = InstanceNormalization (groups, s, b)
        }"""
    graph = read_graph(saved(tmp_path, text, s=np.ones(2, np.float32), b=np.zeros(2, np.float32)))
    assert ops(graph) == ["scatter", "group_norm"]


def test_numbers_that_an_operator_set_lacks(tmp_path):
    """PyTorch's older exporter writes convolutions of bfloat16, which ONNX has from operator set 22 on."""
    text = """g (bfloat16[1, 3, 8, 8] x, bfloat16[4, 3, 3, 3] w) => (bfloat16[1, 4, 3, 3] y) {
        h = Conv (x, w)
        y = MaxPool <kernel_shape = [2, 2], strides = [2, 2]> (h)
    }"""
    graph = read_graph(saved(tmp_path, text))
    assert graph.n_macs == 4 * 6 * 6 * 27
    assert graph.attributes["shape"][-1] == "1x4x3x3"
    assert graph.attributes["n_output_bytes"][-2] == 2 * 4 * 6 * 6


@pytest.mark.parametrize(
    ("table", "n_parameters"),
    [
        (np.tile(weight(6), (1, 5, 1)), 4 * 6 + 6),  # the same for all positions
        (weight(1, 5, 6), 4 * 6 + 5 * 6),
        (np.zeros((1, 5, 6), np.float32), 4 * 6 + 5 * 6),  # positions before any training
    ],
)
def test_a_row_that_is_written_out_for_each_position(tmp_path, table, n_parameters):
    text = "g (float[1, 5, 4] x) => (float[1, 5, 6] y) { h = MatMul (x, w) y = Add (h, t) }"
    graph = read_graph(saved(tmp_path, text, w=weight(4, 6), t=table))
    assert ops(graph) == (["linear"] if n_parameters == 30 else ["linear", "position_embedding"])
    assert graph.n_parameters == n_parameters


def test_several_outputs(tmp_path):
    text = """g (float[1, 6, 4] x) => (float[1, 2, 4] a, float[1, 4, 4] b, float[1, 6, 1] v) {
        p, q = Split <axis = 1> (x, sizes)
        a = Relu (p)
        b = Tanh (q)
        v, i = TopK <axis = -1> (x, one)
    }"""
    graph = read_graph(saved(tmp_path, text, sizes=np.array([2, 4]), one=np.array([1])))
    assert Counter(graph.op_names) == {None: 1, "relu": 1, "tanh": 1, "topk": 1}
    assert len(graph.outputs) == 3
    assert set(graph.attributes["shape"]) == {"1x6x4", "1x2x4", "1x4x4", "1x6x1"}
