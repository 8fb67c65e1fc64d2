"""Which tensors of ONNX files are weights, and how many of them."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from onnx_models import CONV, CONV_WEIGHTS, model, ops, saved, weight

from graf import read_graph


def test_a_transposed_copy_of_a_large_embedding_is_tied_to_it(tmp_path):
    """As PyTorch's older exporter writes the last layer of language models."""
    text = """g (int64[1, 5] tokens) => (float[1, 5, 70000] y) {
        e = Gather (table, tokens)
        y = MatMul (e, head)
    }"""
    table = weight(70_000, 64)  # more elements than are looked at elsewhere
    assert read_graph(saved(tmp_path, text, table=table, head=table.T.copy())).n_parameters == table.size
    assert read_graph(saved(tmp_path, text, table=table, head=table.T + 1)).n_parameters == 2 * table.size


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


def test_sparse_weights_among_inputs(tmp_path):
    graph = model("g (float[1, 4] x, float[4, 8] w) => (float[1, 8] y) { y = MatMul (x, w) }")
    values = helper.make_tensor("w", TensorProto.FLOAT, [2], [1.0, 2.0])
    indices = helper.make_tensor("i", TensorProto.INT64, [2], [2, 30])
    graph.graph.sparse_initializer.append(helper.make_sparse_tensor(values, indices, [4, 8]))
    onnx.save(graph, tmp_path / "old.onnx")
    found = read_graph(tmp_path / "old.onnx")
    assert (found.op_names, found.n_parameters) == ((None, "linear"), 32)


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
    text = "g (float[1, 8, 3] x) => (float[1, 8, 3] y) { w = Cos (t)  y = Add (x, w) }"
    assert read_graph(saved(tmp_path, text, t=positions.astype(np.float32))).n_parameters == 0
    text = "g (int64[1, 3] x) => (float[1, 3, 6] y) { y = Gather (t, x) }"
    for table, op in ((wave, "gather"), (weight(8, 6), "embedding")):
        assert ops(read_graph(saved(tmp_path, text, t=table))) == [op]


def test_a_bias_of_zeros_for_each_channel_is_no_mask(tmp_path):
    """As that of an untrained group norm, which exporters add with an axis for each of the positions."""
    text = """g (float[1, 8, 4, 4] x) => (float[1, 8, 4, 4] y) {
        r = Reshape (x, apart) n = InstanceNormalization (r, ones, zeros) b = Reshape (n, together)
        s = Mul (b, scale) y = Add (s, shift)
    }"""
    tensors = {"ones": np.ones(4, np.float32), "zeros": np.zeros(4, np.float32)}
    tensors |= {"scale": np.ones((8, 1, 1), np.float32), "shift": np.zeros((8, 1, 1), np.float32)}
    shapes = {"apart": np.array([1, 4, -1]), "together": np.array([1, 8, 4, 4])}
    graph = read_graph(saved(tmp_path, text, **tensors, **shapes))
    assert ops(graph) == ["group_norm"]
    assert graph.n_parameters == 8 + 8


def test_slopes_times_distances_are_no_weights(tmp_path):
    """As those of ALiBi, which ONNX Runtime works out before."""
    text = "g (float[1, 4, 9, 9] x) => (float[1, 4, 9, 9] y) { a = Add (x, t) y = Softmax (a) }"
    slopes = np.float32([0.25, 0.0625, 0.015625, 0.00390625])[:, None, None]
    assert read_graph(saved(tmp_path, text, t=slopes * np.arange(9, dtype=np.float32))).n_parameters == 0
    assert read_graph(saved(tmp_path, text, t=slopes * np.ones(9, np.float32))).n_parameters == 36


def test_zeros_in_place_of_the_bias_that_a_norm_lacks_are_no_weights(tmp_path):
    text = "g (float[1, 5, 8] x) => (float[1, 5, 8] y) {{ y = LayerNormalization (x, w, {}) }}"
    for name, own in (('"/norm/Constant_output_0"', 8), ("val_3", 8), ('"norm.bias"', 16)):
        tensors = {"w": weight(8), name.strip('"'): np.zeros(8, np.float32)}
        assert read_graph(saved(tmp_path, text.format(name), **tensors)).n_parameters == own


def test_a_window_of_a_fourier_transform_is_no_weight(tmp_path):
    text = "g (float[1, 64, 1] x) => (float[1, 7, 9, 2] y) { s = STFT <onesided = 1> (x, step, window) y = Relu (s) }"
    window = np.hanning(16).astype(np.float32)
    graph = read_graph(saved(tmp_path, text, step=np.array(8), window=window))
    assert graph.op_names == (None, "fft", "relu")
    assert graph.n_parameters == 0
    assert graph.attributes["shape"][1] == "1x7x9x2"


def test_numbers_for_off_and_on_are_no_weights(tmp_path):
    text = "g (int64[1, 6] x) => (float[1, 6, 8] y) { o = OneHot (x, depth, values) y = MatMul (o, w) }"
    tensors = {"depth": np.array(20), "values": np.float32([0, 1]), "w": weight(20, 8)}
    assert read_graph(saved(tmp_path, text, **tensors)).n_parameters == 20 * 8


def test_zeros_that_an_exporter_computed_are_no_weights(tmp_path):
    text = "g (float[2, 5, 8] x) => (float[2, 5, 8] y) {{ r = Relu (x) y = Add (r, {}) }}"
    for name, op in (("zeros_like_1", "add"), ("position", "position_embedding")):
        graph = read_graph(saved(tmp_path, text.format(name), **{name: np.zeros((2, 5, 8), np.float32)}))
        assert ops(graph) == ["relu", op]
        assert graph.n_parameters == 80 * (name == "position")


