"""Absolute positions that are added to a tensor."""

import pytest
import torch
from functions import Function, ops_of
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


def test_absolute_positions():
    graph = read_graph(Function(lambda x, p: (x + p).relu(), p=(1, 5, 4)), ((1, 5, 4),))
    assert graph.op_names == (None, "position_embedding", "relu")
    assert ops_of(lambda x, b: x.relu() + b, (1, 5, 4), b=4) == ["relu", "add"]


def test_absolute_positions_that_leave_out_padding():
    def embedded(tokens, words, places):
        kept = (tokens != 1).int()
        return F.embedding(tokens, words) + F.embedding((kept.cumsum(1) + 2) * kept + 1, places)

    graph = read_graph(Function(embedded, words=(9, 4), places=(16, 4)), torch.zeros(1, 5, dtype=torch.long))
    assert graph.op_names[-1] == "position_embedding"
    assert graph.n_parameters == 100


@pytest.mark.parametrize("n", [1, 4])
def test_a_row_that_all_positions_take_is_no_position_embedding(n):
    def embedded(tokens, words, places, kinds, token):
        position = torch.arange(tokens.shape[1]).expand(tokens.shape)
        x = F.embedding(tokens, words) + F.embedding(position, places)
        x = x + F.embedding(torch.zeros_like(tokens), kinds)
        return x + token.expand(x.shape)

    module = Function(embedded, words=(9, 4), places=(6, 4), kinds=(2, 4), token=(1, 1, 4))
    graph = read_graph(module, torch.zeros(n, 5, dtype=torch.long))
    assert graph.op_names == (None, "embedding", "position_embedding", "add", "add")
    assert graph.n_parameters == 72


def test_a_row_of_a_long_table_that_all_positions_take_is_no_position_embedding():
    class Kinds(nn.Module):
        def __init__(self):
            super().__init__()
            self.kinds, self.places = nn.Embedding(256, 8), nn.Embedding(256, 8)

        def forward(self, x):
            kinds, places = torch.zeros(1, 5, 2, dtype=torch.long), torch.arange(5)
            return (
                x
                + self.kinds(kinds[..., 1])
                + self.kinds(kinds[..., 1] - kinds[..., 0])
                + self.places(places)
            )

    assert read_graph(Kinds(), (1, 5, 8)).op_names == (None, "add", "add", "position_embedding")


def test_sines_of_counted_positions_are_absolute_positions():
    class Sines(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("sines", torch.randn(16, 4))

        def forward(self, x, kept):
            return x + self.sines.index_select(0, kept.cumsum(1).view(-1)).view(x.shape)

    graph = read_graph(Sines(), (torch.zeros(1, 5, 4), torch.ones(1, 5, dtype=torch.long)))
    assert graph.op_names[-1] == "position_embedding"


@pytest.mark.parametrize("kept", [True, False])
def test_fixed_sines_are_absolute_positions(kept):
    def sines(n):
        angles = torch.arange(n)[:, None] / 10_000 ** (torch.arange(4) / 4)
        return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)

    module = Function(
        lambda x: (x * 8**0.5 + (module.sines if kept else sines(16))[None, : x.shape[1]]).relu()
    )
    module.register_buffer("sines", sines(5000))
    module.sines[1] = 0  # padding, as in fairseq
    assert read_graph(module, (1, 5, 8)).op_names[-2] == "position_embedding"
    module.register_buffer("shift", torch.randn(5, 8))
    assert read_graph(module, (1, 5, 8)).op_names == (None, "multiply", "position_embedding", "relu")
    module.function = lambda x: x + module.shift
    assert read_graph(module, (1, 5, 8)).op_names == (None, "add")


@pytest.mark.parametrize("project", [lambda x, w: x, lambda x, w: F.linear(x, w)])
def test_latents_that_a_shortcut_leads_around_their_attention_are_no_positions(project):
    def read(x, latents, w, places):  # as in Perceiver
        query = latents.expand(1, 3, 8)
        attended = project(F.scaled_dot_product_attention(F.linear(query, w), x, x), w)
        return query + attended + places

    ops = ops_of(read, (1, 5, 8), latents=(3, 8), w=(8, 8), places=(3, 8))
    assert [op for op in ops if op != "linear"] == ["attention", "add", "position_embedding"]


def test_a_weight_for_each_channel_of_blocks_is_no_position_embedding():
    def mixed(x, real, imaginary, b):  # as in AFNO
        first, second = (torch.einsum("npbi,bio->npbo", x, w) for w in (real, imaginary))
        return first - second + b

    ops = ops_of(mixed, (1, 5, 2, 4), real=(2, 4, 4), imaginary=(2, 4, 4), b=(2, 4))
    assert ops == ["linear", "linear", "subtract", "add"]


@pytest.mark.parametrize(
    "first",
    [
        lambda zeros, a, w: zeros * a,
        lambda zeros, a, w: (zeros - a).exp(),
        lambda zeros, a, w: a / (zeros + 0.5),
        lambda zeros, a, w: F.linear(zeros, w),
        lambda zeros, a, w: F.linear(zeros, w, a).tanh(),
        lambda zeros, a, w: zeros @ w + a,
        lambda zeros, a, w: F.linear(a.expand(zeros.shape), w),
    ],
)
def test_a_first_state_of_zeros_is_no_position_embedding(first):
    def recurrent(x, a, w):
        state = first(torch.zeros(x.shape[0], x.shape[2]), a, w)
        for time in range(x.shape[1]):
            state = state + F.linear(x[:, time], w)
        return state

    ops = [ops_of(recurrent, (n, 3, 8), a=8, w=(8, 8)) for n in (1, 2)]
    assert ops[0] == ops[1] == ["linear", *["linear", "add"] * 2]  # it is a bias at the first time


def test_constants_that_are_the_same_everywhere_are_no_position_embedding():
    assert ops_of(lambda x, a: x + torch.full((5, 8), 0.5).sin(), (1, 5, 8), a=8) == ["add"]
    assert ops_of(lambda x, a: x + torch.full((5, 8), 0.5) * a, (1, 5, 8), a=8) == ["add"]
    convolve = lambda x, w: F.conv1d(x, w) + F.conv1d(torch.zeros_like(x), w).tanh()  # noqa: E731
    assert ops_of(convolve, (2, 8, 5), w=(8, 8, 1)) == ["conv1", "add"]
    assert ops_of(lambda x, a: x + torch.ones(8, 5, 5) * a, (1, 8, 5, 5), a=(8, 1, 1)) == ["add"]
    assert ops_of(lambda x, a, b: x + a * b, (1, 5, 8), a=8, b=(5, 1)) == ["position_embedding"]
    assert ops_of(lambda x, a: x + torch.ones(1, 5, 8) * a, (1, 5, 8), a=(5, 8)) == ["position_embedding"]
