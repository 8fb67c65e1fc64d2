"""Colours of operations, of their groups, and what a legend says of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from graf.exceptions import check_known
from graf.ops import Operation, OpSet

__all__ = ["GREY", "PALETTE", "Painter", "legend", "painter", "plain"]

# Okabe and Ito, Color universal design (2008): told apart by the colour-blind
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW = PALETTE
GREY = "#999999"

FAMILIES = {
    BLUE: ("convolution", "grouped_convolution", "transposed_convolution", "block"),
    SKY: ("depthwise_convolution", "span_convolution"),
    ORANGE: ("linear", "matmul", "mlp", "classifier", "embedding", "position"),
    RED: ("attention", "recurrent", "transform", "spectral"),
    GREEN: ("pool", "reduction", "resampling"),
    PINK: ("normalisation",),
    YELLOW: ("activation",),
}
GROUPS = {group: colour for colour, groups in FAMILIES.items() for group in groups}

Painter = Callable[[Operation], tuple[str, str]]


def by_group(operation: Operation) -> tuple[str, str]:
    """The colour of an operation's group, and its words in the legend."""
    return GROUPS.get(operation.group, GREY), operation.group.replace("_", " ")


def plain(operation: Operation) -> tuple[str, str]:
    """Grey for all, where colours are needed for something else."""
    return GREY, operation.name


def by_operation(ops: OpSet) -> Painter:
    """A colour per operation of a vocabulary, grey for those that return zeros."""
    found = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(ops.nonzero)}
    return lambda operation: (found.get(operation.name, GREY), operation.name)


def painter(colour_by: str, ops: OpSet) -> Painter:
    """What gives an operation its colour: its "group" or the "operation" itself."""
    painters = {"group": by_group, "operation": by_operation(ops)}
    check_known("colouring", colour_by, painters)
    return painters[colour_by]


def legend(painted: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each colour once, in the order of the palette, with all that has it."""
    words: dict[str, dict[str, None]] = {}
    for colour, word in painted:
        words.setdefault(colour, {})[word] = None
    return [(colour, ", ".join(words[colour])) for colour in (*PALETTE, GREY) if colour in words]
