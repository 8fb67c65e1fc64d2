"""Repetitions in a sequence of parts that one drawing can stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.graph.drawing.cuts import tensors_between

if TYPE_CHECKING:
    from graf.graph.drawing.parts import Part

__all__ = ["joined", "repeats", "uniform"]

MOST_FAILED = 60

Links = Sequence[Sequence[int]]


class Repeat(NamedTuple):
    """From `start` on, `period` parts occur `times` times, `joined` to each other."""

    start: int
    period: int
    times: int
    joined: str


def repeats(
    parts: Sequence[Part], tokens: Sequence[int], preds: Links, succs: Links, operations: bool
) -> list[Repeat]:
    """Uniform repetitions that do not overlap, in order; those over most nodes are chosen first.

    Parts repeat where their tokens do. Of repetitions over the same nodes, that of the shortest
    period counts. Unless `operations`, a repetition must hold a block: two convolutions in a row
    are none. It starts where the fewest tensors enter, of such places where most operations
    read them, as at the start of a residual branch.
    """
    left = np.array(tokens, np.int64)
    found: list[Repeat] = []
    while new := _chosen(parts, left, preds, succs, operations):
        found += new
        for start, period, times, _ in new:
            stop = start + period * times
            left[start:stop] = -1 - np.arange(start, stop)  # equal to no other
    return sorted(found)


def _chosen(
    parts: Sequence[Part], tokens: NDArray[np.int64], preds: Links, succs: Links, operations: bool
) -> list[Repeat]:
    """Uniform repetitions of the tokens, less what longer ones overlap."""
    blocks = np.cumsum([0] + [len(part.nodes) > 1 for part in parts])
    sizes = np.cumsum([0] + [len(part.nodes) for part in parts])
    tensors, reads = tensors_between(parts, preds)
    openness = [(max(n, 1), -max(m, 1)) for n, m in zip(tensors, reads, strict=True)]
    candidates = sorted(
        (int(sizes[start] - sizes[start + period * times]), period, start, times)
        for start, period, times in _candidates(tokens, openness)
        if operations or blocks[start + period] > blocks[start]
    )
    taken = np.zeros(len(parts), bool)
    found: list[Repeat] = []
    n_failed = 0
    for _, period, start, times in candidates:
        if taken[start : start + period * times].any():
            continue
        members = [
            [node for part in parts[i : i + period] for node in part.nodes]
            for i in range(start, start + period * times, period)
        ]
        times = _uniform_start(members, preds, succs)
        if times > 1:
            found.append(Repeat(start, period, times, joined(members[:times], preds)))
            taken[start : start + period * times] = True
        elif (n_failed := n_failed + 1) == MOST_FAILED:
            break
    return found


def joined(members: Sequence[Sequence[int]], preds: Links) -> str:
    """How the last of uniform repetitions reads the others: "parallel", "chain" or "dense"."""
    last = set(members[-1])
    read = {u for node in last for u in preds[node]} - last
    n_read = sum(not read.isdisjoint(member) for member in members[:-1])
    return ("parallel", "chain", "dense")[min(n_read, 2)]


def _candidates(
    tokens: NDArray[np.int64], openness: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, int]]:
    """Start, period and number of all repetitions in a sequence of tokens."""
    for period in range(1, len(tokens) // 2 + 1):
        same = np.concatenate([[0], tokens[:-period] == tokens[period:], [0]]).astype(np.int8)
        edges = np.diff(same)
        for start, stop in zip(np.flatnonzero(edges > 0), np.flatnonzero(edges < 0), strict=True):
            times = int(stop - start) // period + 1
            spare = int(stop - start) % period
            if times > 1:
                first = min(range(int(start), int(start) + spare + 1), key=lambda i: openness[i])
                yield first, period, times


def _uniform_start(members: Sequence[Sequence[int]], preds: Links, succs: Links) -> int:
    """How many members, from the first on, one of them can stand for."""
    if uniform(members, preds, succs):
        return len(members)
    low, high = 1, len(members)
    while high - low > 1:
        middle = (low + high) // 2
        if uniform(members[:middle], preds, succs):
            low = middle
        else:
            high = middle
    return low


def uniform(members: Sequence[Sequence[int]], preds: Links, succs: Links) -> bool:
    """Whether repetitions are joined alike to each other and to everything else.

    All but the first read the same from outside, and the first reads that too; all but the last
    are read by the same outside, and so is the last. Each reads those before it at the same
    distances: none (side by side), the one before (a chain), or all (densely).
    """
    place = {node: i for i, member in enumerate(members) for node in member}
    reads = [{u for node in member for u in preds[node] if u not in place} for member in members]
    readers = [{v for node in member for v in succs[node] if v not in place} for member in members]
    distances = [
        {i - place[u] for node in member for u in preds[node] if place.get(u, i) != i}
        for i, member in enumerate(members)
    ]
    if not distances[-1] and (reads[0] != reads[1] or readers[0] != readers[1]):
        return False
    return (
        reads[0] >= reads[1]
        and all(found == reads[1] for found in reads[2:])
        and readers[0] <= readers[-1]
        and all(found == readers[0] for found in readers[1:-1])
        and all(now - {i} == then for i, (then, now) in enumerate(pairwise(distances), start=1))
    )
