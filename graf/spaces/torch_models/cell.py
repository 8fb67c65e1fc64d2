"""The cell of four junctions and its operations as PyTorch modules."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

__all__ = ["Cell", "Residual", "classifier", "conv_bn", "relu_conv_bn"]


class Zero(nn.Module):
    """Zeros in the shape that the operation it stands for would return."""

    def __init__(self, c_out: int, stride: int) -> None:
        super().__init__()
        self.c_out, self.stride = c_out, stride

    def forward(self, x: Tensor) -> Tensor:
        x = x[:, :, :: self.stride, :: self.stride]
        return x.new_zeros(x.shape[0], self.c_out, *x.shape[2:])


class FactorizedReduce(nn.Module):
    """A skip that halves the resolution: two shifted strided 1x1 convolutions, side by side."""

    def __init__(self, c_in: int, c_out: int, stride: int) -> None:
        super().__init__()
        half = c_out // 2
        self.convs = nn.ModuleList(
            nn.Conv2d(c_in, c, 1, stride=stride, bias=False) for c in (half, c_out - half)
        )
        self.pad = nn.ConstantPad2d((0, 1, 0, 1), 0)
        self.bn = nn.BatchNorm2d(c_out)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(x)
        shifted = self.pad(x)[:, :, 1:, 1:]
        joined: Tensor = self.bn(torch.cat([self.convs[0](x), self.convs[1](shifted)], dim=1))
        return joined


class Residual(nn.Module):
    """The sum of what a body and a shortcut make of the same tensor."""

    def __init__(self, body: nn.Module, shortcut: nn.Module) -> None:
        super().__init__()
        self.body, self.shortcut = body, shortcut

    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = self.shortcut(x) + self.body(x)
        return total


def conv_bn(c_in: int, c_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """Convolution without bias, then batch normalisation."""
    conv = nn.Conv2d(c_in, c_out, kernel, stride=stride, padding=kernel // 2, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(c_out))


def relu_conv_bn(c_in: int, c_out: int, kernel: int, stride: int = 1) -> nn.Sequential:
    """ReLU, convolution without bias, batch normalisation."""
    return nn.Sequential(nn.ReLU(), *conv_bn(c_in, c_out, kernel, stride))


def classifier(channels: int, n_classes: int) -> tuple[nn.Module, ...]:
    """Mean over all pixels, then a linear layer with bias."""
    return nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, n_classes)


def operation(name: str, c_in: int, c_out: int, stride: int) -> nn.Module:
    """The module of one operation between two junctions."""
    if name == "none":
        return Zero(c_out, stride)
    if name == "skip":
        same = c_in == c_out and stride == 1
        return nn.Identity() if same else FactorizedReduce(c_in, c_out, stride)
    if name == "avg_pool3x3":
        return nn.AvgPool2d(3, stride=stride, padding=1, count_include_pad=False)
    return relu_conv_bn(c_in, c_out, int(name[-1]), stride)


class Cell(nn.Module):
    """Four junctions, each the sum of what its incoming edges make of earlier junctions."""

    def __init__(
        self, edges: Sequence[tuple[int, int]], names: Sequence[str], c_in: int, c_out: int, stride: int = 1
    ) -> None:
        super().__init__()
        self.edges = tuple(edges)
        self.ops = nn.ModuleList(
            operation(name, c_in if u == 1 else c_out, c_out, stride if u == 1 else 1)
            for (u, _), name in zip(edges, names, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        terms: dict[int, list[Tensor]] = {v: [] for _, v in self.edges}
        junctions = {1: x}
        for (u, v), op in sorted(zip(self.edges, self.ops, strict=True), key=lambda item: item[0][1]):
            if u not in junctions:
                junctions[u] = sum(terms[u][1:], terms[u][0])
            terms[v].append(op(junctions[u]))
        last = max(terms)
        return sum(terms[last][1:], terms[last][0])
