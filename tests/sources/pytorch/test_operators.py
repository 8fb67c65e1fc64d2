"""What operators of PyTorch modules become, unknown ones among them."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

from graf import read_graph


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


class Alike(nn.Module):
    """A weight in the shape or type of the input, and a layer."""

    def __init__(self, function):
        super().__init__()
        self.function, self.weight = function, nn.Parameter(torch.ones(4, 4))

    def forward(self, x):
        return nn.functional.linear(x, self.function(self.weight, x)).relu()


@pytest.mark.parametrize("function", [torch.Tensor.type_as, torch.Tensor.view_as, torch.Tensor.reshape_as])
def test_a_tensor_that_tells_a_shape_or_a_type_is_no_operand(function):
    graph = read_graph(Alike(function), (4, 4))
    assert graph.op_names == (None, "linear", "relu")
    assert (graph.n_parameters, graph.n_macs) == (16, 4 * 16)


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


def test_what_is_written_into_parts_of_tensors_is_read_afterwards():
    graph = read_graph(Writing(), example_inputs=(1, 6, 4))
    assert graph.op_names == (None, "attention", "scatter", "relu", "add", "concat", "multiply", "sigmoid")
    assert graph.n_parameters == 25 + 1
    assert graph.n_macs == 2 * 6 * 6 * 4


class Neighbours(nn.Module):
    """A layer of a graph network, which holds the adjacency matrix with few numbers."""

    def __init__(self, product):
        super().__init__()
        self.product, self.layer = product, nn.Linear(4, 3)
        self.register_buffer("adjacency", torch.eye(5).to_sparse())

    def forward(self, x):
        return self.product(self.adjacency, self.layer(x))


@pytest.mark.parametrize("product", [torch.sparse.mm, torch.spmm, torch.matmul])
def test_sparse_matrices_count_as_dense_ones(product):
    graph = read_graph(Neighbours(product), (5, 4))
    assert graph.op_names == (None, "linear", "linear")
    assert (graph.n_parameters, graph.n_macs) == (15, 5 * 4 * 3 + 5 * 5 * 3)


class Corner(nn.Module):
    """Puts something into a corner of zeros."""

    def forward(self, x):
        y = torch.zeros_like(x)
        y[:, :2, :2] = x[:, 2:, 2:].relu()
        return y.sigmoid()


def test_a_part_cut_along_two_axes_is_written_once():
    assert read_graph(Corner(), example_inputs=(1, 4, 4)).op_names == (None, "relu", "scatter", "sigmoid")


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


class TimesFirst(nn.Module):
    """A convolution of (time, batch, channels), as in fairseq."""

    def __init__(self):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.zeros(3, 8, 5)), nn.Parameter(torch.zeros(5))

    def forward(self, x):
        return torch.conv_tbc(x, self.weight, self.bias, 1).relu()


def test_convolutions_with_time_first():
    graph = read_graph(TimesFirst(), example_inputs=(7, 2, 8))
    assert graph.op_names == (None, "conv3", "relu")
    assert graph.n_macs == 7 * 2 * 5 * 3 * 8
    assert graph.n_parameters == 3 * 8 * 5 + 5


def test_fractional_pools_have_the_kernel_that_they_are_given():
    graph = read_graph(nn.FractionalMaxPool2d(3, output_size=(8, 4)), example_inputs=(1, 2, 16, 16))
    assert graph.op_names == (None, "max_pool3x3")
    assert graph.attributes["kernel"][1] == pytest.approx(3)
    assert graph.attributes["stride"][1] == pytest.approx(8**0.5)
