"""Operators of ONNX Runtime and quantised ones are the steps that they stand for."""

import numpy as np
import pytest
from onnx_models import saved, weight

from graf import GraphFeatures, read_graph
from graf.exceptions import InputError

MS = "com.microsoft"


def read(folder, text, domains=(MS,), **tensors):
    return read_graph(saved(folder, text, domains=domains, **tensors))


def described(graph):
    """Operations, edges and counts, without names."""
    counts = [graph.attributes[name].tolist() for name in ("n_parameters", "n_macs", "n_elementary", "shape")]
    return graph.op_names, graph.edges.tolist(), counts


@pytest.mark.parametrize(
    ("contributed", "standard"),
    [
        ("y = com.microsoft.FastGelu (x, b)", "a = Add (x, b) y = com.microsoft.Gelu (a)"),
        ("y = com.microsoft.BiasGelu (x, b)", "a = Add (x, b) y = com.microsoft.Gelu (a)"),
        (
            "y = com.microsoft.SkipLayerNormalization (x, x, s, b)",
            "a = Add (x, x) y = LayerNormalization (a, s, b)",
        ),
        ("y = com.microsoft.FusedMatMul <transB = 1> (x, w)", "t = Transpose (w) y = MatMul (x, t)"),
        ('y = com.microsoft.FusedGemm <activation = "Relu"> (r, w, b)', "a = Gemm (r, w, b) y = Relu (a)"),
        (
            "y = com.microsoft.GemmFastGelu (x, w, b)",
            "m = MatMul (x, w) a = Add (m, b) y = com.microsoft.Gelu (a)",
        ),
        ("y = com.microsoft.QuickGelu (x)", "a = Mul (x, k) g = Sigmoid (a) y = Mul (x, g)"),
        ("y = com.microsoft.QuickGelu <alpha = 1.0> (x)", "g = Sigmoid (x) y = Mul (x, g)"),
        (
            "y = SimplifiedLayerNormalization (x, s)",
            """p = Mul (x, x) m = ReduceMean <axes = [-1]> (p) e = Add (m, k) q = Sqrt (e) d = Div (x, q)
            y = Mul (d, s)""",
        ),
    ],
)
def test_fused_operators(tmp_path, contributed, standard):
    tensors = {"b": weight(8), "s": weight(8) + 1, "w": weight(8, 8), "k": np.float32(1.7)}
    text = "g (float[2, 5, 8] x, float[5, 8] r) => (float[2, 5, 8] y) {{ {} }}"
    found, expected = (read(tmp_path, text.format(body), **tensors) for body in (contributed, standard))
    assert described(found) == described(expected)


def test_products_whose_rows_stand_before_their_batches(tmp_path):
    """ONNX Runtime takes transpositions of factors into their product."""
    text = "g (float[7, 2, 8] a, float[9, 2, 8] b) => (float[2, 7, 9] y) {{ {} }}"
    found = read(
        tmp_path,
        text.format(
            """p = com.microsoft.FusedMatMul <transBatchA = 1, transBatchB = 1, transB = 1> (a, b)
            y = Relu (p)"""
        ),
    )
    turned = """c = Transpose <perm = [1, 0, 2]> (a) d = Transpose <perm = [1, 2, 0]> (b)
        p = MatMul (c, d) y = Relu (p)"""
    assert described(found) == described(read(tmp_path, text.format(turned)))


def test_fused_convolution(tmp_path):
    text = "g (float[1, 3, 9, 9] x) => (float[1, 4, 4, 4] y) {{ y = {} (x, w, b) }}"
    tensors = {"w": weight(4, 3, 3, 3), "b": weight(4)}
    found = read(
        tmp_path, text.format('com.microsoft.FusedConv <strides = [2, 2], activation = "Relu">'), **tensors
    )
    assert found.op_names == (None, "conv3x3", "relu")
    assert found.n_macs == read(tmp_path, text.format("Conv <strides = [2, 2]>"), **tensors).n_macs


