"""Multiply-adds and operations of modules, counted."""

import pytest
import torch
from scoring import scored
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name


@pytest.mark.parametrize(
    ("activation", "counts"),
    [
        (nn.ReLU6(), 1),
        (nn.ReLU6(inplace=True), 1),
        (nn.Hardtanh(0, 1), 1),
        (nn.Hardtanh(), 0),
        (nn.Tanh(), 0),
    ],
)
def test_flops_of_activations(activation, counts):
    layers = nn.Flatten(), nn.Linear(128, 3)
    table, _ = scored(["flops"], nn.Sequential(*layers), nn.Sequential(*layers, activation))
    assert table["flops"].diff()[1] * 1e6 == pytest.approx(3 * counts)


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nn.ConvTranspose2d(2, 4, 3, stride=2, bias=False), 2 * 8 * 8 * 4 * 9),
        (nn.ConvTranspose2d(2, 4, 3, stride=2), 2 * 8 * 8 * 4 * 9 + 4 * 17 * 17),
        (nn.Conv2d(2, 4, 3, stride=2), 4 * 3 * 3 * 2 * 9 + 4 * 3 * 3),
    ],
)
def test_flops_of_convolutions(layer, expected):
    table, _ = scored(["flops"], layer)
    assert table.loc[0, "flops"] * 1e6 == pytest.approx(expected)


class Pooled(nn.Module):
    """Maxima of images, perhaps with where they were, as for unpooling (SegNet)."""

    def __init__(self, places):
        super().__init__()
        self.pool = nn.MaxPool2d(2, return_indices=places)

    def forward(self, x):
        return self.pool(x)


def test_flops_of_pools_that_tell_where_maxima_were():
    table, _ = scored(["flops", "macs"], Pooled(False), Pooled(True))
    assert (table["flops"] * 1e6).tolist() == pytest.approx([2 * 4 * 4 * 4] * 2)


class Product(nn.Module):
    """One product of matrices of (N, 4, 8) inputs, and nothing else that multiplies."""

    def __init__(self, product):
        super().__init__()
        self.product, self.weight = product, nn.Parameter(torch.ones(2, 8, 8))

    def forward(self, x):
        return self.product(self.weight, x)


def grouped(weight, x):
    rows = x.flatten(0, 1)
    ends = torch.tensor([len(rows) // 2, len(rows)], dtype=torch.int32)
    return F.grouped_mm(rows, weight, offs=ends).view(x.shape)


class First(nn.Module):
    """What a recurrent layer gives at each time."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


class Bilinear(nn.Bilinear):
    """Of an input with itself."""

    def forward(self, x):
        return super().forward(x, x)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (First(nn.LSTM(8, 6, batch_first=True)), 4 * 4 * (6 * 8 + 6 * 6)),
        (First(nn.LSTM(8, 6, 2, batch_first=True)), 4 * 4 * 6 * (8 + 6 + 6 + 6)),
        (First(nn.LSTM(8, 6, batch_first=True, bidirectional=True)), 2 * 4 * 4 * (6 * 8 + 6 * 6)),
        (First(nn.GRU(8, 6, batch_first=True)), 4 * 3 * (6 * 8 + 6 * 6)),
        (Bilinear(8, 8, 5), 4 * 5 * (8 * 8 + 8)),
        (Product(lambda w, x: x @ w[0, 0]), 4 * 8),
        (Product(lambda w, x: torch.addmv(w[0, :4, 0], x[0], w[0, 0])[None]), 4 * 8),
        (Product(lambda w, x: torch.dot(w[0, 0], x[0, 0])[None]), 8),
        (Product(grouped), 4 * 8 * 8),
        (Product(lambda w, x: x @ w[0]), 4 * 8 * 8),
    ],
)
def test_macs_of_products(module, expected):
    data = torch.randn(8, 4, 8, generator=torch.Generator().manual_seed(0)), None
    table, _ = scored(["macs"], module, data=data)
    assert table.loc[0, "macs"] * 1e6 == pytest.approx(expected)


class Calling(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x * 1)


@pytest.mark.parametrize("function", [torch.relu_, torch.Tensor.relu_, F.leaky_relu_, F.elu_, F.relu])
def test_flops_of_activations_in_place(function):
    table, _ = scored(["flops"], Calling(function))
    assert table.loc[0, "flops"] * 1e6 == pytest.approx(2 * 8 * 8)
