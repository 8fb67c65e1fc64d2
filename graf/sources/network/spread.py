"""What a tensor is normalised by: means, variances and sums of squares, and the roots of these."""

from __future__ import annotations

from graf.sources.network.patterns import bare, pairs, plain, through, unscaled, without_number
from graf.sources.network.step import Step, is_fixed

__all__ = ["bounded", "divisor", "inverse_root", "is_mean", "square_root", "squared", "uncentred", "variance"]


def divisor(step: Step) -> Step | None:
    """What a number is divided by, times another number perhaps."""
    step = plain(step)
    if step.op == "divide" and bare(step.reads[0]).scalar is not None:
        return through(step.reads[1])
    return through(step.reads[0]) if step.op == "reciprocal" else None


def inverse_root(step: Step) -> tuple[Step | None, list[Step]]:
    """What a step is the reciprocal square root of, and the weight that this is multiplied by before."""
    behind = through(step)
    for root, weight in pairs(behind, "multiply"):
        if is_fixed(weight) and weight.scalar is None and _root(root) is not None:
            return _root(root), [weight]
    return _root(step), []


def _root(step: Step) -> Step | None:
    """What a step is the reciprocal square root of, which a number may bound."""
    step = through(step)
    step = through(step.reads[0]) if step.op == "clamp" else step
    if step.op == "reciprocal":
        return square_root(step.reads[0])
    if step.op == "divide" and bare(step.reads[0]).scalar == 1:
        return square_root(step.reads[1])
    if step.op == "power" and bare(step.reads[1]).scalar == -0.5:
        return bare(step.reads[0])
    return None


def square_root(step: Step) -> Step | None:
    """What a step is the square root of; a number may be added that keeps it above zero."""
    step = bounded(through(step))
    if step.op == "power" and bare(step.reads[1]).scalar == 0.5:
        return bare(step.reads[0])
    return bare(step.reads[0]) if step.op == "sqrt" else None


def bounded(step: Step) -> Step:
    """The step behind a number that keeps it above zero."""
    if step.op == "clamp":
        return through(step.reads[0])
    rest = without_number(step) if step.op == "add" else step
    return through(step if rest is None else rest)


def variance(step: Step) -> tuple[Step | None, Step]:
    """The tensor whose variance a step is, and the step over whose axes it is taken.

    The variance is one operation, the mean of squared differences to the mean, perhaps times n / (n - 1),
    or the mean of squares without the square of the mean, which rounding may leave below zero.
    """
    step = unscaled(step)
    if step.op == "variance":
        return bare(step.reads[0]), step
    if step.op == "mean":
        difference = squared(bare(step.reads[0]))
        return (None if difference is None else uncentred(difference)), step
    step = through(step.reads[0]) if step.op == "relu" else step
    if step.op == "subtract" and len(step.reads) == 2:
        of_squares, mean = through(step.reads[0]), squared(bare(step.reads[1]))
        operand = squared(bare(of_squares.reads[0])) if of_squares.op == "mean" else None
        if operand is not None and mean is not None and is_mean(mean, operand):
            return operand, of_squares
    return None, step


def uncentred(step: Step) -> Step | None:
    """The tensor that a step subtracts its mean from; None if it does no such thing."""
    if step.op != "subtract" or len(step.reads) != 2:
        return None
    operand = bare(step.reads[0])
    return operand if is_mean(step.reads[1], operand) else None


def is_mean(step: Step, of: Step) -> bool:
    """Whether a step is the mean of a tensor; an operation that gives its variance gives that too."""
    mean = through(step)
    return mean.op in ("mean", "variance") and bare(mean.reads[0]) is of


def squared(step: Step) -> Step | None:
    """What a step is the square of."""
    if step.op == "power":
        return bare(step.reads[0]) if bare(step.reads[1]).scalar == 2 else None
    return next((first for first, second in pairs(step, "multiply") if first is second), None)