def test_convolutions_and_pools_of_blocks_of_channels(tmp_path):
    text = """g (float[1, 8, 9, 9] x) => (float[1, 8, 3, 3] y, float[1, 8, 1, 1] z) {
        y = com.microsoft.nchwc.Conv <group = 8, strides = [3, 3], activation = "Relu"> (x, w, b)
        m = com.microsoft.nchwc.MaxPool <kernel_shape = [3, 3], strides = [3, 3]> (x)
        z = com.microsoft.nchwc.GlobalAveragePool (m)
    }"""
    graph = read(tmp_path, text, domains=["com.microsoft.nchwc"], w=weight(8, 1, 3, 3), b=weight(8))
    assert graph.op_names == (None, "dw_conv3x3", "relu", "max_pool3x3", "global_avg_pool")
    assert (graph.n_parameters, graph.n_macs) == (80, 9 * 8 * 9)
    assert graph.attributes["stride"][[1, 3]].tolist() == [3, 3]


def test_blocks_of_channels_that_are_filled_up(tmp_path):
    text = """g (float[1, 5, 9, 9] x) => (float[1, 7, 9, 9] y) {
        b = com.microsoft.nchwc.ReorderInput (x)
        c = com.microsoft.nchwc.Conv (b, w)
        y = com.microsoft.nchwc.ReorderOutput <channels = 7> (c)
    }"""
    domains = ["com.microsoft.nchwc"]
    graph = read(tmp_path, text, domains=domains, w=weight(8, 8, 1, 1))
    assert (graph.op_names, graph.n_macs) == ((None, "conv1x1"), 64 * 81)
    with pytest.raises(InputError, match="it needs 32 channels"):
        read(tmp_path, text, domains=domains, w=weight(8, 32, 1, 1))


@pytest.mark.parametrize(
    "body",
    [
        'y = com.microsoft.FusedConv <activation = "Relu"> (x, "onnx::Conv_7", "onnx::Conv_8")',
        """q = QuantizeLinear (x, s, z) c = QLinearConv (q, s, z, "onnx::Conv_7_quantized", s, z, s, z, "onnx::Conv_8_quantized")
        y = DequantizeLinear (c, s, z)""",
        """q, t, n = DynamicQuantizeLinear (x) c = ConvInteger (q, "onnx::Conv_7_quantized", n, z)
        y = Cast <to = 1> (c)""",
    ],
    ids=["fused", "qlinear", "dynamic"],
)
def test_batch_norms_that_were_folded_into_convolutions_of_onnx_runtime(tmp_path, body):
    """It keeps the names that PyTorch's exporters gave to their weights."""
    text = f"g (float[1, 3, 9, 9] x) => (float[1, 4, 7, 7] y) {{ {body} }}"
    names = [("onnx::Conv_7", "onnx::Conv_8")] + [("c.weight", "c.weight_bias")] * ("ConvInteger" not in body)
    for name, bias in names:
        weights = {name: weight(4, 3, 3, 3), bias: weight(4)}
        weights[f"{name}_quantized"] = weight(4, 3, 3, 3, dtype=np.uint8)
        weights[f"{bias}_quantized"] = weight(4, dtype=np.int32)
        written = text.replace("onnx::Conv_7", name).replace("onnx::Conv_8", bias)
        graph = read(tmp_path, written, **weights, s=np.float32(0.1), z=np.uint8(0))
        assert graph.attributes["folded_norms"][1] == 1


@pytest.mark.parametrize(
    ("call", "after"),
    [("NhwcConv (x, w, b)", ()), ('NhwcFusedConv <activation = "Relu"> (x, w, b)', ("relu",))],
)
def test_convolutions_with_channels_last(tmp_path, call, after):
    """Those of weights may stand last too."""
    text = f"g (float[1, 9, 7, 6] x) => (float[1, 7, 5, 8] y) {{ y = com.microsoft.{call} }}"
    for shape in ((8, 6, 3, 3), (8, 3, 3, 6)):
        graph = read(tmp_path, text, w=weight(*shape), b=weight(8))
        assert graph.op_names == (None, "conv3x3", *after)
        assert (graph.n_parameters, graph.n_macs) == (8 * 54 + 8, 7 * 5 * 8 * 54)
        assert graph.attributes["channels"][1] == 8


