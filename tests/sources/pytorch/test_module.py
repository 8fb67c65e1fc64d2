"""PyTorch modules as computation graphs."""

import numpy as np
import pytest
import torch
from functions import n_parameters
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.utils.flop_counter import FlopCounterMode

from graf import GraphFeatures, read_graph
from graf.exceptions import InputError


class Residual(nn.Module):
    """Two convolutions beside a projection."""

    def __init__(self, n_in, n_out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(n_in, n_out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(n_out)
        self.conv2 = nn.Conv2d(n_out, n_out, 3, 1, 1, groups=n_out, bias=False)
        self.bn2 = nn.BatchNorm2d(n_out)
        self.down = nn.Sequential(nn.Conv2d(n_in, n_out, 1, stride, bias=False), nn.BatchNorm2d(n_out))

    def forward(self, x):
        return F.relu(self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))) + self.down(x))


class Classifier(nn.Module):
    """A small convolutional network."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.MaxPool2d(3, 2, 1))
        self.block = Residual(8, 16, 2)
        self.up = nn.ConvTranspose2d(16, 8, 2, 2)
        self.head = nn.Linear(8, 10)

    def forward(self, x):
        return self.head(self.up(self.block(self.stem(x))).mean((2, 3)))


def test_nodes_edges_and_attributes():
    module = Classifier()
    graph = read_graph(module, (1, 3, 32, 32))
    assert graph.op_names == (
        None, "conv3x3", "max_pool3x3", "conv3x3", "relu", "dw_conv3x3", "conv1x1", "add", "relu",
        "conv_transpose2x2", "global_avg_pool", "linear",
    )  # fmt: skip
    assert graph.predecessors(7).tolist() == [5, 6]
    assert graph.inputs.tolist() == [0]
    assert graph.outputs.tolist() == [11]
    assert graph.n_parameters == n_parameters(module)
    a = graph.attributes
    assert a["shape"][[0, 3, 11]].tolist() == ["1x3x32x32", "1x16x8x8", "1x10"]
    assert a["module"][[1, 5, 6, 11]].tolist() == ["stem.0", "block.conv2", "block.down.0", "head"]
    assert a["kernel"][[1, 2, 6]].tolist() == [3, 3, 1]
    assert a["stride"][[1, 2, 3, 9]].tolist() == [1, 2, 2, 2]
    assert a["groups"][[1, 5]].tolist() == [1, 16]
    assert a["channels"][1:].tolist() == [8, 8, 16, 16, 16, 16, 16, 16, 8, 8, 10]
    assert a["resolution"][[1, 3, 9]].tolist() == [32, 8, 16]
    assert a["folded_norms"][[3, 5, 6]].tolist() == [1, 1, 1]
    assert a["n_activations"][1] == 8 * 32 * 32
    assert a["n_output_bytes"][1] == 4 * 8 * 32 * 32
    assert a["n_bytes"][1] == 4 * (3 * 32 * 32 + 8 * 32 * 32 + 8 * 3 * 9 + 8)
    assert a["n_elementary"][2] == 9 * 8 * 16 * 16


def test_batch_norms_are_kept_on_request():
    graph = read_graph(Classifier(), (1, 3, 32, 32), fold_batch_norm=False)
    assert graph.op_names.count("batch_norm") == 3
    assert graph.n_parameters == n_parameters(Classifier())


def counted(module, *inputs):
    """Half the operations that PyTorch counts."""
    module = module.to("meta")
    with FlopCounterMode(display=False) as counter:
        module(*[torch.empty_like(x, device="meta") for x in inputs])
    return counter.get_total_flops() // 2


MODULES = {
    "convolutions": (Classifier(), (1, 3, 32, 32)),
    "one and three dimensions": (
        nn.Sequential(nn.Conv1d(4, 8, 3), nn.Unflatten(1, (2, 4)), nn.Conv2d(2, 6, (1, 3), groups=2)),
        (1, 4, 20),
    ),
    "transposed": (nn.ConvTranspose2d(6, 4, 3, 2, groups=2), (1, 6, 9, 9)),
    "encoder": (nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), (1, 9, 16)),
    "bilinear products": (Residual(4, 4, 1), (2, 4, 8, 8)),
}


@pytest.mark.parametrize("name", MODULES)
def test_multiply_adds_and_parameters_are_those_of_torch(name):
    module, shape = MODULES[name]
    module.eval()
    graph = read_graph(module, shape)
    assert graph.n_parameters == n_parameters(module)
    assert graph.n_macs == counted(module.train(), torch.empty(shape))


class Published(nn.Module):
    """What published counts hold beside multiply-adds."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1, bias=False)
        self.norms = nn.Sequential(nn.BatchNorm2d(8), nn.GroupNorm(2, 8), nn.GroupNorm(2, 8, affine=False))
        self.pools = nn.Sequential(
            nn.MaxPool2d(2), nn.AvgPool2d(3, 1, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        )
        self.bias = nn.Linear(5, 8)
        self.positions = nn.Parameter(torch.empty(1, 5))

    def forward(self, x):
        weight = F.batch_norm(self.conv.weight.reshape(1, 8, -1), None, None, training=True)
        x = F.conv2d(x, weight.reshape_as(self.conv.weight), padding=1)
        return self.pools(self.norms(x)) + self.bias(self.positions)


@pytest.mark.parametrize("fold", [True, False])
def test_multiply_adds_as_fvcore_counts_them(fold):
    graph = read_graph(Published().eval(), (1, 3, 16, 16), fold_batch_norm=fold)
    layer, pooled = 8 * 16 * 16, 8 * 8 * 8
    weights = 4 * 8 * 3 * 9 + 5 * 8  # standardised without a scale, and the layer that reads weights only
    assert graph.n_macs == 27 * layer
    assert graph.n_macs_fvcore == 27 * layer + (2 + 5 + 4) * layer + 2 * pooled + weights
    assert graph.attributes["n_macs_fvcore"][0] == weights


def test_what_is_mapped_over_samples_is_what_a_batch_is():
    class Mapped(nn.Sequential):
        def forward(self, x):
            return torch.vmap(super().forward)(x)

    layers = nn.Linear(8, 5), nn.GELU(), nn.LayerNorm(5)
    graphs = [read_graph(module, (3, 4, 8)) for module in (Mapped(*layers), nn.Sequential(*layers))]
    assert graphs[0].op_names == graphs[1].op_names == (None, "linear", "gelu", "layer_norm")
    assert graphs[0].n_macs == graphs[1].n_macs == 3 * 4 * 8 * 5
    assert graphs[0].n_parameters == graphs[1].n_parameters


def test_the_module_stays_as_it_was():
    module = Classifier().train()
    module.block.eval()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    modes = [part.training for part in module.modules()]
    read_graph(module, torch.ones(1, 3, 32, 32))
    with pytest.raises(InputError):
        read_graph(module, (1, 4, 32, 32))
    assert [part.training for part in module.modules()] == modes
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())
    assert not module._forward_hooks


