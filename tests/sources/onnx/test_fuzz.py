"""Damaged ONNX files: a graph or an error of graf's in one line, never a crash."""

import random
import warnings

import numpy as np
import pytest
from onnx_models import model, weight

from graf import ComputationGraph, read_graph
from graf.exceptions import InputError

MODELS = {
    "convolution": (
        """g (float[1, 3, 8, 8] x) => (float[1, 10] y) {
            c = Conv <pads = [1, 1, 1, 1], strides = [2, 2]> (x, w, b)
            n = BatchNormalization (c, s, s, s, s)
            p = GlobalAveragePool (n)
            f = Reshape (p, shape)
            y = Gemm <transB = 1> (f, v)
        }""",
        {
            "w": weight(4, 3, 3, 3),
            "b": weight(4),
            "s": weight(4),
            "shape": np.array([1, -1]),
            "v": weight(10, 4),
        },
    ),
    "branches": (
        """g (float[1, N, 4] x, bool c) => (float[1, 4] y) {
            h, i = TopK <axis = 1> (x, k)
            y = If (c) <
                then_branch = a () => (float[1, 4] p) { q = MatMul (h, w) p = Softmax (q) },
                else_branch = b () => (float[1, 4] s) { r = Sigmoid (h) s = ReduceMean <axes = [1]> (r) }
            >
        }""",
        {"w": weight(4, 4), "k": np.array([2])},
    ),
    "recurrent": (
        """g (int64[6, 1] x) => (float[6, 1, 1, 5] y) {
            e = Gather (table, x)
            y, h, c = LSTM <hidden_size = 5> (e, w, r)
            z = com.microsoft.SkipLayerNormalization (e, e, s)
        }""",
        {"table": weight(20, 3), "w": weight(1, 20, 3), "r": weight(1, 20, 5), "s": weight(3)},
    ),
}
N_MUTATIONS = 250


def damaged(content, draw):
    """The bytes with some of them changed, copied elsewhere or cut off."""
    kind = draw.random()
    if kind < 0.15:
        return content[: draw.randrange(len(content))]
    found = bytearray(content)
    if kind < 0.3:
        start, n = draw.randrange(len(found)), draw.randrange(1, 100)
        found[start : start + n] = found[draw.randrange(len(found)) :][:n]
    else:
        for _ in range(draw.choice([1, 1, 1, 2, 4, 16])):
            found[draw.randrange(len(found))] = draw.randrange(256)
    return bytes(found)


@pytest.mark.parametrize("name", MODELS)
def test_damaged_files(tmp_path, name):
    text, tensors = MODELS[name]
    content = model(text, domains=["com.microsoft"], **tensors).SerializeToString()
    path, draw, n_read = tmp_path / "model.onnx", random.Random(5), 0
    for _ in range(N_MUTATIONS):
        path.write_bytes(damaged(content, draw))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                assert isinstance(read_graph(path), ComputationGraph)
                n_read += 1
            except InputError as error:
                assert str(path) in str(error)
                assert "\n" not in str(error)
    assert 0 < n_read < N_MUTATIONS