def test_a_sum_and_its_group_norm(tmp_path):
    text = """g (float[1, 6, 6, 8] x, float[1, 6, 6, 8] y) => (float[1, 6, 6, 8] z, float[1, 6, 6, 8] total) {
        z, total = com.microsoft.SkipGroupNorm <groups = 2, activation = 1, channels_last = 1> (x, s, b, y)
    }"""
    graph = read(tmp_path, text, s=weight(8), b=weight(8))
    assert graph.op_names == (None, None, "add", "group_norm", "silu")
    assert graph.outputs.tolist() == [2, 4]
    assert graph.n_parameters == 16


def test_a_gelu_of_half_of_the_channels(tmp_path):
    text = "g (float[1, 7, 8] x) => (float[1, 7, 4] y) { y = com.microsoft.BiasSplitGelu (x, b) }"
    graph = read(tmp_path, text, b=weight(8))
    assert graph.op_names == (None, "add", "gelu", "multiply")
    assert graph.attributes["shape"].tolist()[2:] == ["1x7x4", "1x7x4"]
    assert graph.n_parameters == 8


TENSORS = {"w": weight(16, 48), "b": weight(48), "k": weight(16, 16), "c": weight(48) + 2}


@pytest.mark.parametrize(
    "body",
    [
        "y = com.microsoft.Attention <num_heads = 4> (x, w, b)",
        """m = MatMul (x, w) p = Add (m, b) q, r, v = Split <axis = -1> (p, sizes)
        y = com.microsoft.MultiHeadAttention <num_heads = 4> (q, r, v)""",
    ],
)
def test_attention_in_one_piece(tmp_path, body):
    text = f"g (float[1, 7, 16] x) => (float[1, 7, 16] y) {{ {body} }}"
    graph = read(tmp_path, text, **TENSORS, sizes=np.array([16, 16, 16]))
    assert graph.op_names == (None, "linear", "attention")
    assert graph.n_parameters == 16 * 48 + 48
    assert graph.n_macs == 7 * 16 * 48 + 2 * 7 * 7 * 16
    last = {name: values[-1] for name, values in graph.attributes.items()}
    assert (last["heads"], last["head_dim"], last["self_attention"], last["sequence"]) == (4, 4, 1, 7)


def test_grouped_queries(tmp_path):
    text = """g (float[1, 7, 16] q, float[1, 7, 8] k, float[1, 7, 8] v, int32[1] n, int32 t) => (float[1, 7, 16] y) {
        y = com.microsoft.GroupQueryAttention <num_heads = 4, kv_num_heads = 2, do_rotary = 1>
            (q, k, v, , , n, t, cos, sin)
    }"""
    graph = read(tmp_path, text, cos=weight(9, 2), sin=weight(9, 2))
    assert [op for op in graph.op_names if op] == ["rotary", "rotary", "attention"]
    last = {name: values[-1] for name, values in graph.attributes.items()}
    assert (last["heads"], last["kv_heads"], last["causal"], last["n_macs"]) == (4, 2, 1, 2 * 7 * 7 * 16)
    assert graph.n_parameters == 0


PAST = "float[1, 4, 9, 4] k, float[1, 4, 9, 4] v"


@pytest.mark.parametrize(
    ("past", "body"),
    [
        (PAST, "y, kk, vv = com.microsoft.MultiHeadAttention <num_heads = 4> (x, x, x, , , , k, v)"),
        (
            f"{PAST}, int32[1] n, int32 t",
            """y, kk, vv = com.microsoft.GroupQueryAttention <num_heads = 4, kv_num_heads = 4>
            (x, x, x, k, v, n, t)""",
        ),
        (
            f"{PAST}, int32[1] n",
            """y, kk, vv = com.microsoft.DecoderMaskedMultiHeadAttention <num_heads = 4>
            (x, x, x, , , k, v, n, , , b)""",
        ),
        ("float[2, 1, 4, 9, 4] p", "y, q = com.microsoft.Attention <num_heads = 4> (x, w, b, , p)"),
        (
            "float[2, 1, 4, 9, 4] p",
            "y, q = com.microsoft.QAttention <num_heads = 4> (x, w, b, s, s, , , , p)",
        ),
    ],
)
def test_keys_and_values_of_earlier_tokens(tmp_path, past, body):
    """One token looks at itself and the nine before."""
    text = f"g (float[1, 1, 16] x, {past}) => (float[1, 1, 16] y) {{ {body} }}"
    graph = read(tmp_path, text, w=weight(16, 48), b=weight(48), s=np.float32(0.1))
    last = {name: values[-1] for name, values in graph.attributes.items()}
    assert graph.op_names[-1] == "attention"
    assert (last["key_sequence"], last["n_macs"]) == (10, 2 * 10 * 16)


