"""PyTorch modules as computation graphs."""

import dataclasses
import re
from runpy import run_path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from torch.utils.flop_counter import FlopCounterMode

from graf import GraphFeatures, read_graph
from graf.exceptions import InputError, UnsupportedError


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


def n_parameters(module):
    return sum(p.numel() for p in module.parameters())


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


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ConvTranspose2d])
@pytest.mark.parametrize(("groups", "prefix"), [(1, ""), (4, "group_"), (8, "dw_")])
def test_kinds_of_convolutions_without_a_batch(kind, groups, prefix):
    graph = read_graph(kind(8, 16, 3, groups=groups), (8, 32, 32))
    assert graph.op_names[1].startswith(f"{prefix}conv")


class Spread(nn.Module):
    """Two layers whose outputs are brought to one shape."""

    def __init__(self, function):
        super().__init__()
        self.function, self.first, self.second = function, nn.Conv1d(3, 1, 3), nn.Conv1d(3, 1, 1)

    def forward(self, x):
        x, y = self.function(self.first(x[:, :, :4]).flatten(), self.second(x[:, :, :2]).flatten())
        return x + y


@pytest.mark.parametrize("function", [torch.broadcast_tensors, torch.meshgrid])
def test_tensors_of_one_shape_are_read_apart(function):
    graph = read_graph(Spread(function), (1, 3, 9))
    assert graph.op_names == (None, "conv3", "conv1", "add")
    assert graph.predecessors(3).tolist() == [1, 2]
    assert graph.n_parameters == 10 + 4


class Writing(nn.Module):
    """Scores of all tokens but the first get a bias in place; the output is put together in place."""

    def __init__(self):
        super().__init__()
        self.bias = nn.Parameter(torch.ones(5, 5))
        self.gain = nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        scores = x @ x.transpose(-1, -2)
        scores[:, 1:, 1:] = (scores[:, 1:, 1:] + self.bias).view(-1, 5, 5) * 2.0
        attended = scores.softmax(-1) @ x
        swapped = torch.zeros_like(attended)
        swapped[:, :3] = attended[:, 3:]
        swapped.flatten(0, 1)[3:].add_(attended[0, :3].relu())
        swapped.mul_(self.gain)
        return swapped.sigmoid()


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


def test_what_is_written_into_parts_of_tensors_is_read_afterwards():
    graph = read_graph(Writing(), example_inputs=(1, 6, 4))
    assert graph.op_names == (None, "attention", "scatter", "relu", "add", "scatter", "multiply", "sigmoid")
    assert graph.n_parameters == 25 + 1
    assert graph.n_macs == 2 * 6 * 6 * 4


def test_recurrent_layers_are_kept_whole():
    module = nn.LSTM(5, 7, num_layers=2, bidirectional=True, batch_first=True)
    graph = read_graph(module, (1, 11, 5))
    assert graph.op_names == (None, "lstm", "lstm")
    assert graph.n_parameters == n_parameters(module)
    assert graph.n_macs == 11 * 2 * 4 * 7 * ((5 + 7) + (14 + 7))
    graph = read_graph(nn.GRU(5, 7), (11, 1, 5))
    assert graph.op_names == (None, "gru")
    assert graph.n_macs == 11 * 3 * 7 * (5 + 7)


def test_projections_of_recurrent_layers_count():
    assert read_graph(nn.LSTM(8, 16, proj_size=4), (1, 1, 8)).n_macs == 4 * 16 * (8 + 4) + 16 * 4
    module = nn.LSTM(8, 16, num_layers=2, proj_size=4, bidirectional=True)
    graph = read_graph(module, (5, 1, 8))
    assert graph.n_parameters == n_parameters(module)
    assert graph.n_macs == 5 * 2 * (4 * 16 * ((8 + 4) + (8 + 4)) + 2 * 16 * 4)


