"""What the axes of a tensor are: channels, positions of an image, or positions of a sequence."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose, isnan, nan, prod
from typing import NamedTuple

from graf.sources.network.step import Step, unfixed

__all__ = ["Layout", "layout_of"]

LAST = (
    "linear", "layer_norm", "rms_norm", "attention", "embedding", "lstm", "gru", "rnn", "rotary", "affine_grid",
)  # fmt: skip
FIRST = ("batch_norm", "instance_norm", "local_response_norm", "resize", "grid_sample")


class Layout(NamedTuple):
    """Channels, side of the image and length of the sequence of an output; NaN where it has none.

    The side is the geometric mean of the spatial sizes of an output of two or more spatial axes.
    """

    channels: float = nan
    resolution: float = nan
    sequence: float = nan

    @property
    def n_positions(self) -> float:
        """Positions of the sequence, or of the image of two axes."""
        return self.sequence if isnan(self.resolution) else round(self.resolution**2)


def layout_of(step: Step, before: Sequence[Layout]) -> Layout:
    """The layout of what a step gives, after the layouts of what it reads.

    The axis of the channels is the first of these that there is:

    1. the one that the kind of operation fixes;
    2. the only one with as many channels as before, or as all that it reads together (a concatenation);
    3. the one without which an image has the side that it had before, or a sequence as many positions;
    4. the second axis of an image, the last one of anything else; of an input, whichever makes the image
       squarer.

    Samples come first in what a network is given. Positions stay positions where they were put into the rows
    of a matrix, as before a product, where some were taken for experts, and where they were put before the
    samples.
    """
    shape = step.shape or ()
    if "channels" in step.settings:  # attention
        return Layout(step.settings["channels"], nan, step.settings["sequence"])
    if len(shape) < 2:
        return Layout()
    axis = _channel_axis(step, shape, before)
    found = _with_channels(shape, axis)
    if axis == -1 and _is_turned(step, shape, before):
        return found._replace(sequence=shape[0])
    return before[0]._replace(channels=found.channels) if _keeps_rows(step, shape, before) else found


def _is_turned(step: Step, shape: tuple[int, ...], before: Sequence[Layout]) -> bool:
    """Whether the positions it reads stand before the samples, as inside `nn.MultiheadAttention`."""
    if len(shape) != 3 or not before:
        return False
    same = unfixed(step.reads)[0].size == shape[0] * shape[1] * before[0].channels
    return shape[0] == before[0].n_positions and same


def _keeps_rows(step: Step, shape: tuple[int, ...], before: Sequence[Layout]) -> bool:
    """Whether it is a matrix with a row for each position of what it is computed from, of one sample or more."""
    if len(shape) != 2 or not before:
        return False
    read = unfixed(step.reads)[0]
    own = read.shape or ()
    taken = step.op == "gather" and shape[1] == before[0].channels
    kept = taken or read.size == shape[0] * before[0].channels
    turned = 1 < shape[0] == before[0].n_positions  # of a sequence before its one sample
    return kept and (len(own) == 2 or shape[0] > own[0] or turned)


def _with_channels(shape: tuple[int, ...], axis: int) -> Layout:
    """The layout of a shape whose channels are on the second axis (1) or on the last one (-1)."""
    positions = shape[2:] if axis == 1 else shape[1:-1]
    if len(positions) > 1:
        return Layout(shape[axis], prod(positions) ** (1 / len(positions)), nan)
    return Layout(shape[axis], nan, positions[0] if positions else nan)


def _channel_axis(step: Step, shape: tuple[int, ...], before: Sequence[Layout]) -> int:
    axes = step.settings.get("axes")
    if step.op in LAST:
        return 1 if axes and tuple(axes) == (1,) and len(shape) > 2 else -1
    if step.op == "group_norm":
        return _matching(step, shape, before) or 1
    if step.op in FIRST or "conv" in step.op or "pool2" in step.op or "kernel" in step.settings:
        return 1
    if len(shape) < 4:
        if len(shape) == 3 and not (before and before[0].channels == shape[1]):
            return _with_same_length(shape, before) or -1
        return _matching(step, shape, before) or 1
    if not before:
        return min((1, -1), key=lambda axis: _elongation(shape[2:] if axis == 1 else shape[1:-1]))
    return _matching(step, shape, before) or _with_same_side(shape, before[0]) or 1


def _matching(step: Step, shape: tuple[int, ...], before: Sequence[Layout]) -> int | None:
    """The only axis with as many channels as the first operand has, or as all have together."""
    counts = [layout.channels for layout in before]
    first, total = counts[:1], sum(counts)
    for count in (total, *first) if step.op == "concat" else (*first, total):
        found = [axis for axis in (1, -1) if shape[axis] == count]
        if len(found) == 1:
            return found[0]
    return None


def _with_same_side(shape: tuple[int, ...], before: Layout) -> int | None:
    sides = {axis: _with_channels(shape, axis).resolution for axis in (1, -1)}
    found = [axis for axis, side in sides.items() if isclose(side, before.resolution)]
    return found[0] if len(found) == 1 else None


def _with_same_length(shape: tuple[int, ...], before: Sequence[Layout]) -> int | None:
    """The second axis if only the last one has the positions of before, as where channels of `conv1d` are cut."""
    is_first = bool(before) and before[0].channels != shape[2] == before[0].n_positions != shape[1]
    return 1 if is_first else None


def _elongation(positions: tuple[int, ...]) -> float:
    return max(positions) / max(1, min(positions))
