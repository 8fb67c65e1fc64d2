"""Operators that are rare, or go by several names."""

import pytest
import torch
from functions import Function, ops_of
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: F.cosine_similarity(x, x.relu()), ["relu", "distance"]),
        (lambda x: F.fractional_max_pool2d(x, 2, output_size=4), ["max_pool2x2"]),
        (lambda x: F.interpolate(x[0], size=9, mode="nearest-exact"), ["resize"]),
        (lambda x: x + torch.empty_like(x).uniform_(), ["add"]),
        (lambda x: F.mse_loss(x.relu(), x), ["relu", "loss"]),
        (lambda x: torch.outer(x[0, 0, 0], x[0, 0, 1]), ["multiply"]),
        (lambda x: torch.addcdiv(x, x, x.exp()), ["exp", "divide", "add"]),
        (lambda x: (x > 0).any(-1), ["compare", "logical"]),
        (lambda x: torch.fft.irfftn(torch.fft.rfftn(x)), ["fft", "fft"]),
        (lambda x: torch.kron(x, x.exp()), ["exp", "multiply"]),
        (
            lambda x: torch.cross(x[..., :3], x.exp()[..., :3], -1),
            ["exp", "multiply", "multiply", "subtract"],
        ),
        (lambda x: torch.diag_embed(x).relu(), ["relu"]),
        (lambda x: torch.diag(x[0, 0, 0]).relu(), ["relu"]),
        (lambda x: nn.FeatureAlphaDropout().eval()(x).relu(), ["relu"]),
        (lambda x: torch.block_diag(x[0, 0].relu(), x[0, 1]), ["relu", "concat"]),
        (lambda x: nn.utils.rnn.pad_sequence([x[0, 0].relu(), x[0, 1]]), ["relu", "concat"]),
        (lambda x: torch.erfc(x), ["erf"]),
        (lambda x: torch.logit(x).lgamma(), ["log", "log"]),
        (lambda x: torch.greater_equal(x, torch.special.expit(x)), ["sigmoid", "compare"]),
        (lambda x: torch.special.softmax(torch.arctan2(x, x), -1), ["trigonometric", "softmax"]),
        (lambda x: torch.fliplr(torch.positive(x)).relu(), ["relu"]),
        (lambda x: torch.linalg.matmul(x, torch.special.exp2(x)), ["exp", "matmul"]),
        (lambda x: torch.chain_matmul(x[0, 0], x[0, 1], x[0, 0]), ["matmul", "matmul"]),
        (lambda x: x.max(-1)[1], ["argmax"]),
        (lambda x: x.max(-1)[0], ["max"]),
        (lambda x: torch.fake_quantize_per_tensor_affine(x.relu(), 0.1, 0, -128, 127), ["relu"]),
        (
            lambda x: torch.fake_quantize_per_channel_affine(
                x.relu(), torch.ones(8), torch.zeros(8, dtype=torch.int32), 3, -128, 127
            ),
            ["relu"],
        ),
    ],
)
def test_operators_that_are_rare(function, expected):
    assert ops_of(function, (1, 2, 8, 8)) == expected


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda x: torch.bernoulli(x.sigmoid()), ["sigmoid", "sample"]),
        (lambda x: torch.normal(x.tanh(), x.exp()), ["tanh", "exp", "sample"]),
        (lambda x: torch.normal(0.0, x.exp()), ["exp", "sample"]),
        (lambda x: x.relu() + torch.bernoulli(x, 0.5), ["relu", "add"]),
        (
            lambda x: x.relu() + torch.empty_like(x).bernoulli_(0.5) * torch.empty_like(x).normal_(),
            ["relu", "add"],
        ),
        (lambda x: x.relu() + torch.normal(0.0, 1.0, (4, 8)), ["relu", "add"]),
    ],
)
def test_random_numbers_depend_on_what_tells_their_chances(function, expected):
    assert ops_of(function, (4, 8)) == expected


def test_global_pools():
    for function in (
        lambda x: x.mean((2, 3)),
        lambda x: F.adaptive_avg_pool2d(x, 1),
        lambda x: F.avg_pool2d(x, 6),
        lambda x: F.avg_pool2d(x, 2560, ceil_mode=True),
        lambda x: x.permute(0, 2, 3, 1).mean((1, 2)),
        lambda x: x.flatten(2).mean(-1),
    ):
        assert ops_of(function, (1, 8, 6, 6)) == ["global_avg_pool"]
    assert ops_of(lambda x: x.amax((2, 3)), (1, 8, 6, 6)) == ["global_max_pool"]
    assert ops_of(lambda x: F.adaptive_avg_pool2d(x, 3), (1, 8, 6, 6)) == ["avg_pool2x2"]
    assert ops_of(lambda x: F.adaptive_avg_pool2d(x, 4), (1, 8, 6, 6)) == ["adaptive_avg_pool"]
    assert ops_of(lambda x: F.adaptive_avg_pool2d(x, 6).relu(), (1, 8, 6, 6)) == ["relu"]


@pytest.mark.parametrize("side", [3, 13])
def test_padded_pools_as_large_as_their_input_are_not_global(side):
    """Spatial pyramid pools keep the size of a small map."""
    shape, kernel = (1, 4, side, side), f"{side}x{side}"
    assert ops_of(nn.MaxPool2d(side, 1, side // 2), shape) == [f"max_pool{kernel}"]
    assert ops_of(nn.AvgPool2d(side, 1, side // 2), shape) == [f"avg_pool{kernel}"]
    assert ops_of(nn.AvgPool2d(side, 1, side // 2), (1, 4, 1, 1)) == [f"avg_pool{kernel}"]


def test_unpooled_maxima_are_scattered():
    def unpooled(x):
        return F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2)

    assert ops_of(unpooled, (1, 4, 6, 6)) == ["max_pool2x2", "scatter"]


def test_a_tensor_times_itself_is_its_square():
    for square in (torch.square, lambda x: x**2, lambda x: x * x):
        graph = read_graph(Function(lambda x, square=square: square(x.relu())), ((2, 3),))
        assert graph.op_names == (None, "relu", "power")
        assert len(graph.preds) == 2
