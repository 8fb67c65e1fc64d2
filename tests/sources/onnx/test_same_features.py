"""The same network read from PyTorch and from ONNX has the same features."""

import contextlib
import io
import logging
import warnings

import numpy as np
import pytest
import torch
import zoo
from torch import nn
from torch.nn import functional

from graf import GraphFeatures, read_graph

EXPORTERS = {"torchscript": [11, 13, 17, 18, 20], "dynamo": [18, 20]}
FROM_17 = ("vit", "vit written out", "translator")  # the older exporter wants newer opsets for these
COUNTED = "parameters"


def exported(folder, module, inputs, exporter, opset):
    path = folder / "model.onnx"
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            torch.onnx.export(
                module, inputs, path, opset_version=opset, dynamo=exporter == "dynamo", verbose=False
            )
        finally:
            logging.disable(logging.NOTSET)
    return read_graph(path)


def cases():
    """Each network by both exporters, old and new opsets in turn."""
    for i, name in enumerate(zoo.NETWORKS):
        scripted = [opset for opset in EXPORTERS["torchscript"] if opset > 16 or name not in FROM_17]
        yield name, "torchscript", scripted[i % len(scripted)]
        yield name, "dynamo", EXPORTERS["dynamo"][i % 2]


def n_folded(graph):
    """Numbers that go when scale and shift of a batch norm become the bias that there was none of."""
    folded = np.nan_to_num(graph.attributes["folded_norms"])
    return int((folded * graph.attributes["channels"])[folded > 0].sum())


@pytest.mark.parametrize(("name", "exporter", "opset"), list(cases()))
def test_features_are_equal(tmp_path, name, exporter, opset):
    """All features but what a batch norm's scale counts, which exporters fold into the convolution."""
    module, inputs = zoo.network(name)
    ours, theirs = read_graph(module, inputs), exported(tmp_path, module, inputs, exporter, opset)
    assert theirs.n_parameters == ours.n_parameters - n_folded(ours)
    assert theirs.n_macs == ours.n_macs
    features = GraphFeatures().fit_transform([ours, theirs])
    counted = features.columns.str.contains(COUNTED)
    kept = features.loc[:, ~counted | (n_folded(ours) == 0)]
    differing = kept.columns[~((kept.iloc[0] == kept.iloc[1]) | kept.isna().all())]
    assert kept.shape[1] > 100
    assert list(differing) == []


MASKS = {
    "flag": lambda scores, q, k, v: functional.scaled_dot_product_attention(q, k, v, is_causal=True),
    "added": lambda scores, q, k, v: (scores + torch.full((9, 9), -1e9).triu(1)).softmax(-1) @ v,
    "filled": lambda scores, q, k, v: (
        scores.masked_fill(torch.ones(9, 9).tril() == 0, float("-inf")).softmax(-1) @ v
    ),
    "positions": lambda scores, q, k, v: (
        scores.masked_fill(torch.arange(9) > torch.arange(9)[:, None], float("-inf")).softmax(-1) @ v
    ),
    "distances": lambda scores, q, k, v: (
        scores.masked_fill(torch.arange(9)[:, None] - torch.arange(9) < 0, float("-inf")).softmax(-1) @ v
    ),
    "none": lambda scores, q, k, v: scores.softmax(-1) @ v,
}


class Causal(nn.Module):
    def __init__(self, attend):
        super().__init__()
        self.qkv, self.attend = nn.Linear(8, 24), attend

    def forward(self, x):
        q, k, v = self.qkv(x).view(1, 9, 3, 2, 4).permute(2, 0, 3, 1, 4)
        return self.attend(q @ k.transpose(-1, -2) / 2, q, k, v)


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("mask", MASKS)
def test_causal_masks(tmp_path, mask, exporter):
    module, inputs = Causal(MASKS[mask]).eval(), (torch.randn(1, 9, 8),)
    for graph in (read_graph(module, inputs), exported(tmp_path, module, inputs, exporter, 18)):
        assert [op for op in graph.op_names if op] == ["linear", "attention"]
        assert graph.attributes["causal"][-1] == (mask != "none")


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_untrained_weights_count_where_they_are_read(tmp_path, exporter):
    """Exporters write the equal weights of new norms, and of layers that start at zero, only once."""
    module = nn.Sequential(*(nn.Sequential(nn.LayerNorm(8), nn.Linear(8, 8)) for _ in range(3))).eval()
    for _, layer in module:
        nn.init.zeros_(layer.weight)
    graph = exported(tmp_path, module, (torch.randn(1, 4, 8),), exporter, 18)
    assert graph.n_parameters == sum(p.numel() for p in module.parameters())


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("between", [nn.ReLU(), nn.Identity()])
def test_biases_that_start_at_zero_count(tmp_path, between, exporter):
    """The newer exporter leaves them out, the older one writes equal ones once."""
    first, second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3, bias=False)
    up, last = nn.ConvTranspose2d(4, 4, 2), nn.Linear(100, 5)
    norm = nn.BatchNorm2d(4)
    module = nn.Sequential(
        first, between, up, between, second, norm, nn.Flatten(), last, between, nn.Linear(5, 5)
    )
    for layer in (first, up, last, module[-1]):
        nn.init.zeros_(layer.bias)
    graph = exported(tmp_path, module.eval(), (torch.randn(1, 3, 8, 8),), exporter, 18)
    assert graph.n_parameters == sum(p.numel() for p in module.parameters()) - norm.weight.numel()


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_equal_slopes_count_for_each_layer(tmp_path, exporter):
    module = nn.Sequential(*(nn.Sequential(nn.Conv2d(3, 3, 3), nn.PReLU()) for _ in range(3))).eval()
    graph = exported(tmp_path, module, (torch.randn(1, 3, 8, 8),), exporter, 18)
    assert graph.attributes["n_parameters"].tolist() == [0, 84, 1, 84, 1, 84, 1]


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_a_bias_of_zeros_that_is_used_again_counts_once(tmp_path, exporter):
    layer = nn.Linear(4, 4)
    nn.init.zeros_(layer.bias)
    graph = exported(
        tmp_path, nn.Sequential(layer, nn.ReLU(), layer).eval(), (torch.randn(1, 4),), exporter, 18
    )
    assert graph.n_parameters == 4 * 4 + 4


