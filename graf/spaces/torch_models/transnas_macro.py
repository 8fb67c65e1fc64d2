"""The classification network of TransNAS-Bench-101 macro (Duan et al., CVPR 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import nn

from graf.spaces.torch_models.cell import Residual, classifier, conv_bn, relu_conv_bn
from graf.spaces.torch_models.state import seeded

if TYPE_CHECKING:
    from graf.spaces.transnas_macro import Module, TransNASMacro

__all__ = ["build"]


def residual_block(c_in: int, c_out: int, stride: int = 1) -> Residual:
    """Two 3x3 convolutions beside a shortcut, which is a 1x1 convolution if it widens or strides."""
    body = nn.Sequential(relu_conv_bn(c_in, c_out, 3, stride), relu_conv_bn(c_out, c_out, 3))
    same = c_in == c_out and stride == 1
    return Residual(body, nn.Identity() if same else conv_bn(c_in, c_out, 1, stride))


def build(space: TransNASMacro, modules: Sequence[Module], seed: int) -> nn.Sequential:
    """Stem of two strided convolutions, two blocks per module, global pooling, classifier."""
    with seeded(seed):
        half, channels = (space.channels + 1) // 2, space.channels
        parts: list[nn.Module] = [
            conv_bn(space.input_shape[0], half, 3, stride=2), relu_conv_bn(half, channels, 3, stride=2),
        ]  # fmt: skip
        for module in modules:
            c_in, channels = channels, channels * module.widening
            parts += [residual_block(c_in, channels, module.stride), residual_block(channels, channels)]
        return nn.Sequential(*parts, *classifier(channels, space.n_classes))
