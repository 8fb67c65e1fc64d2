"""Operators on sequences of tensors, whose parts are known where they follow from shapes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graf.sources.network.step import Step
from graf.sources.onnx.call import Call

__all__ = ["SEQUENCES"]


def _sequence(call: Call) -> Step:
    return call.step("identity", call.reads(), (), parts=call.reads())


def _with_part(call: Call) -> Step:
    """A sequence with one more part, behind the others if no place is given."""
    given, part, place = call.first.settings.get("parts"), call.operand(1), call.operand(2)
    if given is None or part is None or (place is not None and place.scalar is None):
        return call.step("identity", call.reads(0, 1), ())
    parts = list(given)
    parts.insert(len(parts) if place is None else int(place.scalar or 0), part)
    return call.step("identity", call.reads(0, 1), (), parts=parts)


def _split_to_sequence(call: Call) -> Step:
    """Parts of one length are known; others are not."""
    data, axis = call.first, call.number("axis", 0)
    lengths = call.numbers(1, "split")
    if data.shape is None or not data.shape or (lengths is None and call.operand(1) is not None):
        return call.step("slice", call.reads(0))
    size = data.shape[axis]
    if lengths is None or (len(lengths) == 1 and (call.operand(1) or data).shape == ()):
        each = lengths[0] if lengths else 1
        lengths = (*[each] * (size // each), *([size % each] if size % each else []))
    axis %= len(data.shape)
    shapes = [(*data.shape[:axis], length, *data.shape[axis + 1 :]) for length in lengths[:1000]]
    parts = [call.step("slice", [data], shape) for shape in shapes]
    return call.step("slice", [data], data.shape, parts=parts)


def _sequence_at(call: Call) -> Step:
    """One of the parts of a sequence; itself if it is known which."""
    parts, index = call.first.settings.get("parts"), call.operand(1)
    if parts and index is not None and index.scalar is not None and abs(index.scalar) < len(parts):
        return parts[int(index.scalar)]
    return call.step("slice", call.reads(0))


def _joined_sequence(call: Call) -> Step:
    parts = call.first.settings.get("parts") or call.reads(0)
    shapes = [part.shape for part in parts if part.shape]
    if call.shape is not None or len(shapes) < len(parts):
        return call.step("concat", parts)
    axis, shape = call.number("axis", 0), list(shapes[0])
    if call.number("new_axis", 0):
        shape.insert(axis if axis >= 0 else axis + len(shape) + 1, len(parts))
    else:
        shape[axis] = sum(each[axis] for each in shapes)
    return call.step("concat", parts, tuple(shape))


SEQUENCES: dict[str, Callable[[Call], Any]] = {
    "SequenceConstruct": _sequence,
    "SequenceEmpty": _sequence,
    "SequenceInsert": _with_part,
    "SplitToSequence": _split_to_sequence,
    "SequenceAt": _sequence_at,
    "ConcatFromSequence": _joined_sequence,
}