class Unrolled(nn.Module):
    """A recurrent cell, called once for each of three times."""

    def __init__(self, cell):
        super().__init__()
        self.cell = cell

    def forward(self, x):
        state = None
        for time in range(3):
            state = self.cell(x[time], state)
        return state


@pytest.mark.parametrize(
    ("kind", "op", "gates"), [(nn.LSTMCell, "lstm", 4), (nn.GRUCell, "gru", 3), (nn.RNNCell, "rnn", 1)]
)
def test_cells_are_recurrent_layers_for_one_time(kind, op, gates):
    module = Unrolled(kind(5, 7))
    graph = read_graph(module, (3, 2, 5))
    assert graph.op_names == (None, op, op, op)
    assert [set(graph.predecessors(i)) for i in (2, 3)] == [{0, 1}, {0, 2}]
    assert graph.n_parameters == n_parameters(module)
    assert graph.n_macs == 3 * 2 * gates * 7 * (5 + 7)


def test_bilinear_layers_are_two_products():
    graph = read_graph(nn.Bilinear(8, 9, 7), ((4, 8), (4, 9)))
    assert graph.op_names == (None, None, "linear", "matmul", "add")
    assert graph.n_parameters == 8 * 9 * 7 + 7
    assert graph.n_macs == 4 * (7 * 9 * 8 + 7 * 9)


class Selecting(nn.Module):
    """Rows of a weight and of a tensor, by number."""

    def __init__(self):
        super().__init__()
        self.rows = nn.Parameter(torch.zeros(10, 4))

    def forward(self, x, numbers):
        return self.rows.index_select(0, numbers) + x.index_select(0, numbers)


def test_rows_selected_by_an_input():
    graph = read_graph(Selecting(), ((9, 4), torch.zeros(3, dtype=torch.long)))
    assert sorted(graph.op_names[2:]) == ["add", "embedding", "gather"]
    assert graph.n_parameters == 40


@dataclasses.dataclass
class Answer:
    """Output of a model."""

    logits: torch.Tensor
    hidden: dict
    other: object = None


