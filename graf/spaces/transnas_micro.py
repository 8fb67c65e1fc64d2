"""The micro (cell-level) space of TransNAS-Bench-101 (Duan et al., CVPR 2021)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from graf.exceptions import InputError
from graf.ops import OpSet
from graf.spaces.parts.costs import Cost, Shape, conv_cost, linear_cost
from graf.spaces.parts.edge_cell import EdgeCellSpace, Layer
from graf.spaces.parts.notation import fault, reached

if TYPE_CHECKING:
    import torch

__all__ = ["TransNASMicro"]

MODULES = "41414"
DASHED = re.compile(r"[0-9](?:-[0-9]){5}")
PUBLISHED = re.compile(r"64-41414-([0-9])_([0-9]{2})_([0-9]{3})")

BEGINNINGS = (
    re.compile(r"64-41414-(?:[0-9](?:_(?:[0-9]{1,2}(?:(?<=[0-9]{2})_[0-9]{0,3})?)?)?)?"),
    re.compile(r"[0-9](?:-[0-9]){0,5}"),
)


@dataclass(frozen=True)
class TransNASMicro(EdgeCellSpace):
    """4,096 cells of six edges with four operations each, ten cells in five modules.

    Notation: `64-41414-a_bc_def` as published, or the six digits joined by dashes. Operation
    ids are 0 none, 1 skip_connect, 2 nor_conv_1x1, 3 nor_conv_3x3; edges 1-2, 1-3, 2-3, 1-4,
    2-4, 3-4. Choices are these ids in this order. Modules 1, 3 and 5 double the channels and
    halve the resolution in their first cell, on the edges that leave its input.

    Parameters
    ----------
    channels : channels after the stem; the last module has eight times as many.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier (63 for the published scene task).

    Examples
    --------
    >>> space = TransNASMicro()
    >>> space.parse("64-41414-1_02_333")
    (1, 0, 2, 3, 3, 3)
    >>> space.format((1, 0, 2, 3, 3, 3))
    '64-41414-1_02_333'
    """

    name: ClassVar[str] = "transnas_micro"
    ops: ClassVar[OpSet] = OpSet(("none", "skip", "conv1x1", "conv3x3"))
    edges: ClassVar[tuple[tuple[int, int], ...]] = ((1, 2), (1, 3), (2, 3), (1, 4), (2, 4), (3, 4))

    channels: int = 64
    input_shape: tuple[int, int, int] = (3, 256, 256)
    n_classes: int = 63

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.channels % 2:
            raise InputError(f"`channels` must be even (the stem halves it), got {self.channels}")

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it is six dashed digits below 4, or starts as the published string does."""
        if not isinstance(text, str) or text.strip().endswith("-basic"):
            return False
        dashed = DASHED.fullmatch(text.strip())
        return text.strip().startswith("64-41414-") or (dashed is not None and "4" not in text)

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The six operation ids of a string; the error says what was expected."""
        match = PUBLISHED.fullmatch(text)
        if match is not None:
            return self.check_choices([int(digit) for digit in "".join(match.groups())])
        if DASHED.fullmatch(text):
            return self.check_choices([int(digit) for digit in text.split("-")])
        expected = "'64-41414-a_bc_def' or 'a-b-c-d-e-f' with digits 0 to 3"
        raise fault("TransNAS-Bench-101 micro cell", text, reached(text, *BEGINNINGS), expected)

    def format(self, choices: Sequence[int]) -> str:
        """The published string of six operation ids."""
        digits = "".join(map(str, self.check_choices(choices)))
        return f"64-{MODULES}-{digits[0]}_{digits[1:3]}_{digits[3:]}"

    def layers(self) -> list[Layer]:
        """One layer per cell, two per module; the stem has quartered the resolution."""
        _, height, width = self.input_shape
        height, width = (height + 3) // 4, (width + 3) // 4
        channels, found = self.channels, []
        for module in MODULES:
            c_in = channels
            if module == "4":
                channels, height, width = 2 * channels, (height + 1) // 2, (width + 1) // 2
            found += [Layer(c_in, channels, height * width), Layer(channels, channels, height * width)]
        return found

    def op_cost(self, op: str, layer: Layer, *, from_input: bool) -> Cost:
        """Cost of one operation in one cell; a skip that changes shape is a factorised reduction."""
        if op == "skip" and from_input and layer.c_in != layer.c_out:
            weights = layer.c_in * layer.c_out
            return Cost(weights + 2 * layer.c_out, weights * layer.pixels)
        return super().op_cost(op, layer, from_input=from_input)

    def frame_cost(self) -> tuple[Cost, Cost]:
        """Stem of two strided convolutions before the cells; classifier after."""
        image = Shape(*self.input_shape)
        half = image.after(self.channels // 2, stride=2)
        quarter = half.after(self.channels, stride=2)
        before = conv_cost(image, half, 3) + conv_cost(half, quarter, 3)
        return before, linear_cost(self.layers()[-1].c_out, self.n_classes)

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The classification network: logits (batch, n_classes) from (batch, *input_shape)."""
        from graf.spaces.torch_models import transnas_micro

        operations = [self.ops.names[choice] for choice in self.parse(architecture)]
        return transnas_micro.build(self, operations, seed)
