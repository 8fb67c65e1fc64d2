"""Which blocks of a network are opened where they stand, and which are drawn apart."""

from __future__ import annotations

import re
from collections.abc import Iterable

from graf.graph.drawing.parts import Part

__all__ = ["unfolded", "unfolded_to_depth"]

SMALL = 3


def unfolded(parts: Iterable[Part], most: int) -> list[Part]:
    """Parts with blocks opened, the largest first, as long as there are at most so many.

    Blocks of a series (`layer1.0`, `layer1.1`, `layer2.0`) are opened together or not at all,
    and not if one of them is repeated: what stays closed is drawn once, elsewhere. Blocks of up
    to 3 operations are on their own.
    """
    found = list(parts)
    closed: set[object] = set()
    while True:
        series: dict[object, list[Part]] = {}
        for part in found:
            if part.parts:
                series.setdefault(_series(part), []).append(part)
        repeated = {part.kind for part in found if part.times > 1}
        able = [
            key
            for key, blocks in series.items()
            if key not in closed and not any(block.times > 1 or block.kind in repeated for block in blocks)
        ]
        if not able:
            return found
        key = max(able, key=lambda key: sum(len(block.nodes) for block in series[key]))
        opened = [
            inner
            for part in found
            for inner in (part.parts if part.parts and _series(part) == key else [part])
        ]
        if len(opened) > most:
            closed.add(key)
        else:
            found = opened


def unfolded_to_depth(parts: Iterable[Part], depth: int) -> list[Part]:
    """Parts with all modules above a depth opened; repetitions stay closed."""
    found: list[Part] = []
    for part in parts:
        opens = part.parts and part.times == 1 and len(part.path) < depth
        found += unfolded_to_depth(part.parts, depth) if opens else [part]
    return found


def _series(part: Part) -> object:
    """What blocks of a series have in common: their path but for numbers, or their kind."""
    alone = not part.path or len(part.first) <= SMALL
    return part.kind if alone else re.sub(r"\d+", "#", ".".join(part.path))