class Tied(nn.Module):
    """Embedding and output share their weights; inputs by keyword, output a dataclass."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(11, 6)
        self.mix = nn.Linear(6, 6)
        self.out = nn.Linear(6, 11, bias=False)
        self.out.weight = self.embed.weight

    def forward(self, ids, mask=None, *, scale=1.0):
        x = self.embed(ids) * scale
        x = x if mask is None else x * mask
        x = self.mix(self.mix(x))
        return Answer(self.out(x), {"last": x}, object())


def test_inputs_by_keyword_shared_weights_and_outputs_of_every_kind():
    module = Tied()
    ids, mask = torch.zeros(1, 4, dtype=torch.long), torch.ones(1, 4, 1)
    graph = read_graph(module, {"ids": ids, "mask": mask, "scale": 2.0})
    assert graph.op_names == (None, None, "embedding", "multiply", "multiply", "linear", "linear", "linear")
    assert graph.n_parameters == n_parameters(module)
    shared = graph.attributes["shared_id"]
    assert shared[2] == shared[7]
    assert shared[5] == shared[6] != shared[2]
    assert graph.outputs.tolist() == [6, 7]
    assert read_graph(module, (ids, (1, 4, 1))).op_names[2] == "embedding"
    assert read_graph(module, ids).n_parameters == graph.n_parameters


@pytest.mark.parametrize("device", ["cpu", "meta"])
@pytest.mark.parametrize("x", [torch.zeros(1, 4, 8), np.zeros((1, 4, 8), np.float32)])
def test_a_tensor_that_is_given_twice_is_one_input(x, device):
    graph = read_graph(nn.MultiheadAttention(8, 2, device=device), (x, x, x))
    assert graph.op_names[:2] == (None, "linear")
    assert np.nanmax(graph.attributes["self_attention"]) == 1


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


def test_weights_on_the_meta_device():
    with torch.device("meta"):
        module = nn.Sequential(nn.Linear(100_000, 100_000), nn.ReLU())
    graph = read_graph(module, np.zeros((1, 100_000), np.float32))
    assert graph.op_names == (None, "linear", "relu")
    assert graph.n_parameters == 100_000 * 100_001


class Guarded(nn.Module):
    """What it does without gradients or with a branch."""

    def __init__(self):
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x):
        with torch.no_grad():
            y = self.linear(x).relu()
        with torch.autocast("cpu", enabled=False):
            y = y.sigmoid()
        return torch.cond(y.sum() > 0, lambda z: self.linear(self.linear(z)), lambda z: z.tanh(), (y,))


def test_blocks_of_code_are_inlined_and_branches_counted():
    graph = read_graph(Guarded(), (1, 4))
    assert graph.op_names[1:4] == ("linear", "relu", "sigmoid")
    assert graph.op_names[-1] == "if"
    assert graph.attributes["n_macs"][-1] == 2 * 16
    assert graph.n_parameters == 20


class TwoWays(nn.Module):
    """A wide branch with a change of shape, and a narrow one with weights of its own."""

    def __init__(self):
        super().__init__()
        self.wide = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 8), nn.Unflatten(-1, (2, 4)))
        self.narrow = nn.Sequential(nn.Linear(8, 8, bias=False), nn.Unflatten(-1, (2, 4)))

    def forward(self, x):
        return torch.cond(x.sum() > 0, self.wide.forward, self.narrow.forward, (x,))


def test_a_branch_costs_what_the_steps_in_it_do():
    graph = read_graph(TwoWays(), (4, 8))
    names = ("n_macs", "n_elementary", "n_activations", "n_bytes")
    weights, wide, narrow = 8 * 64 + 64 + 64 * 8 + 8, 4 * 64, 4 * 8
    assert graph.n_parameters == weights + 64
    assert {name: int(graph.attributes[name][-1]) for name in names} == {
        "n_macs": 4 * 2 * 8 * 64,
        "n_elementary": wide,
        "n_activations": 2 * wide + narrow,
        "n_bytes": 4 * (weights + 4 * wide + 2 * narrow),
    }


@torch.library.custom_op("graf_tests::mystery", mutates_args=())
def mystery(x: torch.Tensor) -> torch.Tensor:
    """An operator that nobody knows."""
    return x.clone()


mystery.register_fake(lambda x: torch.empty_like(x))


class Flexible(nn.Module):
    """Attention with functions of the positions."""

    def __init__(self, **settings):
        super().__init__()
        self.project, self.slope = nn.Linear(8, 24), nn.Parameter(torch.ones(4))
        self.settings = settings

    def forward(self, x):
        parts = self.project(x).unflatten(-1, (3, 4, 2)).permute(2, 0, 3, 1, 4)
        return flex_attention(
            *parts, lambda score, b, h, q, k: score + self.slope[h] * (q - k), **self.settings
        )


@pytest.mark.parametrize("causal", [True, False])
def test_flexible_attention(causal):
    mask = create_block_mask(lambda b, h, q, k: (q >= k) & (q - k < 3), 1, None, 16, 16, device="cpu")
    graph = read_graph(Flexible(**{"block_mask": mask} if causal else {}), (1, 16, 8))
    assert graph.op_names == (None, "linear", "attention")
    assert graph.attributes["n_macs"][2] == 2 * 16 * 16 * 8
    assert graph.attributes["heads"][2] == 4
    assert graph.attributes["causal"][2] == causal
    assert graph.n_parameters == 9 * 24 + 4


class Masked(nn.Module):
    """The transformer of PyTorch, whose decoder sees earlier tokens only."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Transformer(16, 2, 1, 1, 32, batch_first=True)

    def forward(self, source, target, padding):
        mask = nn.Transformer.generate_square_subsequent_mask(target.shape[1])
        return self.layers(source, target, tgt_mask=mask, src_key_padding_mask=padding)


