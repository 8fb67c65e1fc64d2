"""What other exporters than PyTorch's write: empty constants, sizes that do not fit, shapes that onnx does not infer."""

import numpy as np
import pytest
from onnx_models import saved, weight

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