class Merging(nn.Linear):
    """Adds a part to its weights when it is told to evaluate, as layers with LoRA do."""

    def train(self, mode=True):
        self.weight.data += float(not mode)
        return super().train(mode)


def test_a_module_that_changes_its_weights_for_evaluation_keeps_them():
    module = nn.Sequential(Merging(4, 4))
    before = module[0].weight.clone()
    read_graph(module, (1, 4))
    assert torch.equal(module[0].weight, before)


def test_weights_on_the_meta_device():
    with torch.device("meta"):
        module = nn.Sequential(nn.Linear(100_000, 100_000), nn.ReLU())
    graph = read_graph(module, np.zeros((1, 100_000), np.float32))
    assert graph.op_names == (None, "linear", "relu")
    assert graph.n_parameters == 100_000 * 100_001


def test_a_module_without_operations():
    with pytest.raises(InputError, match="computes nothing"):
        read_graph(nn.Identity(), (1, 4))


def test_features_of_modules():
    graphs = [read_graph(module, shape) for module, shape in MODULES.values()]
    table = GraphFeatures(columns=["op_count(linear)", "total(n_macs)"]).fit_transform(graphs)
    assert table["op_count(linear)"].tolist() == [1, 0, 0, 4, 0]
    assert table["total(n_macs)"].tolist() == [graph.n_macs for graph in graphs]


class Halves(nn.Module):
    """What slices, axes and bounds tell apart reads the same node in the graph."""

    def forward(self, x):
        a, b = x.chunk(2, dim=1)
        return torch.cat([F.relu(a), F.relu(b), x.clamp(0, 1), x.clamp(0, 2)], dim=1)


def test_a_simplified_network_keeps_what_is_told_apart_by_slices_and_bounds():
    graph = read_graph(Halves(), (1, 8, 4, 4))
    assert graph.op_names.count("relu") == 2
    assert graph.simplified().op_names == graph.op_names
    (table,) = GraphFeatures(simplified=True).fit_transform([graph]).to_dict("records")
    assert table["op_count(relu)"] == 2
