"""The network of NAS-Bench-201 (Dong & Yang, ICLR 2020)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import nn

from graf.spaces.torch_models.cell import Cell, Residual, classifier, conv_bn, relu_conv_bn
from graf.spaces.torch_models.state import seeded

if TYPE_CHECKING:
    from graf.spaces.nasbench201 import NASBench201

__all__ = ["build", "reduction"]


def reduction(c_in: int, c_out: int) -> Residual:
    """Residual block that halves the resolution."""
    body = nn.Sequential(relu_conv_bn(c_in, c_out, 3, stride=2), relu_conv_bn(c_out, c_out, 3))
    pool = nn.AvgPool2d(2, stride=2, ceil_mode=True)
    return Residual(body, nn.Sequential(pool, nn.Conv2d(c_in, c_out, 1, bias=False)))


def build(space: NASBench201, operations: Sequence[str], seed: int) -> nn.Sequential:
    """Stem, stages of cells joined by reductions, global pooling, classifier."""
    with seeded(seed):
        channels = space.channels
        parts: list[nn.Module] = [conv_bn(space.input_shape[0], channels, 3)]
        for stage in range(space.n_stages):
            if stage:
                parts.append(reduction(channels, 2 * channels))
                channels *= 2
            parts += [Cell(space.edges, operations, channels, channels) for _ in range(space.cells_per_stage)]
        parts += [nn.BatchNorm2d(channels), nn.ReLU(), *classifier(channels, space.n_classes)]
        return nn.Sequential(*parts)
