"""Layers of mobile networks: that costs and shapes are those of their PyTorch modules."""

import pytest

from graf.ops import OPERATIONS
from graf.spaces.parts.costs import Shape
from graf.spaces.parts.inverted_residual import (
    Convolution,
    Identity,
    InvertedResidual,
    Linear,
    PooledConvolution,
    divisible,
)

torch = pytest.importorskip("torch")

from torch.utils.flop_counter import FlopCounterMode  # noqa: E402 - needs torch

from graf.spaces.torch_models.inverted_residual import SqueezeExcite, build, module  # noqa: E402 - needs torch

BEFORE = Shape(8, 7, 6)
LAYERS = {
    "conv3x3": Convolution(BEFORE, 5, 3, 2),
    "conv1x1": PooledConvolution(BEFORE, 5, activation="hard_swish"),
    "skip": Identity(BEFORE, 8),
    "linear": Linear(BEFORE, 5),
    "mbconv3x3_e1": InvertedResidual(BEFORE, 8, expansion=1, expands=False),
    "mbconv3x3_e1_g2": InvertedResidual(BEFORE, 12, stride=2, expansion=1, groups=2),
    "mbconv5x5_e3": InvertedResidual(BEFORE, 12, 5, 2, 3, activation="swish"),
    "mbconv7x7_e6_se": InvertedResidual(BEFORE, 8, 7, 1, 6, squeezed=3, activation="hard_swish"),
}


@pytest.mark.parametrize("name", LAYERS)
def test_costs_and_shapes(name):
    layer = LAYERS[name]
    with FlopCounterMode(display=False) as counter:
        part = module(layer).eval()
        out = part(torch.randn(2, *BEFORE))
    assert layer.op == name
    assert layer.cost.parameters == sum(weights.numel() for weights in part.parameters())
    assert 2 * 2 * layer.cost.macs == counter.get_total_flops()
    assert out.shape == ((2, 5) if name == "linear" else (2, *layer.after))


def test_what_a_node_carries():
    block = LAYERS["mbconv3x3_e1_g2"].block("a")
    assert (block.name, block.op) == ("a", "mbconv3x3_e1_g2")
    details = {"stride": 2, "kernel": 3, "expansion": 1, "groups": 2}
    assert block.attributes == {"channels": 12, "resolution": 4, **details}
    assert LAYERS["skip"].block("b").attributes.keys() == {"channels", "resolution"}


@pytest.mark.parametrize(
    ("channels", "rounded"), [(1, 8), (12, 16), (8.5, 8), (19.2, 24), (24.9, 24), (18.9, 24), (90, 88)]
)
def test_channels_are_rounded_to_multiples_of_eight(channels, rounded):
    assert divisible(channels) == rounded


@pytest.mark.parametrize(("layer", "adds"), [("mbconv3x3_e1", True), ("mbconv5x5_e3", False)])
def test_the_input_is_added_where_shapes_agree(layer, adds):
    part = module(LAYERS[layer])
    with torch.no_grad():
        for weights in part.parameters():
            weights.zero_()
    x = torch.randn(2, *BEFORE)
    torch.testing.assert_close(part(x), x if adds else torch.zeros(2, *LAYERS[layer].after))


def test_groups_are_shuffled():
    part = module(InvertedResidual(Shape(4, 1, 1), 4, stride=2, expansion=1, groups=2)).eval()
    x = torch.zeros(1, 4, 1, 1, requires_grad=True)
    part.body[1](part.body[0][0](x))[0, 1].sum().backward()
    assert (x.grad.flatten() != 0).tolist() == [False, False, True, True]


@pytest.mark.parametrize(("activation", "most"), [("swish", 0.9526), ("relu", 1), ("hard_swish", 1)])
def test_squeeze_and_excitation_weighs_channels(activation, most):
    part = SqueezeExcite(3, 2, activation)
    x = torch.randn(2, 3, 4, 4)
    with torch.no_grad():
        weights = part(x) / x
        torch.testing.assert_close(weights, weights[..., :1, :1].expand_as(x))
        part.gate[3].weight.zero_()
        part.gate[3].bias.zero_()
        torch.testing.assert_close(part(x), x / 2)
        part.gate[3].bias.fill_(3.0)
        torch.testing.assert_close(part(x), most * x, rtol=1e-4, atol=1e-4)


def test_convolutions_start_from_their_fan_out():
    wide = build([Convolution(Shape(2, 8, 8), 300, 3)], seed=0)[0][0].weight
    assert wide.std().item() == pytest.approx((2 / (9 * 300)) ** 0.5, rel=0.05)


def test_operations_are_known():
    assert all(OPERATIONS[name].group == "block" for name in LAYERS if name.startswith("mbconv"))
