"""The network of a DARTS genotype (Liu et al., ICLR 2019), without auxiliary head and drop path."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from graf.spaces.parts.genotype import Edge, Layer
from graf.spaces.torch_models.cell import FactorizedReduce, Zero, conv_bn, relu_conv_bn
from graf.spaces.torch_models.state import seeded

if TYPE_CHECKING:
    from graf.spaces.darts import DARTS

__all__ = ["POOLS", "InnerNodes", "build", "depthwise", "pool_bn"]


class InnerNodes(nn.Module):
    """The inner nodes of a cell, each the sum of its edges."""

    def __init__(self, edges: Sequence[Edge], operation: Callable[[str, bool], nn.Module]) -> None:
        super().__init__()
        self.edges = tuple(edges)
        self.ops = nn.ModuleList(operation(edge.op, edge.source < 2) for edge in edges)

    def forward(self, x: Tensor, y: Tensor) -> dict[int, Tensor]:
        """The tensors of the inputs, 0 and 1, and of the inner nodes."""
        nodes = {0: x, 1: y}
        for edge, op in zip(self.edges, self.ops, strict=True):
            term = op(nodes[edge.source])
            nodes[edge.node] = nodes[edge.node] + term if edge.node in nodes else term
        return nodes


def depthwise(channels: int, kernel: int, stride: int, dilation: int = 1) -> nn.Conv2d:
    """A convolution of each channel by itself, without bias, that keeps the size at stride 1."""
    padding = dilation * (kernel // 2)
    return nn.Conv2d(
        channels, channels, kernel, stride, padding, dilation=dilation, groups=channels, bias=False
    )


def separable(channels: int, kernel: int, stride: int, dilation: int, *, affine: bool) -> nn.Sequential:
    """ReLU, depthwise and pointwise convolution, batch normalisation."""
    return nn.Sequential(
        nn.ReLU(),
        depthwise(channels, kernel, stride, dilation),
        nn.Conv2d(channels, channels, 1, bias=False),
        nn.BatchNorm2d(channels, affine=affine),
    )


def operation(name: str, channels: int, stride: int, *, affine: bool) -> nn.Module:
    """The module of an operation; where batch normalisation has no weights, pools have one too."""
    if name == "none":
        return Zero(channels, stride)
    if name == "skip":
        return nn.Identity() if stride == 1 else halving(channels, channels, affine=affine)
    if name in POOLS:
        return POOLS[name](stride) if affine else pool_bn(name, channels, stride)
    kernel = int(name[-1])
    if name.startswith("dil_conv"):
        return separable(channels, kernel, stride, 2, affine=affine)
    first, second = (separable(channels, kernel, s, 1, affine=affine) for s in (stride, 1))
    return nn.Sequential(*first, *second)


POOLS: dict[str, Callable[[int], nn.Module]] = {
    "max_pool3x3": lambda stride: nn.MaxPool2d(3, stride, 1),
    "avg_pool3x3": lambda stride: nn.AvgPool2d(3, stride, 1, count_include_pad=False),
}


def pool_bn(name: str, channels: int, stride: int) -> nn.Sequential:
    """A pool, then batch normalisation without weights."""
    return nn.Sequential(POOLS[name](stride), nn.BatchNorm2d(channels, affine=False))


def halving(c_in: int, c_out: int, *, affine: bool = True) -> FactorizedReduce:
    """A skip that halves the resolution."""
    reduce = FactorizedReduce(c_in, c_out, 2)
    reduce.bn = nn.BatchNorm2d(c_out, affine=affine)
    return reduce


class Cell(nn.Module):
    """Brings both inputs to one shape, and concatenates the inner nodes."""

    def __init__(self, layer: Layer, edges: Sequence[Edge], *, affine: bool) -> None:
        super().__init__()
        channels, stride = layer.stage.inner.channels, layer.stage.stride
        self.preprocess = nn.ModuleList(
            relu_conv_bn(source.channels, channels, 1)
            if source[1:] == layer.stage.inputs[1:]
            else halving(source.channels, channels)
            for source in layer.sources
        )
        self.nodes = InnerNodes(
            edges, lambda name, first: operation(name, channels, stride if first else 1, affine=affine)
        )

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        nodes = self.nodes(self.preprocess[0](x), self.preprocess[1](y))
        return torch.cat([nodes[node] for node in sorted(nodes)[2:]], dim=1)


class Network(nn.Module):
    """Stem, cells that read the two before them, global pooling, classifier."""

    def __init__(self, space: DARTS, cells: Mapping[str, Sequence[Edge]]) -> None:
        super().__init__()
        layers = space.layers()
        self.stem = conv_bn(space.input_shape[0], layers[0].sources[0].channels, 3)
        self.cells = nn.ModuleList(
            Cell(layer, cells[layer.stage.kind], affine=space.normalisation > 1) for layer in layers
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(4 * layers[-1].stage.inner.channels, space.n_classes)

    def forward(self, images: Tensor) -> Tensor:
        before = last = self.stem(images)
        for cell in self.cells:
            before, last = last, cell(before, last)
        logits: Tensor = self.classifier(self.pool(last).flatten(1))
        return logits


def build(space: DARTS, cells: Mapping[str, Sequence[Edge]], seed: int) -> Network:
    """The network of the edges of both cells."""
    with seeded(seed):
        return Network(space, cells)
