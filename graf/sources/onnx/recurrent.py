"""Recurrent layers of ONNX, and the final states of several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from graf.exceptions import InputError
from graf.sources.network.costs import GATES
from graf.sources.network.patterns import through
from graf.sources.network.step import Step
from graf.sources.onnx.call import Call, trained

__all__ = ["concat", "recurrent"]


def recurrent(op: str) -> Callable[[Call], Step]:
    """A layer of one or two directions."""

    def layer(call: Call) -> Step:
        for i in (1, 2, 3):
            trained(call.operand(i))
        weight = call.operand(2)
        hidden = call.number("hidden_size", (weight.shape or (0,))[-1] if weight is not None else 0)
        if hidden < 1:
            raise InputError(f"`hidden_size` must be positive, got {hidden}")
        directions = 2 if call.attributes.get("direction") == "bidirectional" else 1
        states = (5, 6, 7) if op == "lstm" else (5,)
        return call.step(
            op,
            call.reads(0, 1, 2, 3, *states),
            hidden=hidden,
            bidirectional=directions == 2,
            channels=directions * hidden,
            sequence=(call.first.shape or (0,))[1 if call.number("layout", 0) else 0],
        )

    return layer


def concat(call: Call) -> Step:
    """The final states of layers on top of each other, which exporters put together, are those of the last."""
    layers = [_layer_behind(step) for step in call.reads()]
    known = [step for step in layers if step is not None]
    stacked = call.number("axis", 0) == 0 and len(known) == len(layers) and _are_stacked(known)
    return call.step("slice", call.reads()[-1:]) if stacked else call.step("concat", call.reads())


def _layer_behind(state: Step) -> Step | None:
    """The recurrent layer whose final state this is."""
    layer = state.reads[0] if state.op == "getitem" else state
    return layer if layer is not state and layer.op in GATES else None


def _are_stacked(layers: Sequence[Step]) -> bool:
    """Whether each of several layers reads what the one before gives, and nothing lies between."""
    return len(layers) > 1 and all(through(after.reads[0]) is before for before, after in pairwise(layers))
