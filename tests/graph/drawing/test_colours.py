"""Colours: one a group, or one an operation."""

import pytest

from graf import OpSet
from graf.exceptions import UnknownNameError
from graf.graph.drawing.colours import FAMILIES, GREY, PALETTE, legend, painter
from graf.ops import OPERATIONS

OPS = OpSet(("none", "skip", "conv1x1", "conv3x3", "avg_pool3x3"))


def test_operations_differ_and_zeros_are_grey():
    paint = painter("operation", OPS)
    found = [paint(OPS.operation(i))[0] for i in range(len(OPS))]
    assert found[0] == GREY
    assert len(set(found)) == len(OPS)
    many = OpSet(tuple(f"op{i}" for i in range(9)))
    assert painter("operation", many)(many.operation(8))[0] == PALETTE[1]


def test_groups_share_a_colour_in_every_vocabulary():
    paint = painter("group", OPS)
    assert paint(OPS.operation(2)) == paint(OPS.operation(3)) == (PALETTE[0], "convolution")
    assert paint(OPS.operation(4))[0] != PALETTE[0]


def test_every_coloured_group_exists():
    known = {operation.group for operation in OPERATIONS.values()}
    known |= {
        OpSet((name,)).operation(0).group for name in ("dw_conv3x3", "group_conv3x3", "conv_transpose2x2")
    }
    assert {group for groups in FAMILIES.values() for group in groups} <= known


def test_a_legend_has_each_colour_once():
    painted = [(GREY, "other"), (PALETTE[1], "linear"), (PALETTE[1], "matmul"), (PALETTE[1], "linear")]
    assert legend(painted) == [(PALETTE[1], "linear, matmul"), (GREY, "other")]


def test_unknown_colourings():
    with pytest.raises(UnknownNameError, match="did you mean 'group'"):
        painter("groups", OPS)
