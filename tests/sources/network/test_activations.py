"""Activations that a module writes out in parts are recognised."""

import numpy as np
import pytest
import torch
from functions import Function, ops_of
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph

ACTIVATIONS = {
    "silu": [
        F.silu,
        lambda x: x * torch.sigmoid(x),
        lambda x: torch.sigmoid(x) * x,
        lambda x: x * torch.sigmoid(1.0 * x),
    ],
    "quick_gelu": [lambda x: x * torch.sigmoid(1.702 * x)],
    "gelu": [
        F.gelu,
        lambda x: F.gelu(x, approximate="tanh"),
        lambda x: x * 0.5 * (1 + torch.erf(x / 2**0.5)),
        lambda x: 0.5 * (x * (1 + torch.erf(x * 0.7071))),
        lambda x: 0.5 * x * (1 + torch.tanh(0.797 * (x + 0.0447 * x**3))),
        lambda x: (0.5 * x) * (torch.erf(x / 1.41421) + 1),
        lambda x: x * (0.5 * (1 + torch.tanh(0.797 * (x + 0.0447 * torch.pow(x, 3))))),
        lambda x: 0.5 * x * torch.erfc(-x * 0.7071),
        lambda x: 0.5 * x * torch.erfc(x * -0.7071),
    ],
    "hardsigmoid": [F.hardsigmoid, lambda x: F.relu6(x + 3) / 6, lambda x: (x + 3).clamp(0, 6) * (1 / 6)],
    "hardswish": [
        F.hardswish,
        lambda x: x * F.hardsigmoid(x),
        lambda x: x * F.relu6(x + 3) / 6,
        lambda x: x * (F.relu6(x + 3) / 6),
        lambda x: (x + 3).clamp(0, 6) * x * (1 / 6),
    ],
    "mish": [F.mish, lambda x: x * torch.tanh(F.softplus(x)), lambda x: x * torch.tanh((1 + x.exp()).log())],
    "relu": [
        F.relu,
        torch.relu,
        lambda x: x.clamp(min=0),
        lambda x: torch.maximum(x, torch.tensor(0.0)),
        lambda x: x.clamp(0, torch.inf),
    ],
    "relu6": [
        F.relu6,
        lambda x: x.clamp(0, 6),
        lambda x: F.hardtanh(x, 0, 6),
        lambda x: x.clamp(min=0).clamp(max=6),
    ],
    "hardtanh": [F.hardtanh, lambda x: x.clamp(-1, 1)],
    "clamp": [
        lambda x: x.clamp(min=1),
        lambda x: torch.maximum(x, torch.tensor(1.0)),
        lambda x: x.clamp(max=1),
    ],
    "softmax": [lambda x: x.softmax(-1), lambda x: (x - x.logsumexp(-1, keepdim=True)).exp()],
    "log_softmax": [lambda x: x.log_softmax(-1), lambda x: x.softmax(-1).log()],
    "log_sigmoid": [F.logsigmoid, lambda x: x.sigmoid().log(), lambda x: -F.softplus(-x)],
    "sigmoid": [
        torch.sigmoid,
        lambda x: 1 / (1 + torch.exp(-x)),
        lambda x: torch.reciprocal(torch.exp(-x) + 1),
    ],
    "leaky_relu": [F.leaky_relu, lambda x: F.relu(x) + -0.1 * F.relu(-x)],
    "softsign": [F.softsign, lambda x: x / (x.abs() + 1)],
    "softplus": [F.softplus, lambda x: torch.log(torch.exp(x) + 1)],
}


@pytest.mark.parametrize(
    ("name", "function"), [(name, function) for name, forms in ACTIVATIONS.items() for function in forms]
)
def test_activations(name, function):
    assert ops_of(function, (1, 8)) == [name]


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: x * torch.sigmoid(x + 1), ["add", "sigmoid", "multiply"]),
        (lambda x: 2 * F.hardswish(x), ["hardswish", "multiply"]),
        (lambda x: x.chunk(2, -1)[0] * x.chunk(2, -1)[1].sigmoid(), ["sigmoid", "multiply"]),
        (lambda x: F.glu(x), ["sigmoid", "multiply"]),
        (
            lambda x: F.relu(x) + 0.1 * F.relu(-x.flip(-1)),
            ["relu", "negate", "relu", "multiply", "add"],
        ),
        (lambda x: F.gelu(x) * 0.5, ["gelu", "multiply"]),
        (lambda x: x * F.relu6(x + 2), ["add", "relu6", "multiply"]),
        (lambda x: F.relu6(x + 2) / 6, ["add", "relu6", "divide"]),
        (lambda x: x * (1 + torch.erf(x)), ["erf", "add", "multiply"]),
        (lambda x: x * (1 + torch.tanh(x)), ["tanh", "add", "multiply"]),
    ],
)
def test_what_is_no_single_activation_stays_in_parts(function, expected):
    assert ops_of(function, (1, 8)) == expected


@pytest.mark.parametrize(("slopes", "turn"), [((8, 1, 1), False), ((4, 4, 8), True)])
def test_a_relu_with_slopes_of_its_own_as_keras_writes_it(slopes, turn):
    """Slopes of each channel, or of each position too, with channels last."""

    def activation(x, slopes):
        below = F.relu(-x)
        below = (slopes * below.permute(0, 2, 3, 1)).permute(0, 3, 1, 2) if turn else slopes * below
        return F.relu(x) + below

    graph = read_graph(Function(activation, slopes=slopes), (1, 8, 4, 4))
    assert graph.op_names == (None, "prelu")
    assert graph.n_parameters == np.prod(slopes)
