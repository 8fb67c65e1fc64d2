"""Positions of images that rearrangements put into channels, as space to depth does."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import isqrt, prod

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
        in_rows = len(last) == 6 and len(own) == 3  # patches, two axes of each side, as a sequence
        self._images[id(step)] = first if len(first) > 3 else own, own if len(own) > 3 or in_rows else last

    def _image(self, step: Step) -> tuple[Shape, Shape]:
        return self._images.get(id(step), (step.shape or (),) * 2)


def _packed(old: Shape, new: Shape) -> float:
    """How many positions along each side of an image were put into channels, wherever these stand."""
    if len(old) == 4 and len(new) == 3:
        return _packed_in_rows(old, new)
    if len(old) != len(new) or len(old) < 4 or 0 in (*old, *new):
        return 1.0
    first_and_last = [[(shape[1], shape[2:]), (shape[-1], shape[1:-1])] for shape in (old, new)]
    for (had, before), (has, after) in product(*first_and_last):
        ratios = {was / now for was, now in zip(before, after, strict=True)}
        ratio = ratios.pop()
        if not ratios and has == had * ratio ** len(after):
            return ratio
    return 1.0


def _packed_in_rows(old: Shape, new: Shape) -> float:
    """The same where square patches of an image have become a sequence of vectors."""
    images = [(old[1], old[2:]), (old[3], old[1:3])]
    ratios = [1]
    for (had, sides), has in product(images, new[1:]):
        ratio = isqrt(has // had) if had else 0
        if ratio and had * ratio**2 == has and not any(side % ratio for side in sides):
            ratios.append(ratio)
    return max(ratios) if prod(old[1:]) == prod(new[1:]) else 1
