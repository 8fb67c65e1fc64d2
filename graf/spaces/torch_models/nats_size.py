"""The network of the size space of NATS-Bench (Dong et al., TPAMI 2021)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from torch import nn

from graf.spaces.nats_size import CELL
from graf.spaces.torch_models.cell import Cell, classifier, conv_bn
from graf.spaces.torch_models.nasbench201 import reduction
from graf.spaces.torch_models.state import seeded

if TYPE_CHECKING:
    from graf.spaces.nats_size import NATSSize

__all__ = ["build"]


def cell(c_in: int, c_out: int) -> Cell:
    """The published cell; a skip that changes the channels is a 1x1 convolution without ReLU."""
    made = Cell(tuple(CELL), tuple(CELL.values()), c_in, c_out)
    if c_in != c_out:
        made.ops[tuple(CELL.values()).index("skip")] = conv_bn(c_in, c_out, 1)
    return made


def build(space: NATSSize, stages: Sequence[tuple[int, int]], seed: int) -> nn.Sequential:
    """Stem, a cell per stage with reductions between them, global pooling, classifier."""
    with seeded(seed):
        channels = stages[0][0]
        parts: list[nn.Module] = [conv_bn(space.input_shape[0], channels, 3)]
        for stage, (c_in, c_out) in enumerate(stages):
            if stage:
                parts.append(reduction(channels, c_in))
            parts.append(cell(c_in, c_out))
            channels = c_out
        parts += [nn.BatchNorm2d(channels), nn.ReLU(), *classifier(channels, space.n_classes)]
        return nn.Sequential(*parts)
