"""NAS-Bench-Macro (Su et al., CVPR 2021)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from graf.ops import OpSet
from graf.spaces.parts.costs import Shape
from graf.spaces.parts.inverted_residual import Convolution, Identity, InvertedResidual, Layer, Linear
from graf.spaces.parts.mobile import LayerChain
from graf.spaces.parts.notation import fault, reached

__all__ = ["NASBenchMacro"]

FIRST = (0, 2, 5)  # the layers that start a stage
BEGINNING = re.compile("[012]{0,8}")


@dataclass(frozen=True)
class NASBenchMacro(LayerChain):
    """6,561 networks of eight layers, each an identity or one of two inverted residual blocks.

    Notation: eight digits such as `01202112`, also as a tuple: 0 identity, 1 expansion 3 and
    kernel 3, 2 expansion 6 and kernel 5. Choices are these digits. The layers stand in stages
    of two, three and three; the first of a stage doubles the channels and halves the
    resolution, where an identity becomes a strided 1x1 convolution. Other identities compute
    nothing, so that 3,969 networks differ; the published table repeats their rows.

    Parameters
    ----------
    channels : channels of the stem.
    head_channels : channels of the 1x1 convolution before the classifier.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = NASBenchMacro()
    >>> space.parse("01202112")
    (0, 1, 2, 0, 2, 1, 1, 2)
    >>> space.graph("01202112").op_names[1:4]
    ('conv1x1', 'mbconv3x3_e3', 'mbconv5x5_e6')
    """

    name: ClassVar[str] = "nasbench_macro"
    ops: ClassVar[OpSet] = OpSet(("skip", "mbconv3x3_e3", "mbconv5x5_e6", "conv1x1", "conv3x3", "linear"))
    kind_of_choices: ClassVar[str] = "block"
    name_of_choices: ClassVar[str] = "layer.{}"  # as nodes are called
    carried: ClassVar[tuple[str, ...]] = ("channels", "resolution", "stride", "kernel", "expansion")

    channels: int = 32
    head_channels: int = 1280
    input_shape: tuple[int, int, int] = (3, 32, 32)
    n_classes: int = 10

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Three blocks for each of eight layers."""
        return (3,) * 8

    def option_name(self, position: int, option: int) -> str:
        """The block, "skip" for an identity."""
        return self.ops.names[option]

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it is eight digits."""
        return isinstance(text, str) and re.fullmatch("[0-9]{8}", text.strip()) is not None

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The blocks of a string; the error shows where it goes wrong."""
        position = reached(text, BEGINNING)
        if position != len(text) or len(text) != 8:
            raise fault("NAS-Bench-Macro network", text, position, "eight digits from 0 to 2")
        return self.check_choices([int(digit) for digit in text])

    def format(self, choices: Sequence[int]) -> str:
        """The digits."""
        return "".join(map(str, self.check_choices(choices)))

    def layers(self) -> dict[str, list[Layer]]:
        """Stem, three blocks for each of eight layers, head and classifier."""
        stem = Convolution(Shape(*self.input_shape), self.channels, kernel=3)
        found: dict[str, list[Layer]] = {"stem": [stem]}
        before = stem.after
        for i in range(8):
            found[f"layer.{i}"] = blocks = _blocks(before, first=i in FIRST)
            before = blocks[0].after
        head = Convolution(before, self.head_channels)
        return {**found, "head": [head], "classifier": [Linear(head.after, self.n_classes)]}


def _blocks(before: Shape, *, first: bool) -> list[Layer]:
    """The blocks of a layer; the first of a stage doubles the channels and halves the resolution."""
    c_out, stride = (2 * before.channels, 2) if first else (before.channels, 1)
    shortcut = (
        Convolution(before, c_out, stride=stride, activation="none") if first else Identity(before, c_out)
    )
    return [
        shortcut,
        InvertedResidual(before, c_out, kernel=3, stride=stride, expansion=3, activation="relu"),
        InvertedResidual(before, c_out, kernel=5, stride=stride, expansion=6, activation="relu"),
    ]
