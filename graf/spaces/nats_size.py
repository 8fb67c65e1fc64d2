"""The size space of NATS-Bench (Dong et al., TPAMI 2021): how wide each layer is."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graf.graph import ComputationGraph
from graf.ops import OpSet
from graf.spaces.base import SearchSpace
from graf.spaces.parts.chain import Block, attributes, image_block
from graf.spaces.parts.costs import Cost, Shape, conv_cost, linear_cost, residual_cost
from graf.spaces.parts.notation import fault, reached

if TYPE_CHECKING:
    import torch

__all__ = ["CELL", "NATSSize"]

CELL = {
    (1, 2): "conv3x3",
    (1, 3): "conv3x3",
    (1, 4): "skip",
    (2, 3): "conv3x3",
    (2, 4): "conv3x3",
    (3, 4): "conv3x3",
}
WIDTHS = tuple(range(8, 65, 8))
WIDTH = rf"(?:{'|'.join(map(str, WIDTHS))})(?![0-9])"
BEGINNING = re.compile(rf"{WIDTH}(?::{WIDTH}){{0,4}}")
LOOK = re.compile(r"[0-9]+(?::[0-9]+){4}")

Edge = tuple[int, int, Block]  # an operation between two junctions


@dataclass(frozen=True)
class NATSSize(SearchSpace):
    """32,768 networks of one topology that differ in the channels of five layers.

    Notation: `8:16:24:32:40`, the channels behind the stem and the first cell, the first
    reduction, the second cell, the second reduction, and the third cell, each a multiple of 8
    up to 64; a tuple of these is read too. Choices are positions in (8, 16, ..., 64), so an
    architecture's place in the enumeration is its index in NATS-Bench. All cells are
    `|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|skip_connect~0|nor_conv_3x3~1|nor_conv_3x3~2|`,
    where the skip is a 1x1 convolution if it has to change the number of channels.

    Parameters
    ----------
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = NATSSize()
    >>> space.parse("8:16:24:32:64")
    (0, 1, 2, 3, 7)
    >>> space.graph("8:8:8:16:40").n_parameters
    67378
    """

    name: ClassVar[str] = "nats_size"
    ops: ClassVar[OpSet] = OpSet(("skip", "conv1x1", "conv3x3", "resnet_block", "linear"))
    kind_of_choices: ClassVar[str] = "channels"
    name_of_choices: ClassVar[str] = "layer {}"

    input_shape: tuple[int, int, int] = (3, 32, 32)
    n_classes: int = 10

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Eight widths for each of five layers."""
        return (len(WIDTHS),) * 5

    def option_name(self, position: int, option: int) -> str:
        """The number of channels."""
        return str(WIDTHS[option])

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it is five numbers joined by colons."""
        return isinstance(text, str) and LOOK.fullmatch(text.strip()) is not None

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices of a string, or of a tuple of choices or channels."""
        if isinstance(architecture, (tuple, list, np.ndarray)) and _are_widths(architecture):
            architecture = [WIDTHS.index(width) for width in architecture]
        return super().parse(architecture)

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of a string; the error shows where it goes wrong."""
        position = reached(text, BEGINNING)
        if position != len(text) or text.count(":") != 4:
            expected = "five multiples of 8 up to 64 joined by colons"
            raise fault("NATS-Bench size network", text, position, expected)
        return self.parse([int(width) for width in text.split(":")])

    def format(self, choices: Sequence[int]) -> str:
        """The channels joined by colons."""
        return ":".join(str(WIDTHS[choice]) for choice in self.check_choices(choices))

    def stages(self, architecture: Any) -> list[tuple[int, int]]:
        """Channels that enter and leave the cell of each stage."""
        stem, *others = (WIDTHS[choice] for choice in self.parse(architecture))
        return [(stem, stem), (others[0], others[1]), (others[2], others[3])]

    def graph(self, architecture: Any) -> ComputationGraph:
        """Operations on edges: the stem, cells with reductions between them, the classifier."""
        image = Shape(*self.input_shape)
        junctions, edges, shape = [image_block("input", None, image)], list[Edge](), image
        for stage, (c_in, c_out) in enumerate(self.stages(architecture)):
            first, before = len(junctions), shape
            entry = before.after(c_in, stride=2 if stage else 1)
            shape = entry.after(c_out)
            joint = _reduction(stage, before, entry) if stage else _stem(before, entry)
            edges += [(first - 1, first, joint), *_cell(stage, first, entry, shape)]
            junctions += [
                image_block(f"cell.{stage}.{i}", None, shape if i > 1 else entry) for i in (1, 2, 3, 4)
            ]
        last = len(junctions)
        logits = Shape(self.n_classes, 1, 1)
        edges.append((last - 1, last, _classifier(shape, logits)))
        junctions.append(image_block("output", None, logits))
        return _edge_graph(junctions, edges, self.ops)

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The network as published: logits (batch, n_classes) from images (batch, *input_shape)."""
        from graf.spaces.torch_models import nats_size

        return nats_size.build(self, self.stages(architecture), seed)


def _are_widths(values: Any) -> bool:
    whole = np.iterable(values) and all(isinstance(value, (int, np.integer)) for value in values)
    return whole and all(value in WIDTHS for value in values)


def _stem(before: Shape, after: Shape) -> Block:
    return image_block("stem", "conv3x3", after, conv_cost(before, after, 3), stride=1, kernel=3)


def _reduction(stage: int, before: Shape, after: Shape) -> Block:
    """A residual block whose shortcut is a pooling and a 1x1 convolution without normalisation."""
    weights = before.channels * after.channels
    cost = residual_cost(before, after) + Cost(weights, weights * after.height * after.width)
    return image_block(f"reduction.{stage}", "resnet_block", after, cost, stride=2, kernel=3)


def _cell(stage: int, first: int, entry: Shape, after: Shape) -> list[Edge]:
    """The operations of a cell whose junction 1 has number `first`."""
    edges = []
    for (u, v), op in CELL.items():
        block = _operation(f"cell.{stage}.{u}->{v}", op, entry if u == 1 else after, after)
        edges.append((first + u - 1, first + v - 1, block))
    return edges


def _operation(name: str, op: str, before: Shape, after: Shape) -> Block:
    if op == "skip" and before == after:
        return image_block(name, op, after)
    kernel = 3 if op == "conv3x3" else 1
    return image_block(
        name, f"conv{kernel}x{kernel}", after, conv_cost(before, after, kernel), stride=1, kernel=kernel
    )


def _classifier(before: Shape, after: Shape) -> Block:
    """Normalisation, pooling and a linear layer."""
    cost = Cost(2 * before.channels) + linear_cost(before.channels, after.channels)
    return image_block("classifier", "linear", after, cost)


def _edge_graph(junctions: Sequence[Block], edges: Sequence[Edge], ops: OpSet) -> ComputationGraph:
    blocks = [*junctions, *(block for _, _, block in edges)]
    return ComputationGraph.from_edge_operations(
        len(junctions),
        [(u, v, str(block.op)) for u, v, block in edges],
        inputs=[0],
        outputs=[len(junctions) - 1],
        ops=ops,
        names=[block.name for block in blocks],
        attributes=attributes(blocks, ("channels", "resolution", "stride", "kernel")),
    )
