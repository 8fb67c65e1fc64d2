"""Networks so small that their scores can be worked out by hand; each proxy has one."""

from math import exp, log, sqrt

import numpy as np
import pytest
import torch
from functions import Function
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf.proxies import PROXIES

CASES = []
SETTINGS = {"regularised_swap": {"mu": 1.002, "sigma": 0.5}}


def case(build):
    """Collects functions that give a module, its data, and the values of proxies."""
    CASES.append(build)
    return build


def doubles(*rows):
    return torch.tensor(rows, dtype=torch.float64)


def classes(*labels):
    return torch.tensor(labels)


def linear(*rows):
    """A linear layer without bias, float64."""
    layer = nn.Linear(len(rows[0]), len(rows), bias=False).double()
    layer.weight.data = doubles(*rows)
    return layer


TWO_INPUTS = doubles((1.0, 0.0), (0.0, 1.0)), classes(0, 1)


@case
def gradients_of_a_symmetric_classifier():
    """W = diag(a, a): each input has probability p = e^a / (e^a + 1) of its class, so the gradient of
    the mean loss is (p - 1) / 2 on the diagonal and (1 - p) / 2 off it.
    """
    a = 2.0
    q = 1 - exp(a) / (exp(a) + 1)
    return linear((a, 0.0), (0.0, a)), TWO_INPUTS, {
        "l2_norm": a * sqrt(2),
        "grad_norm": q,  # four entries of q / 2
        "snip": a * q,
        "plain": -a * q,
        # outputs (a, 0), gradients (-q / 2, q / 2): channel 0 has products -a q / 2 and 0; two weights each
        "fisher": 2 * 2 * 0.5 * ((a * q / 2) ** 2 / 2),
        # along the gradient g, logits of each input move by (-q / 2, q / 2); the Hessian of the loss of one
        # input is p (1 - p) [[1, -1], [-1, 1]], so that H g is -p q^2 / 2 on the diagonal, and W H g is -a p q^2
        "grasp": a * (1 - q) * q * q,
        "gradsign": 4,  # each weight has a gradient for one of the two inputs
    }  # fmt: skip


@case
def signs_that_agree_and_signs_that_do_not():
    """Inputs 1, 2, -3 of class 0 give the weights of both classes signs -, -, + and +, +, -: sums of 1."""
    return linear((0.5,), (0.5,)), (doubles((1.0,), (2.0,), (-3.0,)), classes(0, 0, 0)), {"gradsign": 2}


@case
def gradients_of_two_batches():
    """One weight per class: gradients g and 3 g have mean 2 |g| and deviation |g|, a ratio of 2."""
    data = doubles((1.0,), (3.0,)), classes(0, 0)
    return linear((0.0,), (0.0,)), data, {"zico": log(4)}


@case
def rectified_inputs():
    """Signs ++-, +-- and ---: inputs agree on 3, 2, 1; 2, 3, 2; 1, 2, 3 neurons."""
    module = Function(lambda x: F.relu(x).sum(1, keepdim=True) * torch.ones(2))
    data = doubles((1.0, 1, -1), (1, -1, -1), (-1, -1, -1)), classes(0, 1, 0)
    kernel = [[3, 2, 1], [2, 3, 2], [1, 2, 3]]
    columns = {(1, 1, 0), (1, 0, 0), (0, 0, 0)}
    return module, data, {"nwot": log(np.linalg.det(kernel)), "swap": len(columns)}


@case
def patterns_and_size():
    """Two patterns, two parameters: (0.002 - 1.002)^2 / 0.5 = 2."""
    return nn.Sequential(nn.ReLU(), linear((1.0, 1.0))), TWO_INPUTS, {"regularised_swap": 2 * exp(-2)}


@case
def a_known_jacobian():
    """The sum of x1 x2 and x1^2 / 2 has the gradient (x1 + x2, x1, 0): (3, 1, 0), (2, 1, 0), (0, -1, 0)."""
    module = Function(lambda x: torch.stack([x[:, 0] * x[:, 1], x[:, 0] ** 2 / 2, 0 * x[:, 2]], 1))
    data = doubles((1.0, 2, 0), (1, 1, 0), (-1, 1, 0)), classes(0, 0, 1)
    r = np.corrcoef([[3, 1, 0], [2, 1, 0], [0, -1, 0]])
    v = np.linalg.eigvalsh(r) + 1e-5
    first = 2 * log(1 + 1e-5) + 2 * log(abs(r[0, 1]) + 1e-5)
    return module, data, {
        "jacov": -np.sum(np.log(v) + 1 / v), "epe_nas": abs(first) + log(1 + 1e-5),
    }  # fmt: skip


@case
def synaptic_flow():
    """|W| = ((1, 2), (3, 4)) then (1, 1): each layer carries the flow 10; gradients 1, and 3 and 7."""
    module = nn.Sequential(linear((1.0, -2.0), (3.0, 4.0)), nn.BatchNorm1d(2).double(), linear((1.0, -1.0)))
    return module, TWO_INPUTS, {"synflow": log(20), "logsynflow": 10 * log(2) + log(4) + log(8)}


@case
def counts_of_a_convolution():
    """2 channels of 4 x 4 to 3 of 2 x 2 by kernels 3 x 3; global pooling; 3 to 5."""
    module = nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2, 1), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(3, 5),
    ).double()  # fmt: skip
    norm, relu, pool, everywhere = 2 * 12, 12, 3 * 4, 3 * 2 * 2
    return module, (torch.ones(2, 2, 4, 4).double(), classes(0, 1)), {
        "params": (54 + 3 + 6 + 15 + 5) / 1e6,
        "macs": (12 * 18 + 15) / 1e6,
        "flops": (12 * 18 + 12 + norm + relu + pool + everywhere + 15) / 1e6,
    }  # fmt: skip


