"""Branches of PyTorch modules, and what depends on values."""

import re
from runpy import run_path

import pytest
import torch
from torch import nn
from torch._higher_order_ops.scan import scan

from graf import read_graph
from graf.exceptions import InputError, UnsupportedError


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


class Scanning(nn.Module):
    """A recurrent layer that starts from zeros."""

    def __init__(self):
        super().__init__()
        self.state = nn.Linear(8, 8)

    def forward(self, x):
        def step(state, now):
            state = torch.tanh(self.state(state) + now)
            return state, state.clone()

        return scan(step, torch.zeros(2, 8), x)[1]


def test_what_iterations_hand_on_is_no_constant():
    graph = read_graph(Scanning(), (5, 2, 8))
    assert graph.op_names == (None, "loop")
    assert (graph.n_macs, graph.n_parameters) == (2 * 64, 72)
    states, weights = 4 * 2 * 8, 4 * 72  # a linear layer, a sum and a tangent of one time each
    assert graph.attributes["n_bytes"][1] == weights + (2 + 3 + 2) * states


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


class OfSeveralLengths(nn.GRU):
    def forward(self, x, lengths):
        return super().forward(nn.utils.rnn.pack_padded_sequence(x, lengths))[1]


def test_sequences_of_several_lengths_depend_on_values():
    with pytest.raises(UnsupportedError, match=r"depends on values of tensors.*pack_padded_sequence"):
        read_graph(OfSeveralLengths(4, 2), (torch.ones(5, 2, 4), torch.tensor([5, 3])))


def test_without_own_code_the_line_of_a_layer_of_torch_is_named():
    layer = nn.AdaptiveLogSoftmaxWithLoss(8, 20, [5])
    with pytest.raises(UnsupportedError, match=r"adaptive\.py:\d+ \(`"):
        read_graph(layer, (torch.rand(2, 8), torch.zeros(2, dtype=torch.int64)))


@pytest.mark.filterwarnings("ignore:`torch.jit")
def test_scripted_modules_are_refused_in_words():
    scripted = torch.jit.script(nn.Linear(4, 4))
    with pytest.raises(InputError, match="`source` is a scripted module"):
        read_graph(scripted, (1, 4))
    with pytest.raises(InputError, match="`source` holds in '1' a scripted module"):
        read_graph(nn.Sequential(nn.ReLU(), scripted), (1, 4))


def test_modules_whose_weights_have_no_shape_yet_are_refused_in_words():
    lazy = nn.Sequential(nn.LazyLinear(4))
    with pytest.raises(InputError, match=r"holds in '0' a LazyLinear whose weights have no shape yet; call"):
        read_graph(lazy, (1, 8))
    lazy(torch.ones(1, 8))
    assert read_graph(lazy, (1, 8)).n_parameters == 36


def test_inputs_without_content_are_taken_and_nested_ones_refused_in_words():
    assert read_graph(nn.Linear(4, 2), torch.empty(1, 4, device="meta")).n_macs == 8
    nested = torch.nested.nested_tensor([torch.ones(3, 4), torch.ones(5, 4)], layout=torch.jagged)
    with pytest.raises(InputError, match="cannot hold a nested tensor; give a padded one"):
        read_graph(nn.Linear(4, 2), (nested,))


@pytest.mark.filterwarnings("ignore")  # quantisation in torch is deprecated
def test_modules_with_packed_weights_are_refused_in_words():
    quantised = torch.ao.quantization.quantize_dynamic(nn.Sequential(nn.Linear(4, 4)), {nn.Linear})
    with pytest.raises(InputError, match=r"holds in '0.*a layer with packed quantised weights"):
        read_graph(quantised, (1, 4))


def test_modules_that_were_exported_are_read():
    layers = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8)).eval()
    exported = torch.export.export(layers, (torch.zeros(1, 3, 8, 8),)).module()
    for module in (exported, nn.Sequential(exported, nn.ReLU())):
        graph = read_graph(module, (1, 3, 8, 8))
        assert graph.op_names[:2] == (None, "conv3x3")
        assert graph.n_parameters == 8 * 27 + 8 + 16


def test_a_long_line_at_fault_is_not_quoted_whole(tmp_path):
    source = tmp_path / "long.py"
    source.write_text("def forward(self, x):\n    return x if x.sum() > 0 else " + " + ".join("x" * 500))
    forward = run_path(str(source))["forward"]
    with pytest.raises(UnsupportedError, match=r"long\.py:2") as raised:
        read_graph(type("Long", (nn.Module,), {"forward": forward})(), (1, 4))
    assert len(str(raised.value).split("`")[1]) == 200
