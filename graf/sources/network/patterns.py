"""What matchers of composed operations share: how to look through a step, and what it consists of."""

from __future__ import annotations

from collections.abc import Container, Iterator
from math import nan
from operator import attrgetter

from graf.sources.network.step import Step, unfixed
from graf.sources.network.vocabulary import REARRANGEMENTS

__all__ = [
    "SAME_VALUES",
    "TURNING",
    "bare",
    "behind",
    "is_only_of",
    "numbers",
    "pairs",
    "plain",
    "scaled",
    "source",
    "through",
    "uncopied",
    "unscaled",
    "without_number",
]

SAME_VALUES = ("identity", "cast")
TURNING = (*SAME_VALUES, "transpose")
DEEP = 12  # steps; no composed operation is deeper


def behind(step: Step, kinds: Container[str]) -> Step:
    """The step behind all that are of some kinds."""
    while step.op in kinds and step.reads:
        step = step.reads[0]
    return step


def bare(step: Step) -> Step:
    """The step behind copies and casts."""
    return behind(step, SAME_VALUES)


def through(step: Step) -> Step:
    """The step behind everything that only moves or leaves out elements."""
    return behind(step, REARRANGEMENTS)


def source(step: Step, known: dict[int, dict[int, Step]] | None = None) -> Step:
    """The step behind rearrangements, changes of sign and concatenations of its own parts."""
    known, step = {} if known is None else known, through(step)
    while step.op in ("negate", "concat"):
        if id(step) not in known:  # each once, or there are as many ways as parts of parts
            known[id(step)] = {id(found): found for found in (source(read, known) for read in step.reads)}
        if len(known[id(step)]) > 1:
            return step
        step = next(iter(known[id(step)].values()))
    return step


def pairs(step: Step, op: str | None = None) -> Iterator[tuple[Step, Step]]:
    """The two operands of a step in both orders, without copies and casts; nothing if it has others.

    Nothing either if the step is another operation than the one that is asked for.
    """
    if len(step.reads) == 2 and op in (None, step.op):
        first, second = map(bare, step.reads)
        yield first, second
        yield second, first


def numbers(step: Step) -> Iterator[tuple[float, Step]]:
    """The numbers among the two operands of a step, each with the other operand."""
    return ((number.scalar, other) for number, other in pairs(step) if number.scalar is not None)


def without_number(step: Step) -> Step | None:
    """The operand beside a number; None if the step has no such two operands."""
    return next((other for _, other in numbers(step)), None)


def unscaled(step: Step) -> Step:
    """The step behind products and quotients with numbers."""
    return scaled(step)[0]


def scaled(step: Step) -> tuple[Step, float]:
    """The step behind products and quotients with numbers, and what it is multiplied by in all."""
    step, scale = bare(step), 1.0
    while step.op in ("multiply", "divide"):
        number, rest = next(numbers(step), (nan, None))
        if rest is None or (step.op == "divide" and rest is not bare(step.reads[0])):
            break
        scale = scale * number if step.op == "multiply" else scale / (number or nan)
        step = rest
    return step, scale


def plain(step: Step) -> Step:
    """The step behind rearrangements and products with numbers, in any order."""
    while (rest := unscaled(through(step))) is not step:
        step = rest
    return step


def uncopied(step: Step) -> Step:
    """The smallest step, nearest first, that a fixed step is a rearrangement or copies of."""
    smallest = step
    while len(step.reads) == 1:
        step = step.reads[0]
        smallest = min(smallest, step, key=attrgetter("size"))
    return smallest


def is_only_of(step: Step, of: Step, depth: int = DEEP) -> bool:
    """Whether a step is computed from another one and constants alone."""
    step = bare(step)
    if step is of:
        return True
    if depth == 0 or step.op == "input":
        return False
    varying = unfixed(step.reads)
    return bool(varying) and all(is_only_of(read, of, depth - 1) for read in varying)
