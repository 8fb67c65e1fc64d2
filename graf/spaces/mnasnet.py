"""The MnasNet space (Tan et al., CVPR 2019) of Accel-NASBench (Ahmad et al., DAC 2024)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from graf.checks import is_whole
from graf.exceptions import ArchitectureError
from graf.ops import OpSet
from graf.spaces.parts.inverted_residual import Convolution, InvertedResidual, Layer, Linear
from graf.spaces.parts.mobile import MobileSpace, Slot, Stage
from graf.spaces.parts.notation import counted, fault, literal, shown

__all__ = ["MnasNet"]

KIND = "network of MnasNet"
STEM_CHANNELS = 32
STAGES = (
    Stage(3, 16, 1), Stage(3, 24, 2), Stage(3, 40, 2), Stage(3, 80, 2), Stage(3, 112, 1), Stage(4, 192, 2),
    Stage(3, 320, 1),
)  # fmt: skip
EXPANSIONS, KERNELS, SWITCH = (1, 4, 6), (3, 5), (0, 1)
OPTIONS = tuple(
    options
    for stage in STAGES
    for options in (EXPANSIONS, KERNELS, tuple(range(1, stage.n_layers + 1)), SWITCH)
)
LAYERS = [(e, k, se) for e in EXPANSIONS for k in KERNELS for se in (False, True)]
KEYS = tuple(f"block{i}_{key}" for i in range(len(STAGES)) for key in ("e", "k", "l", "se"))
NUMBER = re.compile(r"[0-9](?=:|$)")
RECOGNISED = re.compile(r"""["']block0_e["']|^\s*[0-9]+(:[0-9]+){27}\s*$""")


@dataclass(frozen=True)
class MnasNet(MobileSpace):
    """Seven blocks, each with its expansion, kernel, number of layers and squeeze-and-excitation.

    Notation: 28 numbers joined by colons, for each block expansion (1, 4 or 6), kernel (3 or
    5), layers (1 to 3, in the sixth block 1 to 4), squeeze-and-excitation (0 or 1): the columns
    of the published table. Read too, as dictionary, list or text: the dictionary of
    Accel-NASBench ({"block0_e": 1, "block0_k": 3, "block0_l": 1, "block0_se": true, ...}) and
    its list of seven expansions, seven kernels, seven numbers of layers and seven switches.
    Choices are positions among the options, in the order of the columns.

    The network is EfficientNet's where the choices leave it open: swish, squeezing to a quarter
    of a block's input channels, no first convolution at expansion 1, 1280 last channels.

    Parameters
    ----------
    width_percent : width multiplier in percent; channels are rounded to multiples of 8.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = MnasNet()
    >>> choices = space.parse([[1, 6, 6, 6, 6, 6, 6], [3, 3, 5, 3, 5, 5, 3], [1, 2, 2, 3, 3, 4, 1], [1] * 7])
    >>> space.format(choices)
    '1:3:1:1:6:3:2:1:6:5:2:1:6:3:3:1:6:5:3:1:6:5:4:1:6:3:1:1'
    >>> space.graph(choices).n_parameters  # EfficientNet-B0
    5288548
    """

    name: ClassVar[str] = "mnasnet"
    ops: ClassVar[OpSet] = OpSet(
        (
            "conv3x3",
            *(f"mbconv{k}x{k}_e{e}" + "_se" * se for e, k, se in LAYERS),
            "conv1x1",
            "linear",
        )
    )

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Options of expansion, kernel, layers and squeeze-and-excitation, block by block."""
        return tuple(map(len, OPTIONS))

    def choice_name(self, position: int) -> str:
        """The column of the published table, such as "block0_e"."""
        return KEYS[position]

    def choice_kind(self, position: int) -> str:
        """Expansion "e", kernel "k", layers "l" or squeeze-and-excitation "se"."""
        return KEYS[position].split("_")[1]

    def option_name(self, position: int, option: int) -> str:
        """The number in the column."""
        return str(OPTIONS[position][option])

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it is 28 numbers joined by colons, or speaks of `block0_e`."""
        if isinstance(text, str):
            return bool(RECOGNISED.search(text))
        return isinstance(text, Mapping) and "block0_e" in text

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices of a text, a dictionary, a list of four lists, or a tuple of choices."""
        if isinstance(architecture, Mapping):
            return _read_keys(architecture)
        if isinstance(architecture, (list, tuple)) and len(architecture) == 4:
            return _read_lists(architecture)
        return super().parse(architecture)

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of 28 numbers, or of the text of a dictionary or list."""
        if text.startswith(("{", "[", "(")):
            return self.parse(literal(KIND, text))
        choices: list[int] = []
        for i, options in enumerate(OPTIONS):
            match = NUMBER.match(text, 2 * i)
            if match is None or int(match[0]) not in options:
                raise fault(KIND, text, 2 * i, f"one of {', '.join(map(str, options))} for {KEYS[i]}")
            choices.append(options.index(int(match[0])))
        if len(text) > 2 * len(OPTIONS) - 1:
            raise fault(KIND, text, 2 * len(OPTIONS) - 1, "the end")
        return tuple(choices)

    def format(self, choices: Sequence[int]) -> str:
        """The 28 numbers joined by colons."""
        chosen = zip(OPTIONS, self.check_choices(choices), strict=True)
        return ":".join(str(options[choice]) for options, choice in chosen)

    def layers(self) -> dict[str, list[Layer]]:
        """Stem, twelve options for each layer, last convolution, classifier."""
        stem = self.stem(STEM_CHANNELS, 2, "swish")
        slots = self.slots(stem.after, STAGES)
        blocks = {slot.name: [_block(slot, *layer) for layer in LAYERS] for slot in slots}
        last = slots[-1].after
        head = Convolution(last, 4 * last.channels, activation="swish")
        return {"stem": [stem], **blocks, "head": [head], "classifier": [Linear(head.after, self.n_classes)]}

    def selected(self, choices: NDArray[np.int32]) -> NDArray[np.integer]:
        """The same layer up to the depth of a block, none beyond."""
        expansion, kernel, depth, squeeze = np.moveaxis(choices.reshape(len(choices), -1, 4), 2, 0)
        layer = 4 * expansion + 2 * kernel + squeeze
        stage = np.repeat(np.arange(len(STAGES)), [stage.n_layers for stage in STAGES])
        number = np.concatenate([np.arange(stage.n_layers) for stage in STAGES])
        return np.pad(
            np.where(number <= depth[:, stage], layer[:, stage], -1), ((0, 0), (1, 2)), constant_values=0
        )


def _block(slot: Slot, expansion: int, kernel: int, squeezes: bool) -> Layer:
    return InvertedResidual(
        slot.before,
        slot.c_out,
        kernel,
        slot.stride,
        expansion,
        squeezed=max(1, slot.before.channels // 4) if squeezes else 0,
        activation="swish",
        expands=expansion > 1,
    )


def _read_lists(lists: Sequence[Any]) -> tuple[int, ...]:
    for key, values in zip(("expansions", "kernels", "layers", "squeeze-and-excitation"), lists, strict=True):
        if not isinstance(values, (list, tuple)) or len(values) != len(STAGES):
            raise ArchitectureError(f"not a {KIND}: expected {len(STAGES)} {key}, got {counted(values)}")
    return _read_keys(
        dict(zip(KEYS, (value for block in zip(*lists, strict=True) for value in block), strict=True))
    )


def _read_keys(values: Mapping[Any, Any]) -> tuple[int, ...]:
    choices = []
    for key, options in zip(KEYS, OPTIONS, strict=True):
        value = values.get(key)
        is_switch = isinstance(value, (bool, np.bool_)) and options == SWITCH
        if not (is_switch or is_whole(value)) or value not in options:
            one_of = ", ".join(map(str, options))
            raise ArchitectureError(f"not a {KIND}: `{key}` must be one of {one_of}, got {shown(value)}")
        choices.append(options.index(value))
    return tuple(choices)
