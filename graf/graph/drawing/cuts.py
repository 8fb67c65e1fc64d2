"""Where a sequence of parts can be cut with few tensors in between."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graf.graph.drawing.parts import Part

__all__ = ["chunks", "segments", "tensors_between"]


def segments(parts: Sequence[Part], preds: Sequence[Sequence[int]]) -> list[Sequence[Part]]:
    """The parts between places where a single tensor goes on, as a block of a residual network.

    Such places are nodes that every path passes (articulation points), if the order goes
    through branches one after the other.
    """
    between, _ = tensors_between(parts, preds)
    cuts = [i for i in range(1, len(parts)) if between[i] <= 1]
    return _split(parts, cuts)


def chunks(parts: Sequence[Part], preds: Sequence[Sequence[int]], n: int) -> list[Sequence[Part]]:
    """About n stretches of similar length, cut where the fewest tensors go on."""
    between, _ = tensors_between(parts, preds)
    length = max(2, -(-len(parts) // n))
    cuts: list[int] = []
    start = 0
    while start + length + length // 2 < len(parts):
        near = range(start + max(1, length // 2), start + length + length // 2 + 1)
        start = min(near, key=lambda i: (between[i], abs(i - start - length)))
        cuts.append(start)
    return _split(parts, cuts)


def tensors_between(parts: Sequence[Part], preds: Sequence[Sequence[int]]) -> tuple[list[int], list[int]]:
    """How many tensors of the parts before i are read from i on, and by how many operations.

    Reads over more than half of the sequence, as of a mask, are left out: they cross almost
    everywhere.
    """
    place = {node: i for i, part in enumerate(parts) for node in part.nodes}
    readers: dict[int, list[int]] = {}
    for node, i in place.items():
        for u in preds[node]:
            if u in place and 2 * (i - place[u]) <= max(len(parts), 2):
                readers.setdefault(u, []).append(i)
    n = len(parts)
    tensors, reads = [0] * (n + 2), [0] * (n + 2)
    for u, read_at in readers.items():
        for steps, stops in ((tensors, [max(read_at)]), (reads, read_at)):
            for stop in stops:
                steps[place[u] + 1] += 1
                steps[stop + 1] -= 1
    return list(accumulate(tensors[: n + 1])), list(accumulate(reads[: n + 1]))


def _split(parts: Sequence[Part], cuts: Sequence[int]) -> list[Sequence[Part]]:
    return [parts[a:b] for a, b in pairwise([0, *cuts, len(parts)])]
