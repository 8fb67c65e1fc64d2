"""Norms that a module writes out in parts are recognised."""

import pytest
import torch
from functions import Function, ops_of
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


def norm(x, axes, centred, root):
    y = x - x.mean(axes, keepdim=True) if centred else x
    return root(y, y.pow(2).mean(axes, keepdim=True) + 1e-6)


def own_variance(x, mean):
    return x.var(-1, unbiased=False, keepdim=True)


def slow_variance(x, mean):
    return (x - mean).square().mean(-1, keepdim=True)


def unbiased_variance(x, mean):
    return slow_variance(x, mean) * 8 / 7


ROOTS = [
    lambda y, v: y / torch.sqrt(v),
    lambda y, v: y * torch.rsqrt(v),
    lambda y, v: y * (1 / v.sqrt()),
    lambda y, v: y * v**-0.5,
    lambda y, v: y / v**0.5,
]


@pytest.mark.parametrize("root", ROOTS)
def test_written_out_norms(root):
    assert ops_of(lambda x: norm(x, -1, True, root), (1, 4, 8)) == ["layer_norm"]
    assert ops_of(lambda x: norm(x, -1, False, root), (1, 4, 8)) == ["rms_norm"]
    assert ops_of(lambda x: norm(x, 1, True, root), (1, 8, 4, 4)) == ["layer_norm"]
    assert ops_of(lambda x: norm(x, (2, 3), True, root), (1, 8, 4, 4)) == ["instance_norm"]


def test_weights_of_a_written_out_norm_belong_to_it():
    def scaled(x, w, b):
        return norm(x.to(torch.float32), -1, True, ROOTS[0]).to(x.dtype) * w + b

    graph = read_graph(Function(scaled, w=8, b=8), ((1, 4, 8),))
    assert graph.op_names == (None, "layer_norm")
    assert graph.n_parameters == 16


@pytest.mark.parametrize("unbiased", [True, False])
def test_a_norm_whose_numerator_is_weighted_before_the_division(unbiased):
    def norm(x, scale, b):
        mean, std = x.mean(-1, keepdim=True), x.std(-1, unbiased=unbiased, keepdim=True)
        return scale * (x - mean) / (std + 1e-6) + b

    graph = read_graph(Function(norm, scale=8, b=8), (1, 5, 8))
    assert graph.op_names == (None, "layer_norm")
    assert graph.n_parameters == 16


@pytest.mark.parametrize("root", ROOTS)
def test_a_tensor_that_is_scaled_by_its_variance_without_being_centred(root):
    """As in the small ConvNeXts of timm."""
    for variance in (own_variance, slow_variance, unbiased_variance):

        def scaled(x, w, variance=variance):
            return root(x, variance(x, x.mean(-1, keepdim=True)) + 1e-6) * w

        graph = read_graph(Function(scaled, w=8), ((1, 4, 8),))
        assert graph.op_names == (None, "rms_norm")
        assert graph.n_parameters == 8


def test_variance_of_its_own():
    def normed(x):
        return (x - x.mean(-1, keepdim=True)) * torch.rsqrt(x.var(-1, unbiased=False, keepdim=True) + 1e-5)

    assert ops_of(normed, (1, 4, 8)) == ["layer_norm"]


def fast_variance(x, mean):
    return (x * x).mean(-1, keepdim=True) - mean * mean


def bounded_variance(x, mean):
    return torch.maximum(fast_variance(x, mean), torch.tensor(0.0))


VARIANCES = [own_variance, slow_variance, unbiased_variance, fast_variance, bounded_variance]


def as_flax(x, mean, scale, b):
    return (x - mean) * scale + b


def as_tensorflow(x, mean, scale, b):
    return x * scale + (b - mean * scale)


def as_keras(x, mean, scale, b):
    return x * scale + (-mean * scale + b)


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("shifted", [as_flax, as_tensorflow, as_keras])
def test_norms_whose_scale_is_multiplied_first(variance, shifted):
    def normed(x, w, b):
        mean = x.mean(-1, keepdim=True)
        return shifted(x, mean, torch.rsqrt(variance(x, mean) + 1e-6) * w, b)

    graph = read_graph(Function(normed, w=8, b=8), ((1, 4, 8),))
    assert graph.op_names == (None, "layer_norm")
    assert graph.n_parameters == 16


@pytest.mark.parametrize("size", [(2, 6, 6, 8), (2, 12, 8)])
def test_norms_of_groups_with_channels_last(size):
    """As TensorFlow writes them; a norm of each head on its own is none of groups."""
    axes = (*range(1, len(size) - 1), len(size))

    def normed(x, w, b):
        apart = x.unflatten(-1, (4, 2))
        mean = apart.mean(axes, keepdim=True)
        scale = torch.rsqrt((apart - mean).square().mean(axes, keepdim=True) + 1e-3) * w
        return as_keras(apart, mean, scale, b).flatten(-2)

    graph = read_graph(Function(normed, w=(4, 2), b=(4, 2)), size)
    assert graph.op_names == (None, "group_norm")
    assert graph.n_parameters == 16
    names = ("groups", "channels", "shape")
    assert [graph.attributes[name][1] for name in names] == [4, 8, "x".join(map(str, size))]
    heads = ops_of(lambda x: norm(x.unflatten(-1, (4, 2)), -1, True, ROOTS[1]), size)
    assert heads == ["layer_norm"]


