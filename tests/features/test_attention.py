"""Attention and MLPs: by hand, and of PyTorch modules as graf reads them."""

import numpy as np
import pytest

import graf
from graf import ComputationGraph, GraphFeatures
from graf.features.networks import ATTRIBUTES, network_columns

NAN = np.nan


def row(graph, family):
    columns = [name for name in ALL if name.startswith(f"{family}.")]
    found = GraphFeatures(columns=columns).fit_transform([graph]).iloc[0]
    return {name.split(".")[1]: value for name, value in found.items()}


ALL = [str(column) for column in network_columns()]


def test_kinds_of_attention():
    graph = ComputationGraph.from_edges(
        ["position_embedding", "attention", "rotary", "attention", "attention", "linear"],
        [(i, i + 1) for i in range(5)],
        attributes={
            "heads": [NAN, 8, NAN, 8, 2, NAN],
            "kv_heads": [NAN, 8, NAN, 2, 2, NAN],
            "head_dim": [NAN, 64, NAN, 64, 16, NAN],
            "sequence": [50, 50, 50, 50, 20, 50],
            "key_sequence": [NAN, 50, NAN, 50, 80, NAN],
            "windows": [NAN, 4, NAN, 1, 1, NAN],
            "self_attention": [NAN, 1, NAN, 1, 0, NAN],
            "causal": [NAN, 0, NAN, 1, 0, NAN],
            "relative_bias": [NAN, 1, NAN, 0, 0, NAN],
        },
    )
    assert row(graph, "attention") == {
        "blocks": 3, "cross": 1, "global": 2, "windowed": 1, "grouped_query": 1, "causal": 1, "relative": 1,
        "rotary": 1, "absolute": 1, "heads": 6, "kv_heads": 4, "head_dim": 48, "sequence": 40,
        "key_sequence": 60, "windows": 2, "max_heads": 8, "max_sequence": 50, "max_key_sequence": 80,
    }  # fmt: skip


def test_networks_without_attention():
    graph = ComputationGraph.from_edges(["conv3x3"], [], attributes={"heads": [NAN]})
    found = row(graph, "attention")
    assert [found[name] for name in ("blocks", "cross", "global", "rotary")] == [0, 0, 0, 0]
    assert np.isnan([found["heads"], found["max_sequence"]]).all()


def mlps(operations, edges, channels, **attributes):
    attributes = {"sequence": [16.0] * len(operations)} | attributes
    graph = ComputationGraph.from_edges(operations, edges, attributes={"channels": channels, **attributes})
    found = row(graph, "mlp")
    return found["n"], found["ratio"]


def test_mlps():
    chain = [(0, 1), (1, 2)]
    assert mlps(["linear", "gelu", "linear"], chain, [256, 256, 64]) == (1, 4)
    assert mlps(["linear", "layer_norm", "linear"], chain, [256, 256, 64])[0] == 0  # no activation
    assert mlps(["conv1", "relu", "conv1"], chain, [256, 256, 64]) == (1, 4)
    assert mlps(["conv1", "relu", "conv1"], chain, [16, 16, 64], sequence=[1.0] * 3)[0] == 0  # pooled too
    assert mlps(["linear", "relu", "linear"], chain, [256, 256, 64], sequence=[1.0] * 3) == (1, 4)
    squared = ["linear", "relu", "power", "linear"]
    assert mlps(squared, [(0, 1), (1, 2), (2, 3)], [256, 256, 256, 64]) == (1, 4)
    assert mlps(["linear", "gelu", "linear"], chain, [16, 16, 64], sequence=[NAN] * 3)[0] == 0  # pooled
    bounded = ["linear", "clamp", "gelu", "clamp", "linear"]
    assert mlps(bounded, [(i, i + 1) for i in range(4)], [256, 256, 256, 256, 64]) == (1, 4)
    image = {"sequence": [NAN] * 3, "resolution": [7.0] * 3}
    assert mlps(["conv1x1", "relu", "conv1x1"], chain, [96, 96, 24], **image) == (1, 4)
    assert mlps(["conv3x3", "relu", "conv1x1"], chain, [96, 96, 24], **image)[0] == 0


def test_depthwise_convolutions_inside_of_mlps():
    chain, width = [(0, 1), (1, 2), (2, 3), (3, 4)], [128] * 4 + [32]
    places = {"sequence": [49.0] * 5, "resolution": [NAN, 7.0, 7.0, NAN, NAN]}
    assert mlps(["linear", "dw_conv3x3", "gelu", "layer_norm", "linear"], chain, width, **places) == (
        1,
        4,
    )  # Mix-FFN
    image = {"sequence": [NAN] * 5, "resolution": [7.0] * 5}
    inverted = ["conv1x1", "relu6", "dw_conv3x3", "relu6", "conv1x1"]
    assert mlps(inverted, chain, width, **image)[0] == 0
    assert mlps(["linear", *inverted[1:4], "linear"], chain, width, **places)[0] == 0
    assert mlps(["linear", "dw_conv4", "silu", "layer_norm", "linear"], chain, width)[0] == 0  # Mamba


def test_layers_that_give_the_kernels_of_convolutions_are_no_mlps():
    """As in conditionally parametrised convolutions: a layer on pooled features mixes kernels."""
    operations = ["input", "global_avg_pool", "linear", "dw_conv3x3", "relu", "conv1x1"]
    graph = [(0, 1), (1, 2), (2, 3), (0, 3), (3, 4), (4, 5)]
    image = {"sequence": [NAN] * 6, "resolution": [7.0, 1.0, NAN, 7.0, 7.0, 7.0]}
    assert mlps(operations, graph, [32, 32, 288, 32, 32, 32], **image)[0] == 0


