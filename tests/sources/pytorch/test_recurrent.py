"""Recurrent layers and cells of PyTorch modules."""

import pytest
from functions import n_parameters
from torch import nn

from graf import read_graph


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