@pytest.mark.parametrize(
    ("rotate", "opset"),
    [("com.microsoft.RotaryEmbedding (x, p, c, s)", 17), ("RotaryEmbedding (x, c, s, p)", 23)],
)
def test_cosines_and_sines_of_rotary_positions_are_no_weights(tmp_path, rotate, opset):
    text = f"g (float[1, 4, 7, 8] x, int64[1, 7] p) => (float[1, 4, 7, 8] y) {{ y = {rotate} }}"
    path = saved(tmp_path, text, opset=opset, domains=(MS,), c=weight(16, 4), s=weight(16, 4))
    graph = read_graph(path)
    assert [op for op in graph.op_names if op] == ["rotary"]
    assert graph.n_parameters == 0


def test_embeddings_of_bert(tmp_path):
    text = """g (int64[1, 7] x, int64[1, 7] s) => (float[1, 7, c] z) {
        y, m = com.microsoft.EmbedLayerNormalization (x, s, words, positions, kinds, scale, shift)
        z = MatMul (y, w)
    }"""
    tensors = {"words": weight(30, 8), "positions": weight(12, 8), "kinds": weight(2, 8), "w": weight(8, 5)}
    graph = read(tmp_path, text, **tensors, scale=weight(8), shift=weight(8) + 1)
    expected = ["embedding", "embedding", "add", "position_embedding", "layer_norm", "linear"]
    assert sorted(op for op in graph.op_names if op) == sorted(expected)
    assert graph.n_parameters == 44 * 8 + 16 + 40
    assert graph.n_macs == 7 * 40
    scales = "scale_1, scale_1, scale_1, scale_1, scale_1, zero, zero, zero, zero, zero"
    text = text.replace("EmbedLayer", "QEmbedLayer").replace("shift)", f"shift, , {scales})")
    integers = {name: tensor.astype(np.int8) for name, tensor in tensors.items() if name != "w"}
    integers |= {"scale": weight(8, dtype=np.int8), "shift": weight(8, dtype=np.int8), "w": tensors["w"]}
    quantised = read(tmp_path, text, **integers, scale_1=np.float32(0.1), zero=np.int8(0))
    assert described(quantised) == described(graph)


QUANTISED = {
    "x_scale": np.float32(0.1), "zero": np.uint8(128), "w_scale": np.float32(0.2), "w_zero": np.int8(0),
    "y_scale": np.float32(0.3), "w": weight(4, 3, 3, 3, dtype=np.int8), "b": weight(4, dtype=np.int32),
}  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        """q = QuantizeLinear (x, x_scale, zero)
        c = QLinearConv (q, x_scale, zero, w, w_scale, w_zero, y_scale, zero, b)
        d = DequantizeLinear (c, y_scale, zero) y = Relu (d)""",
        """q = QuantizeLinear (x, x_scale, zero) d = DequantizeLinear (q, x_scale, zero)
        v = DequantizeLinear (w, w_scale, w_zero) a = DequantizeLinear (b, w_scale)
        c = Conv (d, v, a) y = Relu (c)""",
        """q, s, z = DynamicQuantizeLinear (x) c = ConvInteger (q, w, z, w_zero) f = Cast <to = 1> (c)
        k = Mul (s, w_scale) m = Mul (f, k) a = Add (m, bias) y = Relu (a)""",
    ],
    ids=["qlinear", "qdq", "dynamic"],
)
def test_quantised_convolutions(tmp_path, body):
    text = f"g (float[1, 3, 8, 8] x) => (float[1, 4, 6, 6] y) {{ {body} }}"
    graph = read(tmp_path, text, **QUANTISED, bias=weight(1, 4, 1, 1))
    assert graph.op_names == (None, "conv3x3", "relu")
    assert (graph.n_parameters, graph.n_macs) == (112, 36 * 4 * 27)


