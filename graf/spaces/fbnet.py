"""FBNet (Wu et al., CVPR 2019), as HW-NAS-Bench trains it on CIFAR-100."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from graf.ops import OpSet
from graf.spaces.parts.inverted_residual import Convolution, Identity, InvertedResidual, Layer, Linear
from graf.spaces.parts.mobile import MobileSpace, Slot, Stage
from graf.spaces.parts.notation import fault

__all__ = ["FBNet"]

KIND = "network of FBNet"
STEM_CHANNELS, HEAD_CHANNELS = 16, 1504
STAGES = (
    Stage(1, 16, 1), Stage(4, 24, 1), Stage(4, 32, 2), Stage(4, 64, 2), Stage(4, 112, 1), Stage(4, 184, 2),
    Stage(1, 352, 1),
)  # fmt: skip
N_LAYERS = sum(stage.n_layers for stage in STAGES)
N_OPTIONS = 9
BLOCKS = [(kernel, *shape) for kernel in (3, 5) for shape in ((1, 1), (1, 2), (3, 1), (6, 1))]
DIGITS = re.compile(r"[0-8](?=[-_]|$)")


@dataclass(frozen=True)
class FBNet(MobileSpace):
    """22 layers, each one of eight inverted residual blocks or a skip.

    Notation: 22 ids joined by dashes (underscores and lists are read too): 0 k3_e1, 1 k3_e1_g2,
    2 k3_e3, 3 k3_e6, 4 k5_e1, 5 k5_e1_g2, 6 k5_e3, 7 k5_e6, 8 skip. Choices are these ids. A
    skip where channels or resolution change is a 1x1 convolution, and named so in the graph.

    HW-NAS-Bench (Li et al., ICLR 2021) halves the resolution three times for its images of
    32 x 32 pixels, and gives the last convolution 1504 channels; so does this network.

    Parameters
    ----------
    width_percent : width multiplier in percent; channels are rounded to multiples of 8.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = FBNet()
    >>> space.parse("0-3-3-3-8-7-7-7-7-2-2-2-2-1-1-1-1-5-5-5-5-4")[:6]
    (0, 3, 3, 3, 8, 7)
    >>> space.graph([8] * 22).op_names[:6]
    ('conv3x3', 'skip', 'conv1x1', 'skip', 'skip', 'skip')
    """

    name: ClassVar[str] = "fbnet"
    ops: ClassVar[OpSet] = OpSet(
        (
            "conv3x3",
            *(f"mbconv{k}x{k}_e{e}" + f"_g{groups}" * (groups > 1) for k, e, groups in BLOCKS),
            "skip",
            "conv1x1",
            "linear",
        )
    )
    kind_of_choices: ClassVar[str] = "block"
    name_of_choices: ClassVar[str] = "layer {}"

    input_shape: tuple[int, int, int] = (3, 32, 32)
    n_classes: int = 100

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Nine options per layer."""
        return (N_OPTIONS,) * N_LAYERS

    def option_name(self, position: int, option: int) -> str:
        """The block, as the paper calls it."""
        if option == len(BLOCKS):
            return "skip"
        kernel, expansion, groups = BLOCKS[option]
        return f"k{kernel}_e{expansion}" + f"_g{groups}" * (groups > 1)

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it is 22 numbers joined by dashes or underscores."""
        return isinstance(text, str) and bool(re.fullmatch(r"[0-9]+([-_][0-9]+){21}", text.strip()))

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The 22 ids of a string; the error shows where it goes wrong."""
        position = 0
        ids: list[int] = []
        while len(ids) < N_LAYERS:
            match = DIGITS.match(text, position)
            if match is None:
                raise fault(KIND, text, position, f"{N_LAYERS} ids of 0 to 8 joined by '-'")
            ids.append(int(match[0]))
            position = match.end() + 1
        if position <= len(text):
            raise fault(KIND, text, position - 1, "the end")
        return tuple(ids)

    def format(self, choices: Sequence[int]) -> str:
        """The ids joined by dashes."""
        return "-".join(map(str, self.check_choices(choices)))

    def layers(self) -> dict[str, list[Layer]]:
        """Stem, nine options for each layer, last convolution, classifier."""
        stem = self.stem(STEM_CHANNELS, 1, "relu")
        slots = self.slots(stem.after, STAGES)
        blocks = {slot.name: [*(_block(slot, *block) for block in BLOCKS), _skip(slot)] for slot in slots}
        head = Convolution(slots[-1].after, self.width(HEAD_CHANNELS))
        return {"stem": [stem], **blocks, "head": [head], "classifier": [Linear(head.after, self.n_classes)]}


def _block(slot: Slot, kernel: int, expansion: int, groups: int) -> Layer:
    return InvertedResidual(
        slot.before, slot.c_out, kernel, slot.stride, expansion, groups, activation="relu"
    )


def _skip(slot: Slot) -> Layer:
    if slot.after == slot.before:
        return Identity(slot.before, slot.c_out)
    return Convolution(slot.before, slot.c_out, stride=slot.stride)
