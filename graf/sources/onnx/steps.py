"""The steps that one call of an operator stands for."""

from __future__ import annotations

from typing import Any

import numpy as np

from graf.ops.networks import NETWORK_OPERATIONS
from graf.sources.network.step import Step
from graf.sources.network.vocabulary import REARRANGEMENTS, VOCABULARY, from_onnx
from graf.sources.onnx.call import Call, Shape
from graf.sources.onnx.contrib import CONTRIB
from graf.sources.onnx.names import snake_case
from graf.sources.onnx.operators import OPERATORS

__all__ = ["CONTRIBUTED", "STANDARD", "other_output", "steps_of"]

FIRST_BROADCASTING = 7  # operator sets before it fit the second operand to the first
STANDARD = ("", "ai.onnx")
CONTRIBUTED = ("com.microsoft", "com.microsoft.nchwc")
MAKERS = dict.fromkeys(STANDARD, OPERATORS) | dict.fromkeys(CONTRIBUTED, OPERATORS | CONTRIB)
TAKEN = {*VOCABULARY, *REARRANGEMENTS, "input", "weight", "constant"}
FIRST_ONLY = {*REARRANGEMENTS, "resize", "cumulative_sum", "topk", "argmax"}
KEEPING_SHAPE = {
    *(op.name for op in NETWORK_OPERATIONS if op.group in ("activation", "normalisation")),
    "cast",
    *("binarizer", "imputer", "normalizer", "scaler"),  # of the domain ai.onnx.ml
}
ELEMENTWISE = {"order", *(op.name for op in NETWORK_OPERATIONS if op.group == "elementwise")}


def steps_of(call: Call, domain: str) -> list[Any]:
    """The steps of a call, one for each output that has its own; the shape of the first may follow from operands."""
    made = _made(call, domain)
    found = list(made) if isinstance(made, (list, tuple)) else [made]
    if found[0] is not None and found[0].shape is None:
        found[0].shape = _shape_without_rule(call, found[0].op)
    return found


def other_output(call: Call, step: Step, i: int, itemsize: int) -> Step:
    """Output i of a call whose first output is a step."""
    found = call.step("getitem", [step], call.shapes[i])
    found.itemsize = itemsize
    return found


def _made(call: Call, domain: str) -> Any:
    """The steps of a call: one, or one for each output."""
    make = MAKERS.get(domain, {}).get(call.op_type)
    if make is not None:
        return make(call)
    op = from_onnx(call.op_type) if domain in MAKERS else None
    if op is None:
        return call.step(_own_name(call.op_type, domain), call.reads(), unknown=True)
    if op == "constant":
        return call.step(op, [])
    return call.step(op, call.reads(0) if op in FIRST_ONLY else call.reads())


def _shape_without_rule(call: Call, op: str) -> Shape:
    """The shape of the output of an operator whose shape onnx does not infer, as of the oldest versions."""
    if op in KEEPING_SHAPE:
        return call.first.shape
    shapes = [step.shape for step in call.reads() if step.shape is not None]
    if op not in ELEMENTWISE or not shapes or len(shapes) < len(call.reads()):
        return None
    return shapes[0] if call.version < FIRST_BROADCASTING else np.broadcast_shapes(*shapes)


def _own_name(op_type: str, domain: str) -> str:
    """What an unknown operator is called: with its domain where graf means something else by its name."""
    name = snake_case(op_type)
    return snake_case(f"{domain or 'onnx'}.{op_type}") if name in TAKEN else name