def test_quantised_products(tmp_path):
    text = """g (uint8[1, 6] x) => (uint8[1, 5] y) {
        a = QLinearMatMul (x, x_scale, zero, w, w_scale, w_zero, y_scale, zero)
        y = com.microsoft.QLinearAdd (a, x_scale, zero, a, x_scale, zero, y_scale, zero)
    }"""
    graph = read(tmp_path, text, **QUANTISED | {"w": weight(6, 5, dtype=np.int8)})
    assert graph.op_names == (None, "linear", "add")
    assert graph.n_parameters == graph.n_macs == 30


@pytest.mark.parametrize(
    ("shapes", "last"), [(((1, 3, 8, 8), (1, 4, 6, 6)), 0), (((1, 8, 8, 3), (1, 6, 6, 4)), 1)]
)
def test_quantised_convolutions_of_onnx_runtime(tmp_path, shapes, last):
    before, after = (str(list(shape)) for shape in shapes)
    text = f"""g (uint8{before} x) => (uint8{after} y) {{
        y = com.microsoft.QLinearConv <channels_last = {last}>
            (x, x_scale, zero, w, w_scale, w_zero, y_scale, zero, b)
    }}"""
    graph = read(tmp_path, text, **QUANTISED)
    assert graph.op_names == (None, "conv3x3")
    assert (graph.n_parameters, graph.n_macs) == (112, 36 * 4 * 27)


def test_quantised_layers_have_their_weights_and_biases(tmp_path):
    """A bias that a quantised addition adds, and the operands of quantised layers of every form."""
    text = """g (uint8[1, 6] x) => (float[1, 6] y) {
        a = QLinearMatMul (x, x_scale, zero, w, w_scale, w_zero, y_scale, zero)
        s = com.microsoft.QLinearAdd (a, x_scale, zero, bias, w_scale, w_zero, y_scale, zero)
        c = com.microsoft.QGemm <transB = 1> (s, x_scale, zero, v, w_scale, w_zero, long, y_scale, zero)
        d = com.microsoft.MatMulIntegerToFloat (c, w, x_scale, w_scale, zero, w_zero, floats)
        e = Relu (d)
        y = com.microsoft.DynamicQuantizeMatMul (e, u, w_scale, w_zero)
    }"""
    integers = {
        "w": weight(6, 5, dtype=np.int8), "bias": weight(5, dtype=np.int8), "v": weight(6, 5, dtype=np.int8),
        "u": weight(5, 6, dtype=np.int8), "long": weight(6, dtype=np.int32), "floats": weight(5),
    }  # fmt: skip
    graph = read(tmp_path, text, **QUANTISED | integers)
    assert [op for op in graph.op_names if op] == ["linear", "linear", "linear", "relu", "linear"]
    assert graph.attributes["n_parameters"].tolist()[1:] == [35, 36, 5, 0, 30]
    assert graph.attributes["n_macs"].tolist()[1:] == [30, 30, 30, 0, 30]


