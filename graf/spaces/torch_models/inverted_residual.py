"""Chains of inverted residual blocks (Sandler et al., CVPR 2018) as PyTorch modules."""

from __future__ import annotations

from collections.abc import Iterable
from functools import singledispatch

from torch import Tensor, nn

from graf.spaces.parts.inverted_residual import (
    Convolution,
    Identity,
    InvertedResidual,
    Layer,
    Linear,
    PooledConvolution,
)
from graf.spaces.torch_models.cell import classifier
from graf.spaces.torch_models.state import seeded

__all__ = ["Block", "build", "module"]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "none": nn.Identity,
    "relu": nn.ReLU,
    "relu6": nn.ReLU6,
    "hard_swish": nn.Hardswish,
    "swish": nn.SiLU,
}


def convolution(
    c_in: int, c_out: int, kernel: int = 1, stride: int = 1, groups: int = 1, activation: str = "none"
) -> nn.Sequential:
    """Convolution without bias, batch normalisation, activation."""
    conv = nn.Conv2d(c_in, c_out, kernel, stride=stride, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out), ACTIVATIONS[activation]())


class SqueezeExcite(nn.Module):
    """Channels weighed by a small network of their means (Hu et al., CVPR 2018)."""

    def __init__(self, channels: int, squeezed: int, activation: str) -> None:
        super().__init__()
        smooth = activation == "swish"  # EfficientNet; MobileNetV3 keeps to piecewise linear functions
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(channels, squeezed, 1),
            nn.SiLU() if smooth else nn.ReLU(),
            nn.Conv2d(squeezed, channels, 1),
            nn.Sigmoid() if smooth else nn.Hardsigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        weighed: Tensor = x * self.gate(x)
        return weighed


class Block(nn.Module):
    """An inverted residual block; the input is added if the output has its shape."""

    def __init__(self, layer: InvertedResidual) -> None:
        super().__init__()
        hidden, groups, activation = layer.hidden, layer.groups, layer.activation
        parts: list[nn.Module] = []
        if layer.expands:
            parts.append(convolution(layer.before.channels, hidden, groups=groups, activation=activation))
        if groups > 1:
            parts.append(nn.ChannelShuffle(groups))
        parts.append(convolution(hidden, hidden, layer.kernel, layer.stride, hidden, activation))
        if layer.squeezed:
            parts.append(SqueezeExcite(hidden, layer.squeezed, activation))
        parts.append(convolution(hidden, layer.c_out, groups=groups))
        self.body = nn.Sequential(*parts)
        self.residual = layer.stride == 1 and layer.before.channels == layer.c_out

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.body(x)
        return x + out if self.residual else out


@singledispatch
def module(layer: Layer) -> nn.Module:
    """The PyTorch module of a layer."""
    raise TypeError(f"no module for {layer!r}")


@module.register
def _(layer: Convolution) -> nn.Module:
    return convolution(
        layer.before.channels, layer.c_out, layer.kernel, layer.stride, activation=layer.activation
    )


@module.register
def _(layer: PooledConvolution) -> nn.Module:
    conv = nn.Conv2d(layer.before.channels, layer.c_out, 1, bias=False)
    return nn.Sequential(nn.AdaptiveAvgPool2d(1), conv, ACTIVATIONS[layer.activation]())


@module.register
def _(layer: InvertedResidual) -> nn.Module:
    return Block(layer)


@module.register
def _(layer: Identity) -> nn.Module:
    return nn.Identity()


@module.register
def _(layer: Linear) -> nn.Module:
    return nn.Sequential(*classifier(layer.before.channels, layer.c_out))


def build(layers: Iterable[Layer], seed: int) -> nn.Sequential:
    """The layers one after another, convolutions initialised as He et al. (2015) do, by fan-out."""
    with seeded(seed):
        model = nn.Sequential(*map(module, layers))
        for part in model.modules():
            if isinstance(part, nn.Conv2d):
                nn.init.kaiming_normal_(part.weight, mode="fan_out")
                if part.bias is not None:
                    nn.init.zeros_(part.bias)
        return model