def test_gated_mlps_count_once_by_their_gated_channels():
    operations = ["layer_norm", "linear", "silu", "linear", "multiply", "linear", "add"]
    edges = [(0, 1), (1, 2), (0, 3), (2, 4), (3, 4), (4, 5), (0, 6), (5, 6)]
    assert mlps(operations, edges, [64, 176, 176, 176, 176, 64, 64]) == (1, 2.75)


def test_a_shortcut_ends_an_mlp():
    operations = ["relu", "linear", "add", "relu", "linear"]
    assert mlps(operations, [(0, 1), (1, 2), (0, 2), (2, 3), (3, 4)], [64] * 5)[0] == 0
    # two bottlenecks of a residual network, the first with a layer beside it
    block, image = ["conv1x1", "relu", "conv3x3", "relu", "conv1x1"], {"resolution": [7.0] * 15}
    operations = ["relu", *block, "conv1x1", "add", "relu", *block, "add"]
    chain = [(i, i + 1) for i in range(5)] + [(5, 7), (0, 6), (6, 7), (7, 8)]
    chain += [(i, i + 1) for i in range(8, 14)] + [(8, 14)]
    assert mlps(operations, chain, [64] * 15, sequence=[NAN] * 15, **image)[0] == 0


def test_layers_with_another_of_low_rank_beside_them():
    operations = ["layer_norm", "linear", "linear", "linear", "add", "gelu", "linear"]
    edges = [(0, 1), (0, 2), (2, 3), (1, 4), (3, 4), (4, 5), (5, 6)]
    assert mlps(operations, edges, [16, 64, 4, 64, 64, 64, 16]) == (1, 4)  # LoRA


torch = pytest.importorskip("torch")
nn = torch.nn
attend = nn.functional.scaled_dot_product_attention


class Block(nn.Module):
    """A block of a vision transformer, pre-norm."""

    def __init__(self, width, heads, ratio):
        super().__init__()
        self.heads = heads
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, ratio * width), nn.GELU(), nn.Linear(ratio * width, width))

    def forward(self, x):
        n, tokens, width = x.shape
        qkv = self.qkv(self.norms[0](x)).reshape(n, tokens, 3, self.heads, -1)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        x = x + self.proj(attend(q, k, v).transpose(1, 2).reshape(n, tokens, width))
        return x + self.mlp(self.norms[1](x))


class Transformer(nn.Module):
    """A vision transformer of a few blocks."""

    def __init__(self, width=32, heads=4, ratio=3, depth=2):
        super().__init__()
        self.patches = nn.Conv2d(3, width, 8, 8)
        self.positions = nn.Parameter(torch.zeros(1, 16, width))
        self.blocks = nn.Sequential(*(Block(width, heads, ratio) for _ in range(depth)))
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2) + self.positions
        return self.head(self.blocks(x).mean(1))


class Decoder(nn.Module):
    """Grouped-query attention over earlier tokens, then attention to another sequence."""

    def __init__(self, width=32):
        super().__init__()
        self.q, self.kv = nn.Linear(width, width), nn.Linear(width, width)
        self.other, self.proj = nn.Linear(width, 2 * width), nn.Linear(width, width)

    def forward(self, x, memory):
        def split(t, heads):
            return t.reshape(t.shape[0], t.shape[1], heads, -1).transpose(1, 2)

        k, v = self.kv(x).chunk(2, -1)
        x = attend(split(self.q(x), 4), split(k, 2), split(v, 2), is_causal=True, enable_gqa=True)
        x = self.proj(x.transpose(1, 2).flatten(2))
        k, v = self.other(memory).chunk(2, -1)
        return attend(split(x, 4), split(k, 4), split(v, 4)).transpose(1, 2).flatten(2)


def test_a_vision_transformer_of_pytorch():
    graph = graf.read_graph(Transformer().eval(), example_inputs=(torch.randn(1, 3, 32, 32),))
    numbers = {name for name, values in graph.attributes.items() if values.dtype.kind != "U"}
    # what no feature is computed from is for published tables and for simplified()
    assert numbers - {"n_macs_fvcore", "call_id"} == set(ATTRIBUTES)
    found = row(graph, "attention")
    expected = {"blocks": 2, "cross": 0, "global": 2, "absolute": 1, "rotary": 0, "heads": 4, "head_dim": 8,
                "sequence": 16, "max_key_sequence": 16, "grouped_query": 0}  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert row(graph, "mlp") == {"n": 2, "ratio": 3, "min_ratio": 3, "max_ratio": 3}
    table = GraphFeatures().fit_transform([graph]).iloc[0]
    assert table["shortcut(add).n"] == 4
    # a block: in or past attention, by queries, keys or values; in or past the MLP
    assert table["log_paths"] == pytest.approx(2 * np.log10(4 * 2))
    assert table["effective_depth.max"] == 1 + 2 * (1 + 1 + 1 + 2) + 1


def test_a_decoder_of_pytorch():
    example = torch.randn(1, 12, 32), torch.randn(1, 20, 32)
    found = row(graf.read_graph(Decoder().eval(), example_inputs=example), "attention")
    assert (found["blocks"], found["cross"], found["causal"], found["grouped_query"]) == (2, 1, 1, 1)
    assert (found["kv_heads"], found["key_sequence"], found["max_key_sequence"]) == (3, 16, 20)
