"""Tensors of ONNX files that lie in files beside them."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_models import model

from graf import read_graph
from graf.exceptions import InputError


def put(proto, tensor, place):
    """Give a model the tensor "w" in some place."""
    graph, node = proto.graph, helper.make_node("Constant", [], ["w"], value=tensor)
    if place == "graph":
        graph.initializer.append(tensor)
    elif place == "node":
        graph.node.insert(0, node)
    elif place == "sparse":
        graph.sparse_initializer.append(onnx.SparseTensorProto(values=tensor, dims=tensor.dims))
    elif place == "function":
        opsets = [helper.make_opsetid("", 17)]
        proto.functions.append(helper.make_function("own", "weight", [], ["w"], [node], opsets))
        graph.node.insert(0, helper.make_node("weight", [], ["w"], domain="own"))
    else:
        branch = helper.make_graph(list(graph.node), "b", [], list(graph.output), initializer=[tensor])
        graph.input.append(helper.make_tensor_value_info("c", TensorProto.BOOL, []))
        graph.node[0].CopyFrom(helper.make_node("If", ["c"], ["y"], then_branch=branch, else_branch=branch))


def external(tmp_path, n_bytes, location="model.data", length=None, place="graph"):
    """A model of one product whose weight of 2.3 GB lies in another file, and stands for it in some place."""
    graph = model("g (float[1, 24000] x) => (float[1, 24000] y) { y = MatMul (x, w) }")
    tensor = TensorProto(name="w", data_type=1, dims=[24000, 24000], data_location=TensorProto.EXTERNAL)
    for key, value in {"location": location, "offset": 0, "length": length or 4 * 24000**2}.items():
        tensor.external_data.add(key=key, value=str(value))
    put(graph, tensor, place)
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


@pytest.mark.parametrize("place", ["node", "sparse", "function", "branch"])
def test_external_data_of_tensors_elsewhere_is_checked_too(tmp_path, place):
    with pytest.raises(InputError, match="is missing; put it beside the file"):
        read_graph(external(tmp_path, 0, place=place))
