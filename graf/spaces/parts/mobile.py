"""Chains of mobile layers whose positions are filled by choices, shared by five spaces."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.spaces.parts.chain import Block, ChainSpace
from graf.spaces.parts.costs import Shape
from graf.spaces.parts.inverted_residual import Convolution, Layer, divisible

if TYPE_CHECKING:
    import torch

__all__ = ["LayerChain", "MobileSpace", "Slot", "Stage"]


class Stage(NamedTuple):
    """Layers of one width, the first of which has the stride."""

    n_layers: int
    channels: int
    stride: int


class Slot(NamedTuple):
    """A place for one layer: stage, number in it, shape of what comes in, and what it must do."""

    stage: int
    number: int
    before: Shape
    c_out: int
    stride: int

    @property
    def name(self) -> str:
        """Stage and number, counted from 1."""
        return f"{self.stage + 1}.{self.number + 1}"

    @property
    def after(self) -> Shape:
        """Shape of what goes out."""
        return self.before.after(self.c_out, self.stride)


@dataclass(frozen=True)
class LayerChain(ChainSpace):
    """A chain of layers, each of which is a node of the graph and a module of the network.

    A subclass states the layers that may stand at each position (`layers`), and which of
    them choices select (`selected`) where it is more than one each.
    """

    carried: ClassVar[tuple[str, ...]] = ("channels", "resolution", "stride", "kernel", "expansion", "groups")

    @abstractmethod
    def layers(self) -> dict[str, list[Layer]]:
        """The layers that may stand at each position, by the position's name in the graph."""

    @cached_property
    def positions(self) -> dict[str, list[Layer]]:
        """These layers, made once."""
        return self.layers()

    def candidates(self) -> list[list[Block]]:
        """The layers as blocks."""
        return [[layer.block(name) for layer in row] for name, row in self.positions.items()]

    def selected(self, choices: NDArray[np.int32]) -> NDArray[np.integer]:
        """The number of the layer at each position, (n, positions), -1 for none; each choice is such a number."""
        numbers = np.zeros((len(choices), len(self.positions)), np.int32)
        numbers[:, [len(options) > 1 for options in self.positions.values()]] = choices
        return numbers

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The network without dropout: logits (batch, n_classes) from (batch, *input_shape)."""
        from graf.spaces.torch_models import inverted_residual

        numbers = self.selected(np.array([self.parse(architecture)], np.int32))[0].tolist()
        filled = zip(self.positions.values(), numbers, strict=True)
        return inverted_residual.build([row[number] for row, number in filled if number >= 0], seed)


@dataclass(frozen=True)
class MobileSpace(LayerChain):
    """A chain of mobile layers in stages, whose widths a multiplier scales.

    Parameters
    ----------
    width_percent : width multiplier in percent; channels are rounded to multiples of 8.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.
    """

    width_percent: int = 100
    input_shape: tuple[int, int, int] = (3, 224, 224)
    n_classes: int = 1000

    def width(self, channels: int) -> int:
        """Channels after the width multiplier."""
        return divisible(channels * self.width_percent / 100)

    def stem(self, channels: int, stride: int, activation: str) -> Convolution:
        """The 3x3 convolution that reads the image."""
        return Convolution(Shape(*self.input_shape), self.width(channels), 3, stride, activation)

    def slots(self, before: Shape, stages: Sequence[Stage]) -> list[Slot]:
        """The places for layers of consecutive stages."""
        found: list[Slot] = []
        for i, stage in enumerate(stages):
            for number in range(stage.n_layers):
                stride = 1 if number else stage.stride
                found.append(Slot(i, number, before, self.width(stage.channels), stride))
                before = found[-1].after
        return found