def test_masks_of_transformers_are_taken_as_given():
    compare = nn.modules.transformer._detect_is_causal_mask
    graph = read_graph(Masked(), ((1, 9, 16), (1, 6, 16), torch.zeros(1, 9, dtype=torch.bool)))
    causal = graph.attributes["causal"][[op == "attention" for op in graph.op_names]]
    np.testing.assert_array_equal(causal, [np.nan, 1, 0])
    assert nn.modules.transformer._detect_is_causal_mask is compare


def test_unknown_operations_are_kept_and_reported_once():
    class Unknown(nn.Module):
        def forward(self, x):
            return mystery(mystery(x).relu())

    with pytest.warns(UserWarning, match=r"does not know.*: graf_tests_mystery \(2\)") as caught:
        graph = read_graph(Unknown(), (1, 4))
    assert len(caught) == 1
    assert graph.op_names == (None, "graf_tests_mystery", "relu", "graf_tests_mystery")


def test_sizes_that_depend_on_values_are_reported():
    class Sparse(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(4, 3)

        def forward(self, x):
            return self.layer(x[x[:, 0] > 0])

    with pytest.warns(
        UserWarning, match=r"sizes of 2 operations depend on values.*first is 'index'"
    ) as caught:
        graph = read_graph(Sparse(), (5, 4))
    assert len(caught) == 1
    assert (graph.n_macs, graph.n_parameters) == (4 * 3, 15)


class Branching(nn.Module):
    """Looks at values."""

    def forward(self, x):
        if x.sum() > 0:
            return x.relu()
        return x


def test_control_flow_that_depends_on_values_names_its_line():
    with pytest.raises(UnsupportedError, match=rf"{re.escape(__file__)}:\d+ \(`if x.sum\(\) > 0:`\)"):
        read_graph(Branching(), (1, 4))


def test_without_own_code_the_line_of_a_layer_of_torch_is_named():
    layer = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5])
    with pytest.raises(UnsupportedError, match=r"adaptive\.py:\d+ \(`"):
        read_graph(layer, (torch.rand(2, 8), torch.zeros(2, dtype=torch.int64)))


@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_scripted_modules_are_refused_in_words():
    with pytest.raises(InputError, match="scripted module"):
        read_graph(torch.jit.script(nn.Linear(4, 4)), (1, 4))


def test_a_long_line_at_fault_is_not_quoted_whole(tmp_path):
    source = tmp_path / "long.py"
    source.write_text("def forward(self, x):\n    return x if x.sum() > 0 else " + " + ".join("x" * 500))
    forward = run_path(str(source))["forward"]
    with pytest.raises(UnsupportedError, match=r"long\.py:2") as raised:
        read_graph(type("Long", (nn.Module,), {"forward": forward})(), (1, 4))
    assert len(str(raised.value).split("`")[1]) == 200


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (None, "with `example_inputs`, got none"),
        ((1, 4, 9), "failed on the example inputs"),
        ((0, 4), r"positive integers, got \(0, 4\)"),
        (3.5, "cannot be 3.5"),
        ([], r"cannot be \[\]"),
        (np.array(["a"]), "cannot hold array.*numpy.str_"),
        ((2**62, 4), r"cannot hold \(4611686018427387904, 4\)"),
        ({"wrong": (1, 4)}, "inputs: missing a required argument: 'input'"),
    ],
)
def test_inputs_that_do_not_fit(inputs, message):
    with pytest.raises(InputError, match=message):
        read_graph(nn.Linear(4, 4), inputs)


def test_example_inputs_are_for_modules():
    with pytest.raises(InputError, match="for PyTorch modules"):
        read_graph("64-41414-1_02_333", (1, 3, 32, 32))
    assert read_graph("64-41414-1_02_333", "transnas_micro").n_nodes > 1


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
