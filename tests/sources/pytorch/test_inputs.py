"""Example inputs of PyTorch modules, in every form, and those that do not fit."""

import dataclasses

import numpy as np
import pytest
import torch
from functions import n_parameters
from torch import nn

from graf import read_graph
from graf.exceptions import InputError


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
