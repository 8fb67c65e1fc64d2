"""Positions of images that rearrangements put into channels, as space to depth does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

from graf.sources.network.step import Step

__all__ = ["Packing"]

Shape = tuple[int, ...]


class Packing:
    """Follows images through rearrangements, from the first that has the form of one to the last."""

    def __init__(self) -> None:
        self._images: dict[int, tuple[Shape, Shape]] = {}

    def of(self, reads: Sequence[Step]) -> float:
        """How many positions along each side stand in channels of what a step reads."""
        return max((_packed(*self._image(read)) for read in reads), default=1.0)

    def follow(self, step: Step, reads: Sequence[Step]) -> None:
        """Note that a step only rearranges the first of what it reads."""
        first, last = self._image((*reads, step)[0])
        own = step.shape or ()
        self._images[id(step)] = first if len(first) > 3 else own, own if len(own) > 3 else last

    def _image(self, step: Step) -> tuple[Shape, Shape]:
        return self._images.get(id(step), (step.shape or (),) * 2)


def _packed(old: Shape, new: Shape) -> float:
    """How many positions along each side of an image were put into channels, wherever these stand."""
    if len(old) != len(new) or len(old) < 4 or 0 in (*old, *new):
        return 1.0
    first_and_last = [[(shape[1], shape[2:]), (shape[-1], shape[1:-1])] for shape in (old, new)]
    for (had, before), (has, after) in product(*first_and_last):
        ratios = {was / now for was, now in zip(before, after, strict=True)}
        ratio = ratios.pop()
        if not ratios and has == had * ratio ** len(after):
            return ratio
    return 1.0
