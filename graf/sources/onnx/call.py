"""Call: one node of an ONNX graph as its operator sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from graf.exceptions import InputError
from graf.sources.network.patterns import through
from graf.sources.network.step import Step, is_fixed

__all__ = ["Call", "Shape", "made_of_integers", "trained"]

Shape = tuple[int, ...] | None
ACTIVATIONS = {
    "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "LeakyRelu": "leaky_relu", "Clip": "clamp",
    "HardSigmoid": "hardsigmoid", "Gelu": "gelu",
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    """A node with its operands.

    Parameters
    ----------
    op_type, version : operator, and version of its operator set.
    operands : what it reads, in the order of its arguments; None for what is left out.
    attributes : by name; text as str.
    shapes : of its outputs, None where unknown.
    name, module : label of the node, and path of the module it belongs to.
    itemsize : bytes per element of the first output.
    """

    op_type: str
    version: int
    operands: tuple[Step | None, ...]
    attributes: Mapping[str, Any]
    shapes: tuple[Shape, ...]
    name: str
    module: str
    itemsize: int

    def operand(self, i: int) -> Step | None:
        """Operand i, if it is given."""
        return self.operands[i] if i < len(self.operands) else None

    def reads(self, *positions: int) -> list[Step]:
        """The operands at these positions, of all positions without any, that are given."""
        given = self.operands if not positions else map(self.operand, positions)
        return [step for step in given if step is not None]

    @property
    def first(self) -> Step:
        """The first operand."""
        step = self.operand(0)
        if step is None:
            raise InputError(f"{self.op_type} needs an operand")
        return step

    @property
    def shape(self) -> Shape:
        """Of the first output."""
        return self.shapes[0] if self.shapes else None

    def step(self, op: str, reads: list[Step], shape: Shape = None, **settings: Any) -> Step:
        """A step with the name and place of this call, and with the shape of its first output."""
        shape = self.shape if shape is None else shape
        return Step(op, reads, shape, self.name, self.module, self.itemsize, settings)

    def plus(self, step: Step, added: Step | None) -> Step:
        """The sum of two steps of one shape, or the first alone where there is no other."""
        return step if added is None else self.step("add", [step, added], step.shape)

    def cut(self, step: Step, widths: list[int]) -> list[Step]:
        """A step cut along its last axis."""
        before = (step.shape or ())[:-1]
        return [self.step("slice", [step], (*before, width)) for width in widths]

    def activated(self, step: Step) -> Step:
        """A step with what the attribute `activation` puts behind it."""
        name = self.attributes.get("activation")
        if not name:
            return step
        bounds = self.attributes.get("activation_params", ())
        settings = dict(zip(("min", "max"), bounds, strict=False)) if name == "Clip" else {}
        return self.step(ACTIVATIONS.get(name, str(name).lower()), [step], step.shape, **settings)

    def number(self, name: str, default: int) -> int:
        """An attribute that is a whole number."""
        return int(self.attributes.get(name, default))

    def numbers(self, position: int, name: str) -> tuple[int, ...] | None:
        """Whole numbers that are an operand since some version, and an attribute before."""
        step = self.operand(position)
        if step is not None:
            return None if step.value is None else tuple(int(n) for n in step.value.reshape(-1))
        given = self.attributes.get(name)
        return None if given is None else tuple(map(int, given))

    def rank(self, i: int = 0) -> int:
        """Number of axes of an operand; 0 if unknown."""
        step = self.operand(i)
        return len(step.shape or ()) if step is not None else 0


def trained(step: Step | None) -> Step | None:
    """The operand of an operator that is always trained, even if it is one number or quantised.

    Unless the file says that it is not. Rows that are gathered from a table are of a trained one.
    """
    table = step.reads[0] if step is not None and step.op == "gather" else step
    if table is not None and table.op == "constant" and not (table.reads or table.settings.get("untrained")):
        table.op = "weight"
    elif step is not None:
        made_of_integers(step)
    return step


def made_of_integers(weight: Step) -> None:
    """Let the small integers be trained that a weight is made of without `DequantizeLinear`, and not their scales."""
    stored, beside = through(weight), list[Step]()
    while stored.op in ("add", "subtract", "multiply", "divide"):
        first, *others = sorted(stored.reads, key=attrgetter("size"), reverse=True)
        stored, beside = through(first), [*beside, *map(through, others)]
    if stored.settings.get("integers") and all(map(is_fixed, beside)):
        stored.op = "weight"
        for scale in beside:
            scale.op = "constant" if scale.op == "weight" else scale.op
