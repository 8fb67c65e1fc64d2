"""Which axis is which, wherever operators put them."""

import pytest
import torch
from functions import Function, ops_of
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


class Convolution(nn.Module):
    """A function of a convolution from 3 to 12 channels and an input."""

    def __init__(self, function):
        super().__init__()
        self.function, self.layer = function, nn.Conv2d(3, 12, 3, padding=1)

    def forward(self, x):
        return self.function(self.layer, x)


def channels_last(x):
    return x.permute(0, 2, 3, 1)


def channels_first(x):
    return x.permute(0, 3, 1, 2)


def gated(layer, x):
    value, gate = channels_last(layer(x)).chunk(2, -1)
    return value * gate.sigmoid()


CHANNELS_LAST = {
    "concatenated": (lambda f, x: torch.cat([channels_last(f(x))] * 2 + [channels_last(x)], -1).tanh(), 27),
    "halves": (gated, 6),
    "one left": (lambda f, x: channels_last(f(x)).mean(-1, keepdim=True).tanh(), 1),
    "scaled": (lambda f, x: channels_last(f(x)) * 2 + 1, 12),
    "permuted input": (lambda f, x: channels_last(f(channels_first(channels_last(x) * 2))), 12),
}


@pytest.mark.parametrize("form", CHANNELS_LAST)
def test_channels_behind_positions(form):
    function, channels = CHANNELS_LAST[form]
    graph = read_graph(Convolution(function), ((1, 3, 8, 10),))
    assert set(graph.attributes["resolution"]) == {80**0.5}
    assert graph.attributes["channels"][-1] == channels


def test_images_with_channels_last():
    graph = read_graph(Convolution(lambda f, x: f(channels_first(x * 2)).relu()), ((1, 8, 10, 3),))
    assert graph.attributes["channels"].tolist() == [3, 3, 12, 12]
    assert set(graph.attributes["resolution"]) == {80**0.5}


@pytest.mark.parametrize(("convolution", "n_axes"), [(F.conv1d, 1), (F.conv2d, 2)])
def test_parts_of_channels_in_front_of_positions(convolution, n_axes):
    """As of a gate in a convolution over a sequence, or over an image whose positions were put in a row."""

    def gated(x, w):
        value, gate = convolution(x, w).flatten(2).chunk(2, 1)
        return value * gate.sigmoid()

    graph = read_graph(Function(gated, w=(16, 3, *[1] * n_axes)), ((1, 3, *[7] * n_axes),))
    assert graph.op_names[-2:] == ("sigmoid", "multiply")
    assert graph.attributes["channels"][-2:].tolist() == [8, 8]
    assert graph.attributes["sequence"][-2:].tolist() == [7**n_axes] * 2


def test_concatenations_of_images_as_wide_as_they_have_channels():
    """As in the second stage of a U-Net for images of 256 pixels."""

    def joined(layer, x):
        x = layer(x)
        return torch.cat([x, x.relu()], 1).tanh()

    graph = read_graph(Convolution(joined), torch.randn(1, 3, 12, 12))
    assert graph.op_names[-2:] == ("concat", "tanh")
    assert graph.attributes["channels"][-2:].tolist() == [24, 24]
    assert graph.attributes["resolution"][-2:].tolist() == [12, 12]


@pytest.mark.parametrize("layer", [nn.LSTM, nn.GRU, nn.RNN])
@pytest.mark.parametrize("batch_first", [True, False])
def test_positions_of_recurrent_layers(layer, batch_first):
    graph = read_graph(
        layer(8, 5, batch_first=batch_first), torch.randn((2, 7, 8) if batch_first else (7, 2, 8))
    )
    assert [graph.attributes[name][1] for name in ("channels", "sequence")] == [5, 7]


@pytest.mark.parametrize("n_samples", [1, 3])
def test_positions_that_were_put_before_the_samples(n_samples):
    graph = read_graph(nn.TransformerEncoderLayer(8, 2, 16, batch_first=True), ((n_samples, 5, 8),))
    assert set(graph.attributes["sequence"]) == {5}
    tokens = Convolution(lambda layer, x: F.gelu(layer(x).flatten(2).permute(2, 0, 1)).transpose(0, 1).relu())
    graph = read_graph(tokens, ((n_samples, 3, 4, 6),))
    assert list(graph.attributes["sequence"][2:]) == [24, 24]


def test_parts_without_elements_are_not_concatenated():
    assert ops_of(lambda x: torch.cat([x[..., :4].relu(), x[..., 4:]], -1), (1, 5, 4)) == ["relu"]


def test_rows_of_a_matrix_are_the_positions_that_were_put_there():
    def mlp(x, first, second):
        rows = F.gelu(x.flatten(0, -2) @ first) @ second
        return rows.view(x.shape).relu()

    graph = read_graph(Function(mlp, first=(8, 24), second=(24, 8)), ((1, 5, 8),))
    assert graph.op_names == (None, "linear", "gelu", "linear", "relu")
    assert list(graph.attributes["channels"]) == [8, 24, 24, 8, 8]
    assert list(graph.attributes["sequence"]) == [5] * 5
    graph = read_graph(Function(mlp, first=(8, 24), second=(24, 8)), ((2, 4, 4, 8),))
    assert list(graph.attributes["resolution"]) == [4] * 5
    pooled = Function(lambda x, w: x.mean((2, 3)) @ w, w=(8, 3))
    last = read_graph(pooled, ((2, 8, 4, 4),)).attributes["resolution"][-1]
    assert last != last  # NaN


class RowsOfStates(nn.Module):
    """A linear layer on the states at all times, as tools write it for one sample."""

    def __init__(self):
        super().__init__()
        self.recurrent, self.head = nn.LSTM(6, 8), nn.Linear(8, 5)

    def forward(self, x):
        return self.head(self.recurrent(x)[0].flatten(0, 1))


def test_rows_of_a_matrix_are_the_times_that_stood_before_the_sample():
    assert list(read_graph(RowsOfStates(), (7, 1, 6)).attributes["sequence"][1:]) == [7, 7]
    graph = read_graph(nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5)), (1, 8, 4, 4))
    assert graph.attributes["resolution"][-1] != graph.attributes["resolution"][-1]  # NaN


def test_rearrangements_are_bridged():
    def moved(x):
        x = torch.roll(x.permute(0, 2, 3, 1).unflatten(-1, (2, 4)).flatten(-2), 1, 1)
        parts = torch.cat([x[:, 0::2], x[:, 1::2]], 1)
        return F.pad(parts.contiguous().clone(), (1, 1)).squeeze(0).relu()

    assert ops_of(moved, (1, 8, 4, 4)) == ["relu"]
    assert ops_of(lambda x: torch.cat([x, x.relu()], 1), (1, 8)) == ["relu", "concat"]
    assert ops_of(lambda x: torch.cat([torch.tensor([]), x.relu()], 1), (1, 8)) == ["relu"]
