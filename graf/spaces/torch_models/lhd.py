"""The network of an LHD genotype, without auxiliary head and drop path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from graf.spaces.parts.genotype import Edge, Layer
from graf.spaces.torch_models.cell import FactorizedReduce, Zero, conv_bn, relu_conv_bn
from graf.spaces.torch_models.darts import POOLS, InnerNodes, depthwise, pool_bn
from graf.spaces.torch_models.state import seeded

if TYPE_CHECKING:
    from graf.spaces.parts.lhd_cells import Cell
    from graf.spaces.parts.lhd_network import Skeleton

__all__ = ["build"]


def operation(name: str, channels: int, stride: int) -> nn.Module:
    """The module of an operation; separable and dilated convolutions are only depthwise."""
    if name == "none":
        return Zero(channels, stride)
    if name == "skip":
        return nn.Identity() if stride == 1 else FactorizedReduce(channels, channels, 2)
    if name in POOLS:
        return pool_bn(name, channels, stride)
    if name == "conv7x1_1x7":
        convolutions = [
            nn.Conv2d(channels, channels, (1, 7), (1, stride), (0, 3), bias=False),
            nn.Conv2d(channels, channels, (7, 1), (stride, 1), (3, 0), bias=False),
        ]
    else:
        dilation = 1 + name.startswith("dil_conv")
        convolutions = [depthwise(channels, int(name[-1]), stride, dilation)]
    return nn.Sequential(nn.ReLU(), *convolutions, nn.BatchNorm2d(channels))


class TwoOutputs(nn.Module):
    """A cell that returns the sum of some inner nodes and the concatenation of some."""

    def __init__(self, layer: Layer, cell: Cell, ops: tuple[str, ...]) -> None:
        super().__init__()
        channels, stride = layer.stage.inner.channels, layer.stage.stride
        self.summed, self.joined = cell.sum, cell.concat
        first, second = (relu_conv_bn(source.channels, channels, 1) for source in layer.sources)
        self.preprocess = nn.ModuleList([first if stride > 1 else nn.Identity(), second])
        edges = [Edge(ops[op], source, i + 2) for i, pairs in enumerate(cell.nodes) for source, op in pairs]
        self.nodes = InnerNodes(edges, lambda name, first: operation(name, channels, stride if first else 1))

    def forward(self, summed: Tensor, joined: Tensor) -> tuple[Tensor, Tensor]:
        nodes = self.nodes(self.preprocess[0](summed), self.preprocess[1](joined))
        total = torch.stack([nodes[node + 2] for node in self.summed]).sum(dim=0)
        return total, torch.cat([nodes[node + 2] for node in self.joined], dim=1)


class Network(nn.Module):
    """Two stems, cells that read both outputs of the one before, global pooling, classifier."""

    def __init__(self, skeleton: Skeleton, cells: Mapping[str, Cell]) -> None:
        super().__init__()
        colours = skeleton.input_shape[0]
        self.stems = nn.ModuleList(conv_bn(colours, stem.channels, 3) for stem in skeleton.stems)
        self.cells = nn.ModuleList(
            TwoOutputs(layer, cells[layer.stage.kind], skeleton.ops.names) for layer in skeleton.layers(cells)
        )
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Linear(skeleton.features(cells), skeleton.n_classes)

    def forward(self, images: Tensor) -> Tensor:
        summed, joined = (stem(images) for stem in self.stems)
        for cell in self.cells:
            summed, joined = cell(summed, joined)
        pooled = self.pool(torch.cat([summed, joined], dim=1))
        logits: Tensor = self.classifier(pooled.flatten(1))
        return logits


def build(skeleton: Skeleton, cells: Mapping[str, Cell], seed: int) -> Network:
    """The network of both cells."""
    with seeded(seed):
        return Network(skeleton, cells)
