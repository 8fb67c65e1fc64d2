"""What other exporters than PyTorch's write: empty constants, sizes that do not fit, shapes that onnx does not infer."""

import numpy as np
import pytest
from onnx_models import ops, saved, weight

from graf import read_graph
from graf.exceptions import InputError


def test_an_empty_constant_is_a_shape(tmp_path):
    """PaddlePaddle makes a scalar of one number by reshaping it to no axes."""
    text = """g (float[N, 4, 6] x) => (float[M, 5] y) {
        s = Shape (x)
        first = Slice (s, zero, one)
        n = Reshape (first, none)
        rows = Unsqueeze (n, zero)
        sizes = Concat <axis = 0> (rows, rest)
        r = Reshape (x, sizes)
        y = MatMul (r, w)
    }"""
    tensors = {"zero": np.array([0]), "one": np.array([1]), "rest": np.array([24])}
    path = saved(tmp_path, text, none=np.zeros(0, np.int64), w=weight(24, 5), **tensors)
    assert read_graph(path, input_shapes={"x": (3, 4, 6)}).n_macs == 3 * 24 * 5


def test_an_assumed_size_that_is_too_small(tmp_path):
    """A spectrogram of 128 samples has no frame: the error says what was assumed."""
    text = "g (float[N, 1, samples] x) => (float[N, 4, frames] y) { y = Conv <strides = [160]> (x, w) }"
    path = saved(tmp_path, text, w=weight(4, 1, 512))
    with pytest.raises(
        InputError, match=r"is not possible; it was read with `input_shapes=\{'x': \(1, 1, 128\)"
    ):
        read_graph(path)
    assert read_graph(path, input_shapes={"x": (1, 1, 16000)}).n_macs == 97 * 4 * 512


@pytest.mark.parametrize(("opset", "shape"), [(12, "2x3x4"), (15, "2x3x4"), (16, "2x3x4")])
def test_a_comparison_whose_shape_onnx_infers_late(tmp_path, opset, shape):
    text = """g (float[2, 1, 4] x, float[3, 4] z) => (float[2, 3, 4] y) {
        p = Relu (x)
        c = GreaterOrEqual (p, z)
        f = Cast <to = 1> (c)
        y = Mul (f, z)
    }"""
    graph = read_graph(saved(tmp_path, text, opset))
    assert ops(graph) == ["relu", "compare", "multiply"]
    assert graph.attributes["shape"][-2:].tolist() == [shape, shape]


def test_a_shape_behind_a_norm_without_rule(tmp_path):
    text = """g (float[1, 3, 8, 8] x) => (float[1, 4, 6, 6] y) {
        n = MeanVarianceNormalization (x)
        y = Conv (n, w)
    }"""
    assert read_graph(saved(tmp_path, text, w=weight(4, 3, 3, 3))).n_macs == 36 * 4 * 27


def test_operators_of_the_first_versions(tmp_path):
    """Before opset 7 the second operand is fitted to an axis of the first."""
    text = """g (float[1, 3, 8, 8] x) => (float[1, 4, 6, 6] y) {
        r = Relu (x)
        m = Mul <broadcast = 1, axis = 1> (r, s)
        y = Conv (m, w)
    }"""
    graph = read_graph(saved(tmp_path, text, 1, s=weight(3), w=weight(4, 3, 3, 3)))
    assert ops(graph) == ["relu", "multiply", "conv3x3"]
    assert (graph.n_parameters, graph.n_macs) == (3 + 108, 36 * 4 * 27)


def test_a_deformable_convolution(tmp_path):
    """It is a convolution that reads the offsets of its positions as well."""
    text = """g (float[1, 3, 8, 8] x) => (float[1, 4, 6, 6] y) {
        offsets = Conv (x, o)
        y = DeformConv <kernel_shape = [3, 3]> (x, w, offsets, b)
    }"""
    graph = read_graph(saved(tmp_path, text, 19, o=weight(18, 3, 3, 3), w=weight(4, 3, 3, 3), b=weight(4)))
    assert ops(graph) == ["conv3x3", "conv3x3"]
    assert graph.edges.tolist() == [[0, 1], [0, 2], [1, 2]]
    assert graph.attributes["n_parameters"].tolist() == [0, 18 * 27, 4 * 27 + 4]
    assert graph.attributes["n_macs"].tolist() == [0, 36 * 18 * 27, 36 * 4 * 27]


@pytest.mark.parametrize(("p", "expected"), [(2, ["l2_norm"]), (1, ["norm", "divide"])])
def test_a_norm_of_order_one_is_no_euclidean_length(tmp_path, p, expected):
    text = f"g (float[2, 8] x) => (float[2, 8] y) {{ y = LpNormalization <p = {p}, axis = 1> (x) }}"
    graph = read_graph(saved(tmp_path, text))
    assert ops(graph) == expected
    assert graph.attributes["n_activations"].tolist()[-1] == 16


@pytest.mark.parametrize("operands", ["h, , , sizes", "h, , scales"])
def test_operands_that_later_versions_do_without(tmp_path, operands):
    """Most exporters leave `roi` of Resize out where it says nothing, though version 11 asks for it."""
    text = f"""g (float[1, 3, 4, 4] x) => (float[1, 3, 8, 8] y) {{
        h = Relu (x)
        y = Resize ({operands})
    }}"""
    tensors = {"sizes": np.array([1, 3, 8, 8]), "scales": np.array([1, 1, 2, 2], np.float32)}
    assert ops(read_graph(saved(tmp_path, text, 11, **tensors))) == ["relu", "resize"]


def test_weights_that_are_filled_in(tmp_path):
    """onnx's own test networks have one number in the place of their weights."""
    text = """g (float[1, 8, 4, 4] x) => (float[1, 8, 4, 4] y) {
        f = ConstantOfShape <value = float[1] {1.0}> (size)
        y = BatchNormalization (x, f, f, m, v)
    }"""
    one = np.ones(8, np.float32)
    assert read_graph(saved(tmp_path, text, 11, size=np.array([8]), m=one, v=one)).n_parameters == 8
