"""What operators of ONNX files become, those of old operator sets and unknown ones among them."""

from collections import Counter

import numpy as np
import pytest
from onnx_models import ops, saved, weight

from graf import read_graph


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


@pytest.mark.parametrize(
    ("swish", "expected"),
    [("Swish", "silu"), ("Swish <alpha = 1.0>", "silu"), ("Swish <alpha = 1.702>", "quick_gelu")],
)
def test_a_number_within_a_swish(tmp_path, swish, expected):
    graph = read_graph(saved(tmp_path, f"g (float[1, 4] x) => (float[1, 4] y) {{ y = {swish} (x) }}", 24))
    assert ops(graph) == [expected]


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


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("u = Transpose <perm = [0, 2, 3, 1]> (c) a = Add (u, b) y = Relu (a)", ["conv3x3", "relu"]),
        ("u = Transpose <perm = [0, 2, 3, 1]> (c) a = Add (b, u) y = Relu (u)", ["conv3x3", "relu"]),
        (
            "u = Transpose <perm = [0, 2, 3, 1]> (c) a = Add (u, rows) y = Relu (a)",
            ["conv3x3", "add", "relu"],
        ),
    ],
)
def test_biases_of_channels_that_stand_last(tmp_path, body, expected):
    """One that nothing reads is none; neither is one for each row."""
    text = f"""g (float[1, 8, 6, 3] x) => (float[1, 6, 4, 5] y) {{
        t = Transpose <perm = [0, 3, 1, 2]> (x) c = Conv (t, w) {body}
    }}"""
    graph = read_graph(saved(tmp_path, text, w=weight(5, 3, 3, 3), b=weight(5), rows=weight(6, 1, 1)))
    assert ops(graph) == expected
    assert (
        graph.n_parameters
        == 135 + {True: 5, False: 0}["(u, b)" in body] + {True: 6, False: 0}["rows" in body]
    )
    assert graph.attributes["channels"].tolist()[1:] == [5] * len(expected)


def test_biases_that_are_copied_to_the_shape_of_a_layer(tmp_path):
    text = """g (float[2, 4] x) => (float[2, 5] y) {
        m = MatMul (x, w) r = Reshape (b, one) e = Expand (r, shape) y = Add (m, e)
    }"""
    tensors = {"one": np.array([1, 5]), "shape": np.array([2, 5])}
    graph = read_graph(saved(tmp_path, text, w=weight(4, 5), b=weight(5), **tensors))
    assert (graph.op_names, graph.n_parameters) == ((None, "linear"), 25)


def test_numbers_that_change_nothing(tmp_path):
    """As the factor of one in Keras's SiLU; of three summands only the number would be left out."""
    text = """g (float[1, 4] x, float[1, 4] y) => (float[1, 4] z) {
        m = Mul (one, x)
        s = Sigmoid (m)
        p = Mul (x, s)
        z = Sum (p, y, zero)
    }"""
    graph = read_graph(saved(tmp_path, text, one=np.float32(1), zero=np.float32(0)))
    assert ops(graph) == ["silu", "add"]
    assert list(graph.predecessors(3)) == [1, 2]


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


@pytest.mark.parametrize(("equation", "shape"), [("BTN,BSN->BTS", "2x7x5"), ("bta,bsa", "5x7")])
def test_einsum_in_operator_sets_that_lack_it(tmp_path, equation, shape):
    """As tf2onnx writes it, with an attribute of its own; without an arrow letters are in order."""
    batch = "2" if "->" in equation else "1"
    text = f"""g (float[{batch}, 7, 3] x, float[{batch}, 5, 3] y) => (float[b, t, s] z) {{
        z = Einsum <N = 2, equation = "{equation}"> (x, y)
    }}"""
    graph = read_graph(saved(tmp_path, text, opset=11))
    assert graph.op_names[2:] == ("matmul",)
    assert graph.attributes["shape"][-1] == shape


def test_einsum_of_three_operands(tmp_path):
    text = """
        g (float[6, 2, 8] x, float[6, 2, 8, 4] y, float[6, 2] z) => (float[6, 4] out) {
            out = Einsum <equation = "tkh,tkhd,tk->td"> (x, y, z)
        }"""
    graph = read_graph(saved(tmp_path, text))
    assert graph.op_names[3:] == ("matmul", "matmul")
    assert graph.n_macs == 6 * 2 * 4 * (8 + 1)


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
