"""ONNX files written for tests."""

import numpy as np
import onnx
from onnx import helper, numpy_helper, parser


def ops(graph):
    """The operations of a graph, junctions left out."""
    return [op for op in graph.op_names if op]


def weight(*shape, dtype=np.float32):
    """A tensor whose elements differ."""
    return (np.arange(np.prod(shape)) % 97 + 1).reshape(shape).astype(dtype)


def model(text, opset=17, domains=(), functions=(), **tensors):
    """A model from the text of its graph, with tensors as initializers."""
    graph = parser.parse_graph(text)
    for name, value in tensors.items():
        graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(graph, opset_imports=opsets, functions=functions, ir_version=8)


def saved(folder, *args, name="model.onnx", **kwargs):
    """The path of such a model."""
    onnx.save(model(*args, **kwargs), folder / name)
    return folder / name


CONV = """g (float[1, 3, 8, 8] x) => (float[1, 4, 8, 8] y) {
    c = Conv <pads = [1, 1, 1, 1]> (x, w, b)
    y = Relu(c)
}"""
CONV_WEIGHTS = {"w": weight(4, 3, 3, 3), "b": weight(4)}
