"""Weights that operations read: how many numbers each of them counts, and which it shares."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from math import nan
from typing import NamedTuple

from graf.sources.network.step import Step, is_fixed, weights_of

__all__ = ["count_parameters", "shared_ids"]


class Use(NamedTuple):
    """A trained tensor that an operation reads, and the part of it: itself, or what was cut from it."""

    weight: Step
    part: Step


def count_parameters(steps: Sequence[Step]) -> list[int]:
    """Number of weights of each step; together, every trained tensor that is read counts once.

    The first step that reads a tensor counts it. Where steps read parts of one tensor each counts
    its own, and the first what no step reads.
    """
    users: dict[int, dict[int, tuple[int, Use]]] = defaultdict(dict)
    for i, step in enumerate(steps):
        for use in _uses(step):
            users[id(use.weight)].setdefault(id(use.part), (i, use))
    counts = [0] * len(steps)
    for parts in users.values():
        (first, use), *_ = parts.values()
        left = use.weight.size - sum(own.part.size for _, own in parts.values())
        counts[first] += max(left, 0)
        for i, own in parts.values() if left >= 0 else [(first, Use(use.weight, use.weight))]:
            counts[i] += own.part.size
    return counts


def shared_ids(steps: Sequence[Step]) -> list[float]:
    """A number for the largest weight of each step, NaN without weights; the same for the same weights."""
    numbers: dict[int, int] = {}
    largest = [max(_uses(step), key=lambda use: use.part.size, default=None) for step in steps]
    return [nan if use is None else float(numbers.setdefault(id(use.part), len(numbers))) for use in largest]


def _uses(step: Step) -> Iterator[Use]:
    """Uses of a step and of the subgraphs in it."""
    for read in step.reads:
        for weight in weights_of(read) if is_fixed(read) else ():
            yield Use(weight, read if _is_part(read, weight) else weight)
    for network in step.settings.get("subgraphs", ()):
        for inner in network:
            yield from _uses(inner)


def _is_part(read: Step, weight: Step) -> bool:
    """Whether a fixed step is smaller than the weight and computed from nothing else."""
    if read.size >= weight.size:
        return False
    while read is not weight and len(read.reads) > 0 and read.reads[0].op == "weight":
        read = read.reads[0]
    return read is weight