def test_a_row_that_an_exporter_repeated_is_that_row_and_no_wave(tmp_path):
    text = "g (float[2, 8, 4] x) => (float[2, 8, 4] y) { r = Relu (x) y = Add (r, t) }"
    row = np.float32([0.5, -1, 0.2, 0.7])
    graph = read_graph(saved(tmp_path, text, t=np.tile(row, (1, 8, 1))))
    assert (ops(graph), graph.n_parameters) == (["relu", "add"], 4)


KIND = "pkg.torch.export.graph_signature.InputSpec.kind"


SOURCES = "pkg.onnxscript.optimizer.folded_from"


@pytest.mark.parametrize(
    ("key", "value", "is_parameter"),
    [
        (KIND, "PARAMETER", True),
        (KIND, "BUFFER", False),
        (SOURCES, "['layer.scale', 'val_3']", True),
        (SOURCES, "['arange_1', 'convert_element_type_default', 'lifted_tensor_0', 'val_3']", False),
        (SOURCES, "['int64_1_1d', 'val_10', 'view']", False),  # ones in embedding bags
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


def test_damaged_text_beside_a_tensor_says_nothing(tmp_path):
    written = model("g (float[1, 4] x) => (float[1, 4] y) { y = Mul (x, t) }", t=weight(1, 4))
    declared = onnx.helper.make_tensor_value_info("t", onnx.TensorProto.FLOAT, (1, 4))
    declared.metadata_props.add(key=SOURCES, value="damaged")
    written.graph.value_info.append(declared)
    path = tmp_path / "model.onnx"
    path.write_bytes(written.SerializeToString().replace(b"damaged", b"dam\xffged"))
    assert read_graph(path).n_parameters == 4


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


@pytest.mark.parametrize(
    ("name", "in_node", "n_parameters"),
    [
        ("_v_188", True, 4 * 3 + 4),
        ("/gate/Reshape_output_0", True, 16),
        ("/Constant_1_output_0", True, 12),
        ("/gate/Constant_output_0", False, 12),
        ("gate", False, 16),
    ],
)
def test_files_of_pytorch_that_were_simplified(tmp_path, name, in_node, n_parameters):
    """Tools put weights that they change into nodes, and constants of nodes beside the weights."""
    text = f'g (float[2, 3] x) => (float[2, 4] y) {{ h = MatMul (x, w) r = Relu (h) y = Mul (r, "{name}") }}'
    tensors = {"w": weight(3, 4), name: weight(4)}
    written = model(text, **tensors)
    written.producer_name = "pytorch"
    if in_node:
        value = written.graph.initializer.pop()
        written.graph.node.insert(0, helper.make_node("Constant", [], [name], value=value))
    onnx.save(written, tmp_path / "model.onnx")
    assert read_graph(tmp_path / "model.onnx").n_parameters == n_parameters


def test_zeros_that_several_first_states_are_made_of(tmp_path):
    text = """g (float[5, 1, 3] x) => (float[5, 1, 1, 4] y) {
        h = Transpose <perm = [0, 1, 2]> (start) c = Transpose <perm = [1, 0, 2]> (start)
        y, last, cell = LSTM <hidden_size = 4> (x, w, r, b, "", h, c)
    }"""
    tensors = {"w": weight(1, 16, 3), "r": weight(1, 16, 4), "b": weight(1, 32)}
    tensors["start"] = np.zeros((1, 1, 4), np.float32)
    assert read_graph(saved(tmp_path, text, **tensors)).n_parameters == 16 * (3 + 4 + 2)


def test_a_mask_that_is_compared_with_a_number_is_no_weight(tmp_path):
    """As causal masks of GPT-2, where the exporter folds nothing."""
    text = """g (float[1, 2, 5, 5] x) => (float[1, 2, 5, 5] y) {
        m = Slice (mask, start, end, axes) is = Equal (m, zero) w = Where (is, low, x) y = Softmax (w)
    }"""
    tensors = {
        "zero": np.float32(0),
        "low": np.float32(-1e9),
        "mask": np.tri(8, dtype=np.float32)[None, None],
    }
    tensors |= {"start": np.array([0, 0]), "end": np.array([5, 5]), "axes": np.array([2, 3])}
    assert read_graph(saved(tmp_path, text, **tensors)).n_parameters == 0


@pytest.mark.parametrize("shape", [(4, 1), (1, 4)])
def test_the_bias_of_a_product_with_one_output_that_is_used_again(tmp_path, shape):
    text = """g (float[2, 4] x) => (float[2, 1] y, float[2, 1] z) {{
        v = {} h = MatMul (x, v) y = Add (h, b)
        r = Relu (x) t = {} i = MatMul (r, t) z = Add (i, b)
    }}"""
    turned = "Identity (w)" if shape == (4, 1) else "Transpose (w)"
    graph = read_graph(saved(tmp_path, text.format(turned, turned), w=weight(*shape), b=weight(1)))
    assert ops(graph) == ["linear", "relu", "linear"]
    assert graph.n_parameters == 5


@pytest.mark.parametrize("shape", [(1,), (1, 1)])
def test_the_bias_of_a_product_with_one_output(tmp_path, shape):
    text = "g (float[2, 4] x) => (float[2, 1] y) { h = MatMul (x, w) y = Add (h, b) }"
    graph = read_graph(saved(tmp_path, text, w=weight(4, 1), b=weight(*shape)))
    assert ops(graph) == ["linear"]
    assert graph.n_parameters == 5


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
