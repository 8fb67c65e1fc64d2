"""The classification network of TransNAS-Bench-101 micro (Duan et al., CVPR 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import nn

from graf.spaces.torch_models.cell import Cell, classifier, conv_bn
from graf.spaces.torch_models.state import seeded

if TYPE_CHECKING:
    from graf.spaces.transnas_micro import TransNASMicro

__all__ = ["build"]


def build(space: TransNASMicro, operations: Sequence[str], seed: int) -> nn.Sequential:
    """Stem of two strided convolutions, ten cells, global pooling, classifier."""
    with seeded(seed):
        c = space.channels
        parts: list[nn.Module] = [
            conv_bn(space.input_shape[0], c // 2, 3, stride=2), nn.ReLU(), conv_bn(c // 2, c, 3, stride=2),
        ]  # fmt: skip
        layers = space.layers()
        for c_in, c_out, _ in layers:
            stride = 1 if c_in == c_out else 2
            parts.append(Cell(space.edges, operations, c_in, c_out, stride))
        return nn.Sequential(*parts, *classifier(layers[-1].c_out, space.n_classes))