@case
def nothing_but_a_pooling():
    """Features change by 0.01 times the second noise."""
    x = torch.zeros(4, 1, 2, 2).double()
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    return nn.AdaptiveAvgPool2d(1), (x, classes(0, 0, 0, 0)), {"zen": log(0.01 * noise.abs().sum() / 4)}


class Quadratic(nn.Module):
    """A classifier that is given two units e x + (e x)^2, where e is the weight of a layer."""

    def __init__(self):
        super().__init__()
        self.hidden, self.classifier = linear((1.0,), (1.0,)), linear((1.0, 1.0))

    def forward(self, x):
        return self.classifier(self.hidden(x) ** 2 + self.hidden(x))


@case
def constant_weights():
    """Inputs 0, 1, 2 give features that are linear for tiny e, and 0, 2, 6 for e = 1."""
    data = doubles((0.0,), (1.0,), (2.0,)), classes(0, 0, 0)
    return Quadratic(), data, {"epsinas": (1 / 6 / 2) / ((1 / 2 + 1 + 1 / 3 + 1) / 4)}


def pattern(*channels):
    """A module that gives the same channels (positions of 2 x 2) for all inputs."""
    maps = doubles(*channels).reshape(1, len(channels), 2, 2)
    return Function(lambda x: 0 * x[:, :1, :1, :1] + maps)


def images(n, channels=1):
    return torch.zeros(n, channels, 3, 3).double(), torch.zeros(n, dtype=int)


@case
def correlated_channels():
    """Correlation 2 / (2 sqrt(2)); counted at the module and at the sequence around it."""
    module = nn.Sequential(pattern((1, 1, -1, -1), (1, 0, 0, -1)))
    return module, images(1), {"meco": 2 * (1 - 1 / sqrt(2))}


@case
def equal_channels():
    """Three channels of which two are equal make a singular matrix."""
    return pattern((1, 1, -1, -1), (1, 0, 0, -1), (1, 1, -1, -1)), images(1), {"meco": 0}


@case
def uncorrelated_channels_of_blocks():
    """Variances 1 and 1, then 1 and 3: entropies of halves, and of a quarter and three quarters."""
    blocks = [nn.Sequential(pattern((1, 1, -1, -1), (a, -a, a, -a))) for a in (1, sqrt(3))]
    first, second = log(2), -(log(1 / 4) / 4 + 3 * log(3 / 4) / 4)
    values = {"az_expressivity": first + second, "az_progressivity": second - first}
    return nn.Sequential(*blocks), images(4, 2), values


@case
def blocks_that_scale():
    """The Jacobian of x -> 2 x is 2, its score 2 - 2 - 1 / 2."""
    blocks = [nn.Sequential(Function(lambda x, a=a: a * x)) for a in (3, 2)]
    return nn.Sequential(*blocks), images(4), {"az_trainability": -0.5}


class Attention(nn.Module):
    """softmax(q k') v of scalars, with weights a, b, c, then a classifier of the mean token."""

    def __init__(self, a, b, c):
        super().__init__()
        self.attention = nn.ModuleDict({"q": linear((a,)), "k": linear((b,)), "v": linear((c,))})
        self.attention.forward = self.attend
        self.head = linear((1.0,), (1.0,))

    def attend(self, x):
        q, k, v = (self.attention[name](x) for name in "qkv")
        return (q @ k.transpose(1, 2)).softmax(-1) @ v

    def forward(self, x):
        return self.head(self.attention(x).mean(1))


TOKENS = doubles(((1.0,), (3.0,))), classes(0)


@case
def uniform_attention():
    """a = 0 gives weights of 1/2 to two tokens; v is 2 times the tokens 1 and 3."""
    return Attention(0.0, 1.0, 2.0), TOKENS, {
        "softmax_confidence": 0.5,
        "head_confidence": 0 + 3 + 6,
        "head_importance": 2 * 4,  # outputs 2 c; a and b do not matter
    }  # fmt: skip


@case
def ones_through_attention():
    """Absolute weights: v gives c = 2, both outputs are c; gradients 2 by v and c by each of the head."""
    values = {"synaptic_diversity": 2 * 2, "synaptic_saliency": 2 * 2, "dss": 8}
    return Attention(0.0, 1.0, -2.0), TOKENS, values


def test_every_proxy_has_a_known_answer():
    assert {name for build in CASES for name in build()[2]} == set(PROXIES)
    for proxy in PROXIES.values():
        assert proxy.description
        assert proxy.reference
        assert proxy.direction == "max"


@pytest.mark.parametrize("build", CASES, ids=lambda build: build.__name__)
def test_known_answers(build, scores):
    module, data, expected = build()
    size = 1 if "zico" in expected else len(data[1])
    settings = {name: values for name, values in SETTINGS.items() if name in expected}
    values, reasons = scores(list(expected), module, data, size, settings)
    assert values == pytest.approx(expected, rel=1e-6, abs=1e-9), reasons


def test_blocks_that_compute_nothing_have_no_trainability(scores):
    blocks = [nn.Sequential(nn.Identity()), nn.Sequential(nn.Identity())]
    values, reasons = scores(["az_trainability"], nn.Sequential(*blocks), images(4), 4)
    assert np.isnan(values["az_trainability"])
    assert "gives the gradient on as it is" in reasons["az_trainability"]