@pytest.mark.parametrize(("bits", "in_a_byte"), [(4, 2), (4, 1), (8, 1)])
def test_rows_of_a_table_of_few_bits_each(tmp_path, bits, in_a_byte):
    """As language models have them that ONNX Runtime's model builder wrote, and what reads them."""
    text = f"""g (int64[1, 7] x) => (float[1, 7, n] z) {{
        r = com.microsoft.GatherBlockQuantized <bits = {bits}, block_size = 16> (table, x, scales)
        y = com.microsoft.MatMulBnb4 <N = 6, K = 32, block_size = 16> (r, packed, largest)
        z = MatMul (y, w)
    }}"""
    table = weight(50, 32 // in_a_byte, dtype=np.uint8)
    tensors = {"packed": weight(96, dtype=np.uint8), "largest": weight(12), "w": weight(6, 5)}
    graph = read(tmp_path, text, table=table, scales=weight(50, 2), **tensors)
    assert graph.op_names == (None, "embedding", "linear", "linear")
    assert graph.attributes["n_parameters"].tolist() == [0, 50 * 32, 32 * 6, 30]
    assert graph.n_macs == 7 * (32 * 6 + 30)


def test_a_quantised_average_pool(tmp_path):
    text = """g (uint8[1, 3, 8, 8] x) => (uint8[1, 4, 2, 2] y) {
        p = com.microsoft.QLinearAveragePool <kernel_shape = [2, 2], strides = [2, 2], count_include_pad = 0>
            (x, x_scale, zero, y_scale, zero)
        y = QLinearConv (p, x_scale, zero, w, w_scale, w_zero, y_scale, zero, b)
    }"""
    graph = read(tmp_path, text, **QUANTISED)
    assert graph.op_names == (None, "avg_pool2x2", "conv3x3")
    assert graph.attributes["shape"][1:].tolist() == ["1x3x4x4", "1x4x2x2"]


def test_quantised_layers_with_channels_last_that_declare_no_shapes(tmp_path):
    """As ONNX Runtime saves them when it has optimised a quantised network."""
    text = """g (uint8[1, 12, 12, 3] x) => (uint8[n, c] z) {
        m = com.microsoft.NhwcMaxPool <kernel_shape = [2, 2], strides = [2, 2], dilations = [1, 1]> (x)
        c = com.microsoft.QLinearConv <channels_last = 1, kernel_shape = [3, 3]>
            (m, x_scale, zero, w, w_scale, w_zero, y_scale, zero, b)
        a = com.microsoft.QLinearAveragePool <channels_last = 1, kernel_shape = [2, 2]>
            (c, x_scale, zero, y_scale, zero)
        y = com.microsoft.QLinearGlobalAveragePool <channels_last = 1> (a, x_scale, zero, y_scale, zero)
        z = Flatten (y)
    }"""
    graph = read(tmp_path, text, **QUANTISED)
    assert graph.op_names == (None, "max_pool2x2", "conv3x3", "avg_pool2x2", "global_avg_pool")
    assert graph.attributes["shape"][1:].tolist() == ["1x3x6x6", "1x4x4x4", "1x4x3x3", "1x4x1x1"]
    assert (graph.n_parameters, graph.n_macs) == (112, 4 * 16 * 27)


def test_blocks_of_channels_and_back(tmp_path):
    text = """g (float[1, 9, 9, 8] x) => (float[n, h, w, c] z, float[n, c, h, w] y) {
        a = com.microsoft.nchwc.ReorderInput <channels_last = 1> (x)
        b = com.microsoft.nchwc.Conv <kernel_shape = [3, 3]> (a, v)
        c = com.microsoft.nchwc.AveragePool <kernel_shape = [7, 1], dilations = [1, 1]> (b)
        d = com.microsoft.nchwc.Upsample <scales = [1, 1, 2, 1]> (c)
        p = com.microsoft.nchwc.ReorderOutput <channels_last = 1, channels = 6> (d)
        q = com.microsoft.nchwc.ReorderOutput <channels = 6> (d)
        z = Relu (p)
        y = Relu (q)
    }"""
    graph = read(tmp_path, text, domains=["com.microsoft.nchwc"], v=weight(8, 8, 3, 3))
    assert graph.op_names == (None, "conv3x3", "avg_pool7x1", "resize", "relu", "relu")
    assert graph.attributes["shape"][1:].tolist() == ["1x8x7x7", "1x8x1x7", "1x8x2x7", "1x2x7x6", "1x6x2x7"]


def test_integers_of_more_bits_than_the_operator_set_has(tmp_path):
    text = """g (float[1, 4, 6] x) => (float[n, t, c] y) {
        q = com.microsoft.QuantizeLinear (x, s, zero)
        d = com.microsoft.DequantizeLinear (q, s, zero)
        v = com.microsoft.DequantizeLinear (w, s, zero)
        y = MatMul (d, v)
    }"""
    tensors = {"s": np.float32(0.1), "zero": np.uint16(0), "w": weight(6, 5, dtype=np.uint16)}
    graph = read(tmp_path, text, **tensors)
    assert graph.op_names == (None, "linear")
    assert (graph.n_parameters, graph.n_macs) == (30, 4 * 30)


def test_a_quantised_concatenation(tmp_path):
    text = """g (uint8[1, 3, 8] x) => (uint8[1, 6, 8] z) {
        y = com.microsoft.QLinearSigmoid (x, x_scale, zero, y_scale, zero)
        z = com.microsoft.QLinearConcat <axis = 1> (y_scale, zero, x, x_scale, zero, y, y_scale, zero)
    }"""
    graph = read(tmp_path, text, **QUANTISED)
    assert graph.op_names == (None, "sigmoid", "concat")
    assert graph.attributes["shape"][-1] == "1x6x8"


def test_a_quantised_token_beside_others(tmp_path):
    text = """g (uint8[1, 3, 3] x) => (uint8[1, 4, 4] y) {
        c = com.microsoft.QLinearConcat <axis = 1> (x_scale, zero, token, w_scale, zero, x, x_scale, zero)
        y = QLinearMatMul (c, x_scale, zero, w, w_scale, zero, y_scale, zero)
    }"""
    tensors = {"token": weight(1, 1, 3, dtype=np.uint8), "w": weight(3, 4, dtype=np.uint8)}
    graph = read(tmp_path, text, **QUANTISED | tensors)
    assert graph.op_names == (None, "concat", "linear")
    assert graph.attributes["n_parameters"].tolist() == [0, 3, 12]


@pytest.mark.parametrize(
    ("call", "after"),
    [
        ("DequantizeLinear (r, s, o)", "relu"),
        ("Cast <to = 1> (r)", "relu"),
        ("com.microsoft.QLinearSigmoid (r, s, o, s, o)", "sigmoid"),
    ],
)
def test_quantised_embeddings(tmp_path, call, after):
    text = f"g (int64[1, 6] x) => (float[1, 6, 8] z) {{ r = Gather (w, x) y = {call} z = Relu (y) }}"
    graph = read(tmp_path, text, w=weight(20, 8, dtype=np.int8), s=np.float32(0.1), o=np.int8(0))
    assert graph.op_names[:3] == (None, "embedding", after)
    assert graph.n_parameters == 20 * 8


@pytest.mark.parametrize("n", [8, 80])
@pytest.mark.parametrize(
    "body",
    [
        "f = Cast <to = 1> (w) v = Mul (f, column) y = MatMul (x, v)",
        "f = Cast <to = 1> (w) d = Sub (f, zero) v = Mul (d, s) t = Transpose (v) y = Gemm <transB = 1> (x, t)",
        "t = Transpose (w) f = Cast <to = 1> (t) u = Transpose (f) y = MatMul (x, u)",
        """f = Cast <to = 1> (w) v = Mul (f, s) r = Reshape (v, kernel) e = Unsqueeze (x, last)
        c = Conv (e, r) y = Squeeze (c, last)""",
    ],
)
def test_weights_of_integers_that_other_operators_dequantise(tmp_path, body, n):
    """Scales are no weights, as behind `DequantizeLinear`."""
    text = f"g (float[1, {n}] x) => (float[1, c] y) {{ {body} }}"
    tensors = {"column": weight(1, n), "zero": np.float32(3), "s": np.float32(0.1), "last": np.array([2])}
    kernel = np.array([n, n, 1])
    for number in (np.int8, np.uint8):
        graph = read(tmp_path, text, w=weight(n, n, dtype=number), kernel=kernel, **tensors)
        assert (graph.n_parameters, graph.n_macs) == (n**2, n**2)


def test_a_table_of_integers_that_an_input_is_multiplied_by_is_no_weight(tmp_path):
    text = "g (float[4, 8] x) => (float[4, 5] y) { f = Cast <to = 1> (t) v = Mul (f, x) y = MatMul (v, w) }"
    assert read(tmp_path, text, t=weight(4, 8, dtype=np.int8), w=weight(8, 5)).n_parameters == 40


@pytest.mark.parametrize("settings", ["K = -8, N = 5", "K = 8"])
def test_a_packed_product_of_no_size(tmp_path, settings):
    text = f"g (float[1, 8] x) => (float[1, 5] y) {{ y = com.microsoft.MatMulNBits <{settings}> (x, w, s) }}"
    with pytest.raises(InputError, match="it needs a weight of `N` rows and `K` columns"):
        read(tmp_path, text, w=weight(5, 1, 4, dtype=np.uint8), s=weight(5))


def test_quantised_attention(tmp_path):
    attention = (
        "g (float[1, 6, 8] x) => (float[1, 6, 8] y) {{ y = com.microsoft.{} <num_heads = 4> (x, w, b{}) }}"
    )
    own = read(tmp_path, attention.format("Attention", ""), w=weight(8, 24), b=weight(24))
    integers = {"w": weight(8, 24, dtype=np.int8), "s": np.float32(1)}
    quantised = read(tmp_path, attention.format("QAttention", ", s, s"), b=weight(24), **integers)
    assert described(own) == described(quantised)


def test_numbers_that_are_quantised(tmp_path):
    text = """g (float[1, 8] x) => (float[1, 8] y) {
        n = DequantizeLinear (three, scale, zero) a = Add (x, n) c = Clip (a, low, high) m = Mul (x, c)
        y = Div (m, high)
    }"""
    numbers = {"scale": np.float32(3 / 250), "zero": np.uint8(5), "low": np.float32(0), "high": np.float32(6)}
    assert read(tmp_path, text, three=np.uint8(255), **numbers).op_names == (None, "hardswish")
    assert "relu6" in read(tmp_path, text, three=np.uint8(155), **numbers).op_names


@pytest.mark.parametrize(
    "body",
    [
        "m = DequantizeLinear (mask, scale, zero) y = Add (x, m)",
        """q = QuantizeLinear (x, scale, zero) a = com.microsoft.QLinearAdd (q, scale, zero, mask, scale, zero, scale, zero)
        y = DequantizeLinear (a, scale, zero)""",
    ],
)
@pytest.mark.parametrize(("hidden", "own"), [(-128, 0), (np.arange(64).reshape(8, 8), 64)])
def test_quantised_masks_of_later_positions_are_no_weights(tmp_path, body, hidden, own):
    text = f"g (float[1, 2, 8, 8] x) => (float[1, 2, 8, 8] y) {{ {body} }}"
    mask = np.where(np.tri(8), 127, hidden).astype(np.int8)
    graph = read(tmp_path, text, mask=mask, scale=np.float32(1e36), zero=np.int8(127))
    assert graph.n_parameters == own


def test_numbers_in_quantised_products(tmp_path):
    text = """g (uint8[1, 8] x) => (uint8[1, 8] y) {
        a = com.microsoft.QLinearMul (x, scale, zero, k, k_scale, zero, scale, zero)
        g = com.microsoft.QLinearSigmoid (a, scale, zero, scale, zero)
        y = com.microsoft.QLinearMul (x, scale, zero, g, scale, zero, scale, zero)
    }"""
    numbers = {
        "scale": np.float32(0.1),
        "zero": np.uint8(5),
        "k": np.uint8([69]),
        "k_scale": np.float32(1 / 64),
    }
    assert read(tmp_path, text, **numbers).op_names == (None, "silu")


@pytest.mark.parametrize(
    ("activation", "n_first", "third", "n_parameters"),
    [
        ("gelu", 24, False, 3 * 2 * 24 * 8),
        ("silu", 24, True, 3 * 3 * 24 * 8),
        ("swiglu", 48, False, 3 * 3 * 24 * 8),
    ],
)
def test_experts(tmp_path, activation, n_first, third, n_parameters):
    text = f"""g (float[1, 5, 8] x, float[5, 3] p) => (float[1, 5, 8] y) {{
        y = com.microsoft.MoE <activation_type = "{activation}", k = 2> (x, p, w, , v, {", u" if third else ""})
    }}"""
    tensors = {"w": weight(3, n_first, 8), "v": weight(3, 8, 24), "u": weight(3, 24, 8)}
    graph = read(tmp_path, text, **{name: tensors[name] for name in ("w", "v", *(["u"] if third else []))})
    mlp = GraphFeatures(columns=["mlp.n", "mlp.ratio"]).fit_transform([graph])
    assert mlp.iloc[0].tolist() == [1, 3]
    assert (graph.n_parameters, graph.n_macs) == (n_parameters, 2 * 5 * n_parameters // 3)


def test_experts_of_few_bits(tmp_path):
    text = """g (float[5, 8] x, float[5, 3] p) => (float[5, 8] y) {
        y = com.microsoft.QMoE <activation_type = "swiglu", k = 2> (x, p, w, s, b, v, t)
    }"""
    packed = {"w": weight(3, 48, 4, dtype=np.uint8), "v": weight(3, 8, 12, dtype=np.uint8)}
    graph = read(tmp_path, text, **packed, s=weight(3, 48), b=weight(3, 48), t=weight(3, 8))
    assert graph.n_parameters == 3 * (3 * 24 * 8 + 48)
    assert graph.n_macs == 2 * 5 * 3 * 24 * 8
