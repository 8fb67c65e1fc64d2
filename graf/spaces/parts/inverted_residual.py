"""Layers of mobile networks, the inverted residual block above all, and what they cost."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from graf.spaces.parts.chain import Block, image_block
from graf.spaces.parts.costs import Cost, Shape, conv_cost, linear_cost

__all__ = [
    "Convolution",
    "Identity",
    "InvertedResidual",
    "Layer",
    "Linear",
    "PooledConvolution",
    "divisible",
]

DETAILS = ("stride", "kernel", "expansion", "groups")


def divisible(channels: float) -> int:
    """The multiple of 8 that mobile networks round channels to: near, at least 8 and 90 %.

    Examples
    --------
    >>> divisible(16 * 1.3), divisible(3), divisible(64)
    (24, 8, 64)
    """
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 * (rounded < 0.9 * channels)


@dataclass(frozen=True)
class Layer(ABC):
    """One node of a chain: a tensor of shape `before` becomes one of `c_out` channels."""

    before: Shape
    c_out: int

    @property
    @abstractmethod
    def op(self) -> str:
        """Name of the operation."""

    @property
    @abstractmethod
    def cost(self) -> Cost:
        """Parameters and multiply-adds."""

    @property
    def after(self) -> Shape:
        """Shape of the output; convolutions pad by half their kernel."""
        return self.before.after(self.c_out, getattr(self, "stride", 1))

    def block(self, name: str) -> Block:
        """The node of a graph that stands for the layer."""
        details = {key: getattr(self, key) for key in DETAILS if hasattr(self, key)}
        return image_block(name, self.op, self.after, self.cost, **details)


@dataclass(frozen=True)
class Convolution(Layer):
    """Convolution without bias, batch normalisation, activation."""

    kernel: int = 1
    stride: int = 1
    activation: str = "relu"
    groups: ClassVar[int] = 1

    @property
    def op(self) -> str:
        """Such as conv3x3."""
        return f"conv{self.kernel}x{self.kernel}"

    @property
    def cost(self) -> Cost:
        """Convolution and normalisation."""
        return conv_cost(self.before, self.after, self.kernel)


@dataclass(frozen=True)
class PooledConvolution(Convolution):
    """Mean over all pixels, 1x1 convolution without bias and normalisation, activation."""

    @property
    def after(self) -> Shape:
        """One pixel."""
        return Shape(self.c_out, 1, 1)

    @property
    def cost(self) -> Cost:
        """One multiply-add per weight."""
        weights = self.before.channels * self.c_out
        return Cost(weights, weights)


@dataclass(frozen=True)
class InvertedResidual(Layer):
    """The block of MobileNetV2 (Sandler et al., CVPR 2018), with the additions of later ones.

    A 1x1 convolution to `expansion` times as many channels, a depthwise convolution, squeeze
    and excitation, and a 1x1 convolution without activation; the input is added where stride
    and channels let it. All convolutions are without bias and followed by normalisation.

    Parameters
    ----------
    kernel, stride : of the depthwise convolution.
    expansion : hidden channels per input channel.
    groups : groups of the 1x1 convolutions; channels are shuffled after the first.
    squeezed : channels of squeeze and excitation between its two layers, 0 to leave it out.
    activation : "relu", "relu6", "hard_swish" or "swish".
    expands : whether the first 1x1 convolution exists; without it, `expansion` must be 1.

    Examples
    --------
    >>> layer = InvertedResidual(Shape(16, 8, 8), 24, kernel=5, stride=2, expansion=3)
    >>> layer.op, layer.after, layer.cost
    ('mbconv5x5_e3', Shape(channels=24, height=4, width=4), Cost(parameters=3360, macs=86784))
    """

    kernel: int = 3
    stride: int = 1
    expansion: int = 6
    groups: int = 1
    squeezed: int = 0
    activation: str = "relu6"
    expands: bool = True

    @property
    def op(self) -> str:
        """Such as mbconv5x5_e6_se."""
        suffix = f"_g{self.groups}" * (self.groups > 1) + "_se" * (self.squeezed > 0)
        return f"mbconv{self.kernel}x{self.kernel}_e{self.expansion}{suffix}"

    @property
    def hidden(self) -> int:
        """Channels between the 1x1 convolutions."""
        return self.before.channels * self.expansion

    @property
    def cost(self) -> Cost:
        """All convolutions, normalisations and the two layers of squeeze and excitation."""
        wide = self.before.after(self.hidden)
        strided = wide.after(self.hidden, self.stride)
        cost = conv_cost(wide, strided, self.kernel, self.hidden)
        cost += conv_cost(strided, self.after, 1, self.groups)
        if self.expands:
            cost += conv_cost(self.before, wide, 1, self.groups)
        if self.squeezed:
            cost += linear_cost(self.hidden, self.squeezed) + linear_cost(self.squeezed, self.hidden)
        return cost


@dataclass(frozen=True)
class Identity(Layer):
    """What comes in."""

    @property
    def op(self) -> str:
        """A skip."""
        return "skip"

    @property
    def cost(self) -> Cost:
        """Nothing."""
        return Cost()


@dataclass(frozen=True)
class Linear(Layer):
    """Mean over all pixels, then a linear layer with bias."""

    @property
    def op(self) -> str:
        """A linear layer."""
        return "linear"

    @property
    def after(self) -> Shape:
        """One pixel."""
        return Shape(self.c_out, 1, 1)

    @property
    def cost(self) -> Cost:
        """Weights and biases."""
        return linear_cost(self.before.channels, self.c_out)
