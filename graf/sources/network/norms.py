"""Normalisations that a source wrote out in parts, and the weights that scale and shift them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod

from graf.sources.network.patterns import (
    TURNING,
    bare,
    behind,
    is_only_of,
    pairs,
    plain,
    scaled,
    through,
    unscaled,
    without_number,
)
from graf.sources.network.step import Network, Step, is_fixed
from graf.sources.network.vocabulary import REARRANGEMENTS

__all__ = ["recognise_norms"]

NORMS = ("layer_norm", "rms_norm", "instance_norm", "group_norm", "batch_norm")
ROOTS = {"mean": "rms_norm", "sum": "l2_norm"}  # what a tensor over the root of either of its squares is


def recognise_norms(network: Network) -> None:
    """Turn the last part of a composed normalisation into the normalisation, and that of a pool of powers."""
    for step in network:
        if step.op == "divide":
            _normalise_locally(step)
        if step.op == "power" and len(step.reads) == 2:
            _pool_powers(step)
        if step.op in ("multiply", "divide"):
            _normalise(step, _standardise)
        if step.op == "add":
            _shift(step)
        if step.op in ("multiply", "add"):
            _absorb(step)
        if step.op == "instance_norm":
            _regroup(step)
    for step in network:  # tensors that are scaled and then shifted are known now
        if step.op in ("multiply", "divide"):
            _normalise(step, _scale)
        if step.op == "multiply":
            _absorb(step)


def _normalise(step: Step, become: Callable[[Step, Step, Step, list[Step]], None]) -> None:
    for centred, scale in [tuple(map(bare, step.reads))] if step.op == "divide" else pairs(step):
        length = through(scale) if step.op == "divide" else _divisor(scale)
        if length is not None and length.op in ("clamp", "maximum", "add", "norm", "minimum"):
            _length(step, centred, length)
        spread, weights = _inverse_root(scale) if step.op == "multiply" else (_square_root(scale), [])
        if step.op == "divide" and spread is not None:
            centred, weights = _unweighted(centred)
        if spread is not None:
            become(step, centred, spread, weights)
            return


def _normalise_locally(step: Step) -> None:
    """A tensor over a power of a number plus the mean of its squares in channels nearby."""
    operand, power = map(bare, step.reads)
    power = through(power)
    rest = without_number(bare(power.reads[0])) if power.op == "power" else None
    mean = None if rest is None else plain(rest)
    if mean is None or mean.op != "avg_pool" or set(mean.settings["kernel"][1:]) != {1}:
        return  # perhaps of positions nearby
    if _squared(plain(mean.reads[0])) is operand:
        step.become("local_response_norm", [operand])


def _pool_powers(step: Step) -> None:
    """A root of the mean of powers over a kernel, times the size of the kernel, with the sign of the mean."""
    value, root = map(bare, step.reads)
    signed, size = scaled(value)
    for sign, rectified in pairs(signed) if signed.op == "multiply" and root.scalar else ():
        mean = bare(sign.reads[0]) if sign.op == "sign" else sign
        kernel = mean.settings.get("kernel", ())
        if mean.op == "avg_pool" and size == prod(kernel) and is_only_of(rectified, mean):
            behind = bare(mean.reads[0])
            operand = bare(behind.reads[0]) if behind.op == "power" else behind
            step.become("lp_pool", [operand], **mean.settings)
            return


def _unweighted(step: Step) -> tuple[Step, list[Step]]:
    """The tensor that a weight multiplies before it is divided, and the weight."""
    for operand, weight in pairs(step, "multiply"):
        if is_fixed(weight) and weight.scalar is None and not is_fixed(operand):
            return operand, [weight]
    return step, []


def _shift(step: Step) -> None:
    """A tensor times a scale, plus (bias - its mean times the scale): how TensorFlow writes a norm.

    Mean and scale may be taken before the axes are put into another order.
    """
    for product, shift in pairs(step):
        for biases, mean, scale in _shifts(through(shift)) if product.op == "multiply" else ():
            spread, weights = _inverse_root(scale)
            for operand, again in pairs(product):
                turned = behind(operand, TURNING)
                if again is not scale or spread is None or not _is_mean(mean, turned):
                    continue
                varied, over = _variance(_bounded(spread))
                if varied is turned:
                    _become(step, [operand, *weights, *biases], over)
                    return


def _shifts(step: Step) -> Iterator[tuple[list[Step], Step, Step]]:
    """Bias, mean and scale of a bias less their product, or of a bias plus that of the negative mean.

    A bias of zeros may have been left out.
    """
    for negative, scale in pairs(step, "multiply"):
        if through(negative).op == "negate":
            yield [], through(negative).reads[0], scale
    added = step.op == "add"
    ways = [tuple(map(bare, step.reads))] if step.op == "subtract" else pairs(step, "add")
    for bias, moved in ways:
        for mean, scale in pairs(moved, "multiply") if is_fixed(bias) else ():
            behind = through(mean)
            if (behind.op == "negate") == added:
                yield [bias], behind.reads[0] if added else mean, scale


def _length(step: Step, vector: Step, length: Step) -> None:
    """A vector over its Euclidean length, bounded from below."""
    found = next((through(read) for read in (length, *length.reads) if through(read).op == "norm"), None)
    if found is not None and found.settings["order"] == 2 and bare(found.reads[0]) is vector:
        step.become("l2_norm", [vector], axes=found.settings.get("axes"))


def _divisor(step: Step) -> Step | None:
    """What a number is divided by, times another number perhaps."""
    step = plain(step)
    if step.op == "divide" and bare(step.reads[0]).scalar is not None:
        return through(step.reads[1])
    return through(step.reads[0]) if step.op == "reciprocal" else None


def _root(step: Step) -> Step | None:
    """What a step is the reciprocal square root of, which a number may bound."""
    step = through(step)
    step = through(step.reads[0]) if step.op == "clamp" else step
    if step.op == "reciprocal":
        return _square_root(step.reads[0])
    if step.op == "divide" and bare(step.reads[0]).scalar == 1:
        return _square_root(step.reads[1])
    if step.op == "power" and bare(step.reads[1]).scalar == -0.5:
        return bare(step.reads[0])
    return None


def _square_root(step: Step) -> Step | None:
    """What a step is the square root of; a number may be added that keeps it above zero."""
    step = _bounded(through(step))
    if step.op == "power" and bare(step.reads[1]).scalar == 0.5:
        return bare(step.reads[0])
    return bare(step.reads[0]) if step.op == "sqrt" else None


def _inverse_root(step: Step) -> tuple[Step | None, list[Step]]:
    """What a step is the reciprocal square root of, and the weight that this is multiplied by before."""
    behind = through(step)
    for root, weight in pairs(behind, "multiply"):
        if is_fixed(weight) and weight.scalar is None and _root(root) is not None:
            return _root(root), [weight]
    return _root(step), []


def _standardise(step: Step, centred: Step, spread: Step, weights: list[Step]) -> None:
    """A tensor over the root of its mean square, centred before or not, or over that of its sum of squares."""
    spread = _bounded(spread)
    operand = _uncentred(centred)
    varied, over = _variance(spread)
    if operand is not None and varied is operand:
        _become(step, [operand, *weights], over)
    elif spread.op in ROOTS and _squared(bare(spread.reads[0])) is centred:
        step.become(ROOTS[spread.op], [centred, *weights], axes=spread.settings.get("axes"))


def _scale(step: Step, operand: Step, spread: Step, weights: list[Step]) -> None:
    """A tensor over the root of its variance, without being centred: scaled alone, as by its mean square."""
    varied, over = _variance(_bounded(spread))
    if varied is operand:
        step.become("rms_norm", [operand, *weights], axes=over.settings.get("axes"))


def _bounded(step: Step) -> Step:
    """The step behind a number that keeps it above zero."""
    if step.op == "clamp":
        return through(step.reads[0])
    rest = without_number(step) if step.op == "add" else step
    return through(step if rest is None else rest)


def _variance(step: Step) -> tuple[Step | None, Step]:
    """The tensor whose variance a step is, and the step over whose axes it is taken.

    The variance is one operation, the mean of squared differences to the mean, perhaps times n / (n - 1),
    or the mean of squares without the square of the mean, which rounding may leave below zero.
    """
    step = unscaled(step)
    if step.op == "variance":
        return bare(step.reads[0]), step
    if step.op == "mean":
        difference = _squared(bare(step.reads[0]))
        return (None if difference is None else _uncentred(difference)), step
    step = through(step.reads[0]) if step.op == "relu" else step
    if step.op == "subtract" and len(step.reads) == 2:
        of_squares, mean = through(step.reads[0]), _squared(bare(step.reads[1]))
        operand = _squared(bare(of_squares.reads[0])) if of_squares.op == "mean" else None
        if operand is not None and mean is not None and _is_mean(mean, operand):
            return operand, of_squares
    return None, step


def _uncentred(step: Step) -> Step | None:
    """The tensor that a step subtracts its mean from; None if it does no such thing."""
    if step.op != "subtract" or len(step.reads) != 2:
        return None
    operand = bare(step.reads[0])
    return operand if _is_mean(step.reads[1], operand) else None


def _is_mean(step: Step, of: Step) -> bool:
    mean = through(step)
    return mean.op in ("mean", "variance") and bare(mean.reads[0]) is of


def _squared(step: Step) -> Step | None:
    """What a step is the square of."""
    if step.op == "power":
        return bare(step.reads[0]) if bare(step.reads[1]).scalar == 2 else None
    return next((first for first, second in pairs(step, "multiply") if first is second), None)


def _become(step: Step, reads: list[Step], over: Step) -> None:
    """Normalisation over positions only is that of an instance, any other that of a layer or of groups."""
    axes, shape = tuple(over.settings.get("axes") or ()), over.reads[0].shape or ()
    apart, n = reads[0], len(shape)
    behind = apart.reads[0].shape if apart.op == "reshape" else None
    if n > 3 and axes == (*range(1, n - 2), n - 1) and behind == (*shape[:-2], shape[-2] * shape[-1]):
        step.become("group_norm", reads, groups=shape[-2])  # channels last, as TensorFlow has them
        step.shape = behind
    else:
        is_instance = n > 3 and axes == tuple(range(2, n))
        step.become("instance_norm" if is_instance else "layer_norm", reads, axes=axes)


def _absorb(step: Step) -> None:
    """A weight per channel times a normalised tensor, or added to it, is part of the norm."""
    for operand, weight in pairs(step):
        norm, shape = through(operand), step.shape or (0, 0)
        if norm.op not in NORMS or not is_fixed(weight) or weight.scalar is not None:
            continue
        own = len(norm.reads) - 1
        per_channel = norm.size == step.size and weight.size in (shape[-1], shape[min(1, len(shape) - 1)])
        if per_channel and own <= (step.op == "add"):
            step.become(norm.op, [*norm.reads, weight], **norm.settings)
            return


def _regroup(step: Step) -> None:
    """The norm of instances whose channels were put into groups before is that of groups."""
    behind, now = step.reads[0], step.shape or ()
    while behind.op in REARRANGEMENTS and behind.reads and not _is_apart(behind, now):
        behind = behind.reads[0]
    is_whole = behind.size == step.size  # not cut or filled up, as blocks of channels are
    if is_whole and min(len(behind.shape or ()), len(now)) > 1 and _is_apart(behind, now):
        step.become("group_norm", [behind], groups=now[1])


def _is_apart(step: Step, shape: tuple[int, ...]) -> bool:
    """Whether the channels of a step are others than those of a shape, or its axes are."""
    own = step.shape or ()
    return own[1:2] != shape[1:2] or len(own) != len(shape)