class Placed(nn.Module):
    """A norm without weights, and the largest of its results on a table of zeros."""

    def __init__(self):
        super().__init__()
        self.norm, self.layer = nn.LayerNorm(8, elementwise_affine=False), nn.Linear(8, 8)

    def forward(self, x):
        x = self.layer(self.norm(x))
        largest, where = x.topk(2, -1)
        return torch.zeros_like(x).scatter(-1, where, largest.clamp(min=1))


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_ones_and_zeros_that_exporters_write_are_no_weights(tmp_path, exporter):
    module, inputs = Placed().eval(), (torch.randn(1, 4, 8),)
    graphs = [read_graph(module, inputs), exported(tmp_path, module, inputs, exporter, 18)]
    assert [graph.n_parameters for graph in graphs] == [72, 72]
    first, second = GraphFeatures().fit_transform(graphs).to_numpy()
    np.testing.assert_allclose(first, second)


class Transformed(nn.Module):
    """An image seen through a transformation that is computed from it (Jaderberg et al., 2015)."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(192, 6)

    def forward(self, x):
        grid = functional.affine_grid(self.layer(x.flatten(1)).view(-1, 2, 3), x.shape, align_corners=False)
        return functional.grid_sample(x, grid, align_corners=False)


def test_spatial_transformers(tmp_path):
    module, inputs = Transformed().eval(), (torch.randn(1, 3, 8, 8),)
    for graph in (read_graph(module, inputs), exported(tmp_path, module, inputs, "torchscript", 20)):
        assert [op for op in graph.op_names if op] == ["linear", "affine_grid", "grid_sample"]
        assert graph.attributes["channels"].tolist() == [3, 6, 2, 3]
        assert graph.attributes["resolution"][2] == 8


class LastState(nn.Module):
    """A class from the final state of the last of two recurrent layers."""

    def __init__(self, layer):
        super().__init__()
        self.recurrent, self.head = layer(8, 16, num_layers=2, batch_first=True), nn.Linear(16, 5)

    def forward(self, x):
        states = self.recurrent(x)[1]
        return self.head((states[0] if isinstance(states, tuple) else states)[-1])


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("layer", [nn.GRU, nn.LSTM])
def test_final_states_of_stacked_layers_are_of_the_last(tmp_path, layer, exporter):
    module, inputs = LastState(layer).eval(), (torch.randn(1, 7, 8),)
    ours, theirs = read_graph(module, inputs), exported(tmp_path, module, inputs, exporter, 18)
    assert theirs.op_names == ours.op_names
    assert theirs.edges.tolist() == ours.edges.tolist() == [[0, 1], [1, 2], [2, 3]]


class Joined(LastState):
    """Both layers on their own, their final states one after the other along the units."""

    def __init__(self):
        super().__init__(nn.GRU)
        self.recurrent, self.second = nn.GRU(8, 8, batch_first=True), nn.GRU(8, 8, batch_first=True)

    def forward(self, x):
        x, first = self.recurrent(x)
        return self.head(torch.cat([first, self.second(x)[1]], -1))


@pytest.mark.parametrize("exporter", EXPORTERS)
def test_states_that_a_network_joins_stay_joined(tmp_path, exporter):
    module, inputs = Joined().eval(), (torch.randn(1, 7, 8),)
    for graph in (read_graph(module, inputs), exported(tmp_path, module, inputs, exporter, 18)):
        assert [op for op in graph.op_names if op] == ["gru", "gru", "concat", "linear"]


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("shape", [(1, 4), (1, 6, 4)])
def test_layers_with_one_output_have_a_bias(tmp_path, shape, exporter):
    """The bias is one number, which alone could be any constant."""
    module = nn.Sequential(nn.Linear(4, 1), nn.ReLU(), nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 4)).eval()
    graph = exported(tmp_path, module, (torch.randn(shape),), exporter, 18)
    assert [op for op in graph.op_names if op] == ["linear", "relu", "linear", "relu", "linear"]
    assert graph.n_parameters == 5 + 2 + 8
