"""Networks so small that their scores can be worked out by hand."""

from math import exp, log, sqrt

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf.proxies import PROXIES

NAMES = {
    "az_expressivity", "az_progressivity", "az_trainability", "dss", "epe_nas", "epsinas", "fisher", "flops",
    "grad_norm", "gradsign", "grasp", "head_confidence", "head_importance", "jacov", "l2_norm", "logsynflow",
    "macs", "meco", "nwot", "params", "plain", "regularised_swap", "snip", "softmax_confidence", "swap",
    "synaptic_diversity", "synaptic_saliency", "synflow", "zen", "zico",
}  # fmt: skip


def test_these_are_the_proxies():
    assert set(PROXIES) == NAMES
    for proxy in PROXIES.values():
        assert proxy.description
        assert proxy.reference
        assert proxy.direction == "max"


def linear(*rows):
    """A linear layer without bias, float64."""
    layer = nn.Linear(len(rows[0]), len(rows), bias=False).double()
    layer.weight.data = torch.tensor(rows, dtype=torch.float64)
    return layer


@pytest.fixture
def two_inputs():
    """One input of each class, where they are (1, 0) and (0, 1), twice."""
    x = torch.tensor([[1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    return torch.cat([x, x]), torch.tensor([0, 1, 0, 1])


def test_gradients_of_a_symmetric_classifier(scores, two_inputs):
    """W = diag(a, a): each input has probability p = e^a / (e^a + 1) of its class, so the gradient of
    the mean loss is (p - 1) / 2 on the diagonal and (1 - p) / 2 off it.
    """
    a = 2.0
    q = 1 - exp(a) / (exp(a) + 1)
    names = ["l2_norm", "grad_norm", "snip", "plain", "fisher", "grasp", "gradsign"]
    values, _ = scores(names, linear((a, 0.0), (0.0, a)), two_inputs, batch_size=2)
    assert values["l2_norm"] == pytest.approx(a * sqrt(2))
    assert values["grad_norm"] == pytest.approx(q)  # four entries of q / 2
    assert values["snip"] == pytest.approx(a * q)
    assert values["plain"] == pytest.approx(-a * q)
    # outputs (a, 0), gradients (-q / 2, q / 2): channel 0 has products -a q / 2 and 0; two weights each
    assert values["fisher"] == pytest.approx(2 * 2 * 0.5 * ((a * q / 2) ** 2 / 2))
    # along the gradient g, logits of each input move by (-q / 2, q / 2); the Hessian of the loss of one
    # input is p (1 - p) [[1, -1], [-1, 1]], so that H g is -p q^2 / 2 on the diagonal, and W H g is -a p q^2
    assert values["grasp"] == pytest.approx(a * (1 - q) * q * q)
    assert values["gradsign"] == pytest.approx(4)  # each weight has a gradient for one of the two inputs


def test_zico_of_two_batches(scores):
    """One weight per class: gradients g and 3 g have mean 2 |g| and deviation |g|, a ratio of 2."""
    x = torch.tensor([[1.0], [3.0]], dtype=torch.float64)
    y = torch.tensor([0, 0])
    model = linear((0.0,), (0.0,))
    assert scores(["zico"], model, (x, y), batch_size=1)[0]["zico"] == pytest.approx(log(4))


class Rectified(nn.Module):
    """ReLU of the inputs themselves, by a function, and a classifier of ones."""

    def forward(self, x):
        return F.relu(x).sum(1, keepdim=True) * torch.ones(2)


def test_nwot_and_swap(scores):
    """Signs ++-, +-- and ---: inputs agree on 3, 2, 1; 2, 3, 2; 1, 2, 3 neurons."""
    x = torch.tensor([[1.0, 1, -1], [1, -1, -1], [-1, -1, -1]], dtype=torch.float64)
    values, _ = scores(["nwot", "swap"], Rectified(), (x, torch.tensor([0, 1, 0])), batch_size=3)
    kernel = [[3, 2, 1], [2, 3, 2], [1, 2, 3]]
    assert values["nwot"] == pytest.approx(log(np.linalg.det(kernel)))
    assert values["swap"] == 3  # columns (1, 1, 0), (1, 0, 0) and (0, 0, 0)


class Product(nn.Module):
    """x1 x2 and x1^2 / 2, whose gradients are known."""

    def forward(self, x):
        return torch.stack([x[:, 0] * x[:, 1], x[:, 0] ** 2 / 2, 0 * x[:, 2]], 1)


def test_jacov_and_epe_nas(scores):
    """The sum of outputs has the gradient (x1 + x2, x1, 0): (3, 1, 0), (2, 1, 0), (0, -1, 0)."""
    x = torch.tensor([[1.0, 2, 0], [1, 1, 0], [-1, 1, 0]], dtype=torch.float64)
    values, _ = scores(["jacov", "epe_nas"], Product(), (x, torch.tensor([0, 0, 1])), batch_size=3)
    r = np.corrcoef([[3, 1, 0], [2, 1, 0], [0, -1, 0]])
    v = np.linalg.eigvalsh(r) + 1e-5
    assert values["jacov"] == pytest.approx(-np.sum(np.log(v) + 1 / v))
    first = 2 * log(1 + 1e-5) + 2 * log(abs(r[0, 1]) + 1e-5)
    assert values["epe_nas"] == pytest.approx(abs(first) + log(1 + 1e-5))


def test_synaptic_flow(scores, two_inputs):
    """|W| = ((1, 2), (3, 4)) then (1, 1): each layer carries the flow 10; gradients 1, and 3 and 7."""
    model = nn.Sequential(linear((1.0, -2.0), (3.0, 4.0)), nn.BatchNorm1d(2).double(), linear((1.0, -1.0)))
    values, _ = scores(["synflow", "logsynflow"], model, two_inputs, batch_size=2)
    assert values["synflow"] == pytest.approx(log(20))
    assert values["logsynflow"] == pytest.approx(10 * log(2) + log(4) + log(8))


def test_counts_of_a_convolution(scores):
    """2 channels of 4 x 4 to 3 of 2 x 2 by kernels 3 x 3; global pooling; 3 to 5."""
    model = nn.Sequential(
        nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2, 1), nn.AdaptiveAvgPool2d(1),
        nn.Flatten(), nn.Linear(3, 5),
    ).double()  # fmt: skip
    x = torch.ones(2, 2, 4, 4, dtype=torch.float64)
    values, _ = scores(["params", "macs", "flops"], model, (x, torch.tensor([0, 1])), batch_size=2)
    assert values["params"] * 1e6 == pytest.approx(54 + 3 + 6 + 15 + 5)
    assert values["macs"] * 1e6 == pytest.approx(12 * 18 + 15)
    norm, relu, pool, everywhere = 2 * 12, 12, 3 * 4, 3 * 2 * 2
    assert values["flops"] * 1e6 == pytest.approx(12 * 18 + 12 + norm + relu + pool + everywhere + 15)


def test_zen_of_a_pooling(scores):
    """Nothing stands before the pooling: features change by 0.01 times noise."""
    x = torch.zeros(4, 1, 2, 2, dtype=torch.float64)
    value = scores(["zen"], nn.AdaptiveAvgPool2d(1), (x, torch.zeros(4, dtype=int)), 4)[0]["zen"]
    noise = torch.randn(x.shape, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    assert value == pytest.approx(log(0.01 * noise.abs().sum() / 4))


def test_regularised_swap(scores, two_inputs):
    model = nn.Sequential(nn.ReLU(), linear((1.0, 1.0)))
    settings = {"regularised_swap": {"mu": 1.002, "sigma": 0.5}}
    values, _ = scores(["regularised_swap"], model, two_inputs, 2, settings)
    assert values["regularised_swap"] == pytest.approx(2 * exp(-2))


class Features(nn.Module):
    """What the classifier is given: two tanh units of equal weights."""

    def __init__(self):
        super().__init__()
        self.hidden, self.classifier = linear((1.0,), (1.0,)), linear((1.0, 1.0))

    def forward(self, x):
        return self.classifier(self.hidden(x) ** 2 + self.hidden(x))


def test_epsinas(scores):
    """Inputs 0, 1, 2: features e x + (e x)^2 are linear for tiny e, and 0, 2, 6 for e = 1."""
    x = torch.tensor([[0.0], [1.0], [2.0]], dtype=torch.float64)
    value = scores(["epsinas"], Features(), (x, torch.tensor([0, 0, 0])), 3)[0]["epsinas"]
    assert value == pytest.approx((1 / 6 / 2) / ((1 / 2 + 1 + 1 / 3 + 1) / 4), rel=1e-5)


class Channels(nn.Module):
    """Three channels of which two are the same."""

    def forward(self, x):
        a, b = x, x.roll(1, dims=3) * torch.linspace(-1, 1, x.shape[3])
        return torch.cat([a, b, a], 1)


def test_meco(scores):
    """Equal channels make the correlation matrix singular; two of its eigenvalues are not zero."""
    x = torch.zeros(1, 1, 4, 4, dtype=torch.float64)
    value = scores(["meco"], Channels(), (x, torch.tensor([0])), 1)[0]["meco"]
    assert value == pytest.approx(0, abs=1e-9)
    one = scores(["meco"], nn.Identity(), (x, torch.tensor([0])), 1)[0]["meco"]
    assert one == pytest.approx(1)  # a channel alone


class Halves(nn.Module):
    """Blocks that give their input on, and twice it."""

    def __init__(self, factors):
        super().__init__()
        self.blocks = nn.ModuleList(nn.Sequential(Scale(factor)) for factor in factors)

    def forward(self, x):
        for block in self.blocks:
            x = block(x)
        return x


class Scale(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return x * self.factor


def test_az_nas(scores):
    """One channel has entropy 0; the Jacobian of x -> 2 x is 2, its score 2 - 2 - 1 / 2."""
    x = torch.zeros(4, 1, 3, 3, dtype=torch.float64)
    names = ["az_expressivity", "az_progressivity", "az_trainability"]
    values, _ = scores(names, Halves([3.0, 2.0]), (x, torch.zeros(4, dtype=int)), 4)
    assert values["az_expressivity"] == pytest.approx(0, abs=1e-6)
    assert values["az_progressivity"] == pytest.approx(0, abs=1e-6)
    assert values["az_trainability"] == pytest.approx(-0.5)
    values, reasons = scores(names, Halves([1.0, 1.0]), (x, torch.zeros(4, dtype=int)), 4)
    assert np.isnan(values["az_trainability"])
    assert "gives the gradient on as it is" in reasons["az_trainability"]


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


def test_transformers(scores):
    """a = 0 makes attention uniform, 1/2 of two tokens; v is c times the tokens 1 and 3."""
    x = torch.tensor([[[1.0], [3.0]]], dtype=torch.float64)
    data = x, torch.tensor([0])
    names = ["softmax_confidence", "head_confidence", "head_importance"]
    values, _ = scores(names, Attention(0.0, 1.0, 2.0), data, 1)
    assert values["softmax_confidence"] == pytest.approx(0.5)
    assert values["head_confidence"] == pytest.approx(0 + 3 + 6)
    assert values["head_importance"] == pytest.approx(2 * 4)  # outputs 2 c; a and b do not matter
    # ones in, absolute weights: v gives c, both outputs are c; gradients 2 by v and c by each of the head
    names = ["synaptic_diversity", "synaptic_saliency", "dss"]
    values, _ = scores(names, Attention(0.0, 1.0, -2.0), data, 1)
    assert values["synaptic_diversity"] == pytest.approx(2 * 2)
    assert values["synaptic_saliency"] == pytest.approx(2 * 2)
    assert values["dss"] == pytest.approx(8)
