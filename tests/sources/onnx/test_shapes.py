"""Shapes in ONNX files: those that are given, assumed, worked out, unknown or impossible."""

import re

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_models import CONV, CONV_WEIGHTS, model, ops, saved, weight

from graf import read_graph
from graf.exceptions import GraphError, InputError, UnknownNameError


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


@pytest.mark.parametrize(
    "sizes",
    [
        "s = Shape (x) n, t, c = Split (s) p = Mul (t, c) z = Concat <axis = 0> (n, p)",
        "s = Shape (x) n, r = Split (s, parts) p = ReduceProd (r) z = Concat <axis = 0> (n, p)",
        """s = Shape (x) i = Cast <to = 6> (s) n, r = Split (i, parts) p = ReduceProd (r)
           j = Concat <axis = 0> (n, p) z = Cast <to = 7> (j)""",
    ],
)
def test_sizes_that_are_split_and_multiplied(tmp_path, sizes):
    """As TensorFlow computes with them, in short integers."""
    text = f"g (float[2, 6, 8] x) => (float[n, c] y) {{ {sizes} v = Reshape (x, z) y = Relu (v) }}"
    graph = read_graph(saved(tmp_path, text, parts=np.array([1, 2])))
    assert graph.attributes["shape"][-1] == "2x48"


def test_zeros_of_a_shape_are_of_single_precision(tmp_path):
    text = """g (float[2, 6] x) => (float[n, c] y) {
        s = Shape (x)
        z = ConstantOfShape (s)
        c = Concat <axis = 0> (x, z)
        y = Relu (c)
    }"""
    graph = read_graph(saved(tmp_path, text))
    assert graph.attributes["shape"][1:].tolist() == ["4x6", "4x6"]


def test_a_layer_of_unknown_shape_counts_nothing(tmp_path):
    path = saved(tmp_path, "g (int64[1, 3, 8, 8] x) => (y) { y = Conv (x, w) }", w=weight(4, 3, 3, 3))
    with pytest.warns(UserWarning, match="they count nothing"):
        assert read_graph(path).n_macs == 0


@pytest.mark.filterwarnings("ignore:operations that graf does not know", "ignore:the shapes of")
@pytest.mark.parametrize(
    ("product", "shape"),
    [
        ("y = MatMul (h, w)", (4, 8)),
        ("y = MatMul (h, w)", (2, 4, 8)),
        ("y = Gemm (h, w)", (4, 8)),
        ("y = Gemm <transB = 1> (h, w)", (8, 4)),
    ],
)
def test_a_product_whose_shape_the_file_declares_behind_one_that_it_does_not(tmp_path, product, shape):
    text = f"g (float[2, 6] x) => (float[{'2, 3' if len(shape) > 2 else '3'}, 8] y) {{ h = own.Mixed (x) {product} }}"
    graph = read_graph(saved(tmp_path, text, domains=["own"], w=weight(*shape)))
    assert (graph.n_parameters, graph.n_macs) == (np.prod(shape), 3 * np.prod(shape))


@pytest.mark.filterwarnings("ignore:operations that graf does not know", "ignore:the shapes of")
@pytest.mark.parametrize("call", ["k = own.B (x) y = MatMul (h, k)", "y = LSTM <hidden_size = 8> (h, w, r)"])
def test_what_reads_tensors_of_unknown_shapes_counts_nothing(tmp_path, call):
    text = f"g (float[2, 6] x) => (float[3, 1, 1, 8] y) {{ h = own.A (x) {call} }}"
    graph = read_graph(saved(tmp_path, text, domains=["own"], w=weight(1, 32, 4), r=weight(1, 32, 8)))
    assert graph.n_macs == 0


def test_shapes_of_later_outputs_where_the_first_is_left_out(tmp_path):
    text = "g (float[2, 10] x) => (y) { , i = TopK (x, k) y = Gather (table, i) }"
    graph = read_graph(saved(tmp_path, text, k=np.array([3]), table=weight(10, 4)))
    assert graph.attributes["shape"].tolist() == ["2x10", "2x3", "2x3x4"]


def test_absurd_sizes(tmp_path):
    text = "g (float[1] x) => (float[1] y) { h = Expand (x, huge) y = Relu (h) }"
    with pytest.raises(GraphError, match="is not possible"):
        read_graph(saved(tmp_path, text, huge=np.array([2**30, 2**30])))


@pytest.mark.parametrize("call", ["Conv (x, w)", "MaxPool <kernel_shape = [3, 3]> (x)"])
def test_kernels_that_are_larger_than_their_input(tmp_path, call):
    text = f"g (float[1, 4, 2, 2] x) => (float[1, 4, a, b] y) {{ y = {call} }}"
    with pytest.raises(InputError, match=r"kernel is larger than its input of shape \(1, 4, 2, 2\)"):
        read_graph(saved(tmp_path, text, w=np.ones((4, 4, 3, 3), np.float32)))


def test_shapes_that_depend_on_values(tmp_path):
    text = "g (float[4, 6] x) => (float[n] y) { i = NonZero (x) c = Cast <to = 1> (i) y = Relu (c) }"
    with pytest.warns(
        UserWarning, match=r"the shapes of 3 operations are unknown, the first is 'i' \(nonzero"
    ):
        graph = read_graph(saved(tmp_path, text))
    assert ops(graph) == ["nonzero", "relu"]
    assert graph.attributes["shape"][-1] == ""


def test_copies_between_devices_keep_shapes(tmp_path):
    text = """g (float[2, 8] x) => (float[2, 4] y) {
        a = MemcpyFromHost (x)
        r = Relu (a)
        h = MemcpyToHost (r)
        y = MatMul (h, w)
    }"""
    graph = read_graph(saved(tmp_path, text, w=weight(8, 4)))
    assert ops(graph) == ["relu", "linear"]
    assert graph.n_macs == 2 * 8 * 4


def test_sizes_that_are_clipped(tmp_path):
    """As paddings of TensorFlow, `same`, are computed in files of timm."""
    text = """g (float[1, 3, 8, 8] x) => (float[1, 3, N, N] y) {
        low = Constant <value = int64 {0}> ()
        sides = Constant <value = int64[8] {0, 0, -1, -1, 0, 0, 1, 1}> ()
        pads = Clip (sides, low)
        padded = Pad (x, pads)
        y = Relu (padded)
    }"""
    assert read_graph(saved(tmp_path, text)).attributes["shape"].tolist() == ["1x3x8x8", "1x3x9x9"]


def test_parts_that_are_put_into_a_sequence(tmp_path):
    """Behind the others, or at a place, as TorchScript writes what is appended to a list."""
    text = """g (float[3, 4] x) => (float[n, h, w] y) {
        s = SequenceEmpty ()
        a = Relu (x)
        t = SequenceInsert (s, a)
        b = Tanh (x)
        u = SequenceInsert (t, b, first)
        c = SequenceAt (u, first)
        d = Sigmoid (c)
        v = SequenceInsert (u, d)
        y = ConcatFromSequence <axis = 0, new_axis = 1> (v)
    }"""
    graph = read_graph(saved(tmp_path, text, first=np.array(0)))
    assert ops(graph) == ["relu", "tanh", "sigmoid", "concat"]
    assert graph.attributes["shape"][-1] == "3x3x4"
    assert graph.edges.tolist() == [[0, 1], [0, 2], [2, 3], [1, 4], [2, 4], [3, 4]]
