"""The table of operations: what each is called in PyTorch and in ONNX, and the group it counts to."""

from __future__ import annotations

from typing import NamedTuple

from graf.ops import OpSet
from graf.sources.network.naming import RENAMED
from graf.sources.network.vocabulary import CONSTANTS, REARRANGEMENTS, VOCABULARY

__all__ = ["operation_table", "operations_page"]

KERNELS = ("conv", "conv_transpose", "max_pool", "avg_pool", "lp_pool")  # named with their kernels
IN_PARTS = ("bilinear", "glu", "rsqrt", "addcmul")
INTRODUCTION = """\
# Operations of whole networks

What graf calls the operations of PyTorch (operators of `aten`) and of ONNX. Convolutions and pools are
named by their kernel, `conv3x3`, `dw_conv5x5`, `max_pool2x2`; those of group *bridged* only move or copy
elements and become no nodes; those of group *fixed* depend on no input; those *in parts* become several
nodes. Any other operation keeps its own name. `make docs` writes this page from the code.

| operation | group | PyTorch | ONNX |
|---|---|---|---|
"""


class Row(NamedTuple):
    """An operation, its group, and its names in the sources, separated by blanks."""

    name: str
    group: str
    aten: str
    onnx: str


def operation_table() -> list[Row]:
    """Every operation of the vocabulary, in its order."""
    rows = [Row(name, _group(name), *names) for name, names in VOCABULARY.items()]
    rows += [Row(name, "bridged", *names) for name, names in REARRANGEMENTS.items()]
    return [*rows, Row("constant", "fixed", *CONSTANTS)]


def _group(name: str) -> str:
    if name in IN_PARTS:
        return "in parts"
    name = RENAMED.get(name, name)
    return OpSet((f"{name}3x3" if name in KERNELS else name,)).operation(0).group


def operations_page() -> str:
    """The table as a page in Markdown."""
    lines = ("| " + " | ".join((row.name, row.group, row.aten, row.onnx)) + " |" for row in operation_table())
    return INTRODUCTION + "\n".join(lines) + "\n"
