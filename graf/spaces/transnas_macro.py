"""The macro (stage-level) space of TransNAS-Bench-101 (Duan et al., CVPR 2021)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np

from graf.exceptions import ArchitectureError
from graf.graph import ComputationGraph, GraphBatch
from graf.ops import OpSet
from graf.spaces.base import SearchSpace
from graf.spaces.parts.chain import chain_graph, image_block
from graf.spaces.parts.costs import Cost, Shape, conv_cost, linear_cost, residual_cost
from graf.spaces.parts.notation import fault, reached

if TYPE_CHECKING:
    import torch

__all__ = ["Module", "TransNASMacro"]


class Module(NamedTuple):
    """What a code stands for: how its first block changes channels and resolution."""

    op: str
    widening: int
    stride: int


MODULES = {
    1: Module("resnet_module", 1, 1),
    2: Module("resnet_module_wide", 2, 1),
    3: Module("resnet_module_strided", 1, 2),
    4: Module("resnet_module_wide_strided", 2, 2),
}
KIND = "TransNAS-Bench-101 macro network"
LENGTHS, WIDENINGS, STRIDES = range(4, 7), range(1, 4), range(1, 5)
PUBLISHED = re.compile(r"64-([1-4]{4,6})-basic")
DASHED = re.compile(r"[0-4](?:-[0-4]){3,5}")
BEGINNINGS = (
    re.compile(r"(?:64(?:-[1-4]{0,6}(?:(?<=[1-4]{4})-basic)?)?)?"),
    re.compile(r"[0-4](?:-[0-4]){0,5}"),
)


@dataclass(frozen=True)
class TransNASMacro(SearchSpace):
    """3,256 residual networks of four to six modules, each of two basic blocks.

    Notation: `64-1234-basic` as published, one code per module: 1 changes nothing, 2 doubles
    the channels, 3 halves the resolution, 4 does both. The codes joined by dashes or in a
    tuple, also filled up with zeros to six, are read too. One to three modules double the
    channels and one to four halve the resolution. Choices are the codes, 0 where a module is
    absent.

    Parameters
    ----------
    channels : channels after the stem, which is two strided convolutions.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier (63 for the published scene task).

    Examples
    --------
    >>> space = TransNASMacro()
    >>> space.parse("1-2-3-4")
    (1, 2, 3, 4, 0, 0)
    >>> space.format((1, 2, 3, 4, 0, 0))
    '64-1234-basic'
    >>> space.size
    3256
    """

    name: ClassVar[str] = "transnas_macro"
    ops: ClassVar[OpSet] = OpSet((*(module.op for module in MODULES.values()), "conv3x3", "linear"))
    kind_of_choices: ClassVar[str] = "module"
    name_of_choices: ClassVar[str] = "module.{}"  # as nodes are called

    channels: int = 64
    input_shape: tuple[int, int, int] = (3, 256, 256)
    n_classes: int = 63

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Five options, absent or one of four codes, for each of six modules."""
        return (len(MODULES) + 1,) * LENGTHS[-1]

    @property
    def size(self) -> int:
        """Places for the doublings times places for the halvings, over the three lengths."""
        return sum(sum(comb(n, k) for k in WIDENINGS) * sum(comb(n, k) for k in STRIDES) for n in LENGTHS)

    def option_name(self, position: int, option: int) -> str:
        """The operation of the module, "absent" for none."""
        return MODULES[option].op if option else "absent"

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it is the published string, or dashed codes that are no cell of the micro space."""
        if not isinstance(text, str):
            return False
        text = text.strip()
        dashed = DASHED.fullmatch(text) and (len(text) < 2 * LENGTHS[-1] - 1 or "4" in text)
        return bool(dashed) or (text.startswith("64-") and text.endswith("-basic"))

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The codes of a string or a tuple, which may leave out the zeros at its end."""
        if isinstance(architecture, (tuple, list, np.ndarray)) and np.iterable(architecture):
            architecture = [*architecture, *[0] * (LENGTHS[-1] - len(architecture))]
        return super().parse(architecture)

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The codes of a string; the error shows where it goes wrong."""
        if match := PUBLISHED.fullmatch(text):
            return self.parse([int(code) for code in match[1]])
        if DASHED.fullmatch(text):
            return self.parse([int(code) for code in text.split("-")])
        raise fault(KIND, text, reached(text, *BEGINNINGS), "'64-1234-basic' or '1-2-3-4' with 4 to 6 codes")

    def check(self, choices: tuple[int, ...]) -> None:
        """Refuse gaps between modules, and too few or many modules, doublings or halvings."""
        codes = _present(choices)
        modules = [MODULES[code] for code in codes]
        if choices[: len(codes)] != codes or len(codes) not in LENGTHS:
            raise ArchitectureError(f"a {KIND} has 4 to 6 codes from 1 to 4, then zeros, got {choices}")
        if sum(module.widening > 1 for module in modules) not in WIDENINGS:
            raise ArchitectureError(f"a {KIND} has 1 to 3 codes of 2 or 4 (doubled channels), got {codes}")
        if sum(module.stride > 1 for module in modules) not in STRIDES:
            raise ArchitectureError(f"a {KIND} has 1 to 4 codes of 3 or 4 (halved resolution), got {codes}")

    def format(self, choices: Sequence[int]) -> str:
        """The published string of the codes."""
        return f"64-{''.join(map(str, _present(self.check_choices(choices))))}-basic"

    def graph(self, architecture: Any) -> ComputationGraph:
        """A chain of the two convolutions of the stem, one node per module, and the classifier."""
        return self._graph(self.modules(architecture))

    def _graph(self, modules: Sequence[Module]) -> ComputationGraph:
        image = Shape(*self.input_shape)
        half = image.after((self.channels + 1) // 2, stride=2)
        shape = half.after(self.channels, stride=2)
        blocks = [
            image_block("stem.0", "conv3x3", half, conv_cost(image, half, 3), stride=2, kernel=3),
            image_block("stem.1", "conv3x3", shape, conv_cost(half, shape, 3), stride=2, kernel=3),
        ]
        for i, module in enumerate(modules):
            before, shape = shape, shape.after(module.widening * shape.channels, module.stride)
            cost = _module_cost(module, before, shape)
            blocks.append(image_block(f"module.{i}", module.op, shape, cost, stride=module.stride, kernel=3))
        cost = linear_cost(shape.channels, self.n_classes)
        blocks.append(image_block("classifier", "linear", Shape(self.n_classes, 1, 1), cost))
        return chain_graph(blocks, self.ops, ("channels", "resolution", "stride", "kernel"))

    def published_batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The graphs as the published features count them.

        Where a network is written with zeros up to six codes, they take a zero for a module that
        doubles the channels, since it is even.
        """
        self.choices(architectures)
        return GraphBatch.from_graphs([self._graph(_as_written(a)) for a in architectures], self.ops)

    def modules(self, architecture: Any) -> list[Module]:
        """The modules of a network, first to last."""
        return [MODULES[code] for code in _present(self.parse(architecture))]

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The classification network: logits (batch, n_classes) from (batch, *input_shape)."""
        from graf.spaces.torch_models import transnas_macro

        return transnas_macro.build(self, self.modules(architecture), seed)


def _present(choices: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(code for code in choices if code)


def _as_written(architecture: Any) -> list[Module]:
    """The modules of a network, with one that doubles the channels for every zero written."""
    codes = (
        re.findall("[0-9]", architecture.strip().removeprefix("64-"))
        if isinstance(architecture, str)
        else architecture
    )
    return [MODULES[int(code) or 2] for code in codes]


def _module_cost(module: Module, before: Shape, after: Shape) -> Cost:
    """Two residual blocks; the first has a 1x1 convolution as shortcut if it widens or strides."""
    blocks = residual_cost(before, after) + residual_cost(after, after)
    return blocks if module.widening == module.stride == 1 else blocks + conv_cost(before, after, 1)
