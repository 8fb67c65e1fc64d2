"""What the axes of a tensor are: channels, positions of an image, or positions of a sequence."""

from __future__ import annotations

from math import nan, prod
from typing import NamedTuple

from graf.sources.network.step import Step

__all__ = ["Layout", "layout_of"]

LAST = ("linear", "layer_norm", "rms_norm", "attention", "embedding", "lstm", "gru", "rnn", "rotary")
FIRST = ("batch_norm", "group_norm", "instance_norm", "local_response_norm", "resize", "grid_sample")


class Layout(NamedTuple):
    """Channels, side of the image and length of the sequence of an output; NaN where it has none.

    The side is the geometric mean of the spatial sizes of an output of two or more spatial axes.
    """

    channels: float = nan
    resolution: float = nan
    sequence: float = nan


def layout_of(step: Step, before: Layout) -> Layout:
    """The layout of what a step gives, after the layout of what it reads.

    Kinds of operations that fix the channel axis decide; any other keeps the axis with as many
    channels as before, else the second one of an image and the last one of anything else.
    """
    shape = step.shape or ()
    if "channels" in step.settings:  # attention
        return Layout(step.settings["channels"], nan, step.settings["sequence"])
    if len(shape) < 2:
        return Layout()
    last = _channel_axis(step, shape, before) != 1
    channels, positions = (shape[-1], shape[1:-1]) if last else (shape[1], shape[2:])
    if len(positions) > 1:
        return Layout(channels, prod(positions) ** (1 / len(positions)), nan)
    return Layout(channels, nan, positions[0] if positions else nan)


def _channel_axis(step: Step, shape: tuple[int, ...], before: Layout) -> int:
    axes = step.settings.get("axes")
    if step.op in LAST:
        return 1 if axes and tuple(axes) == (1,) and len(shape) > 2 else -1
    if step.op in FIRST or "conv" in step.op or "pool2" in step.op or "kernel" in step.settings:
        return 1
    if before.channels == shape[-1] != shape[1] or (len(shape) == 3 and before.channels != shape[1]):
        return -1
    return 1