def test_an_instance_norm_of_some_channels_is_none_of_groups():
    """As in HINet (Chen et al., 2021)."""
    assert ops_of(lambda x: F.instance_norm(x[:, :4]), (1, 8, 5, 5)) == ["instance_norm"]


@pytest.mark.parametrize("size", [(1, 8, 5, 5), (1, 8, 25)])
def test_a_norm_with_a_group_for_each_channel_is_that_of_instances(size):
    """As in wav2vec 2.0; exporters write both alike."""
    graph = read_graph(nn.GroupNorm(8, 8), size)
    assert graph.op_names == (None, "instance_norm")
    assert (graph.n_parameters, graph.attributes["channels"][1]) == (16, 8)
    assert read_graph(nn.GroupNorm(4, 8), size).op_names == (None, "group_norm")


def test_a_norm_of_what_is_turned_behind_its_mean():
    """As tf2onnx moves the transposition to channels last."""
    axes = (1, 2, 3)

    def normed(x, w, b):
        mean = x.mean(axes, keepdim=True)
        root = torch.rsqrt((x - mean).square().mean(axes, keepdim=True) + 1e-3)
        turned, mean, root = (tensor.permute(0, 2, 3, 1) for tensor in (x, mean, root))
        return as_keras(turned, mean, root * w, b)

    graph = read_graph(Function(normed, w=(6, 6, 8), b=(6, 6, 8)), (1, 8, 6, 6))
    assert graph.op_names == (None, "layer_norm")
    assert graph.n_parameters == 2 * 6 * 6 * 8


def test_a_norm_whose_bias_of_zeros_was_left_out():
    def normed(x, w):
        mean = x.mean(-1, keepdim=True)
        scale = torch.rsqrt(slow_variance(x, mean) + 1e-6) * w
        return x * scale + -mean * scale

    assert ops_of(normed, (1, 4, 8), w=8) == ["layer_norm"]


def test_a_scale_from_another_tensor_is_no_norm():
    def normed(x, y, w):
        mean = y.mean(-1, keepdim=True)
        return (x - mean) * (torch.rsqrt(slow_variance(y, mean) + 1e-6) * w)

    assert "layer_norm" not in ops_of(normed, (1, 4, 8), (1, 4, 8), w=8)


def test_length_one():
    assert ops_of(lambda x: F.normalize(x, dim=-1), (1, 4, 8)) == ["l2_norm"]
    for length in (lambda x: x.norm(dim=-1, keepdim=True), lambda x: torch.linalg.norm(x, None, -1, True)):
        assert ops_of(lambda x, length=length: x / (length(x) + 1e-6), (1, 4, 8)) == ["l2_norm"]
    assert ops_of(lambda x: x * torch.rsqrt((x * x).sum(-1, True) + 1e-6), (1, 4, 8)) == ["l2_norm"]
    assert ops_of(lambda x: x / (x**2).sum(-1, True).sqrt(), (1, 4, 8)) == ["l2_norm"]
    for scale in (lambda length: 8**0.5 / length.clamp_min(1e-6), torch.reciprocal):
        assert ops_of(lambda x, scale=scale: x * scale(x.norm(dim=-1, keepdim=True)), (1, 4, 8)) == [
            "l2_norm"
        ]


def test_length_one_with_a_bound_as_tensorflow_and_keras_write_it():
    for scale in (
        lambda squares: squares.clamp(min=1e-12).rsqrt(),
        lambda squares: squares.rsqrt().clamp(max=1e12),
        lambda squares: 1 / squares.sqrt().clamp(min=1e-6),
    ):
        assert ops_of(lambda x, s=scale: x * s((x * x).sum(-1, True)), (1, 4, 8)) == ["l2_norm"]


@pytest.mark.parametrize("order", [1, 3, float("inf")])
def test_a_length_that_is_not_euclidean_stays_in_parts(order):
    parts = ["norm", "clamp", "divide"]
    assert ops_of(lambda x: F.normalize(x, order, -1), (1, 4, 8)) == parts


@pytest.mark.parametrize(
    ("module", "shape", "expected"),
    [
        (nn.LocalResponseNorm(5), (1, 8, 6, 6), "local_response_norm"),
        (nn.LocalResponseNorm(3, alpha=2.0, beta=0.5, k=2.0), (2, 8, 6), "local_response_norm"),
        (nn.LPPool1d(3, 2), (1, 4, 8), "lp_pool2"),
        (nn.LPPool2d(2, (3, 1), stride=1), (1, 4, 9, 9), "lp_pool3x1"),
        (nn.LPPool3d(2, 2), (1, 4, 4, 4, 4), "lp_pool2x2x2"),
    ],
)
def test_local_response_norms_and_pools_of_powers(module, shape, expected):
    assert read_graph(module, example_inputs=shape).op_names == (None, expected)


class Divisive(nn.Module):
    """Over the mean square of positions nearby."""

    def forward(self, x):
        return x / (1 + nn.functional.avg_pool2d(x * x, 3, 1, 1)) ** 0.75


def test_norms_of_positions_nearby_are_no_local_response_norm():
    graph = read_graph(Divisive(), example_inputs=(1, 4, 8, 8))
    assert graph.op_names == (None, "power", "avg_pool3x3", "add", "power", "divide")
