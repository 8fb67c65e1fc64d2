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
    without_number,
)
from graf.sources.network.spread import (
    bounded,
    divisor,
    inverse_root,
    is_mean,
    square_root,
    squared,
    uncentred,
    variance,
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
    """A tensor over a length or the root of a spread, or times the reciprocal of either."""
    if step.op == "divide":
        operand, scale = map(bare, step.reads)
        _length(step, operand, through(scale))
        spread = square_root(scale)
        if spread is not None:
            operand, weights = _unweighted(operand)
            become(step, operand, bounded(spread), weights)
        return
    for operand, scale in pairs(step):
        _length(step, operand, divisor(scale))
        spread, weights = inverse_root(scale)
        if spread is not None:
            become(step, operand, bounded(spread), weights)
            return


def _normalise_locally(step: Step) -> None:
    """A tensor over a power of a number plus the mean of its squares in channels nearby."""
    operand, power = map(bare, step.reads)
    power = through(power)
    rest = without_number(bare(power.reads[0])) if power.op == "power" else None
    mean = None if rest is None else plain(rest)
    if mean is None or mean.op != "avg_pool" or set(mean.settings["kernel"][1:]) != {1}:
        return  # perhaps of positions nearby
    if squared(plain(mean.reads[0])) is operand:
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
            spread, weights = inverse_root(scale)
            for operand, again in pairs(product):
                turned = behind(operand, TURNING)
                if again is not scale or spread is None or not is_mean(mean, turned):
                    continue
                varied, over = variance(bounded(spread))
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


def _length(step: Step, vector: Step, length: Step | None) -> None:
    """A vector over its Euclidean length, bounded from below."""
    if length is None or length.op not in ("clamp", "maximum", "add", "norm", "minimum"):
        return
    found = next((through(read) for read in (length, *length.reads) if through(read).op == "norm"), None)
    if found is not None and found.settings["order"] == 2 and bare(found.reads[0]) is vector:
        step.become("l2_norm", [vector], axes=found.settings.get("axes"))


def _standardise(step: Step, centred: Step, spread: Step, weights: list[Step]) -> None:
    """A tensor over the root of its mean square, centred before or not, or over that of its sum of squares."""
    operand = uncentred(centred)
    varied, over = variance(spread)
    if operand is not None and varied is operand:
        _become(step, [operand, *weights], over)
    elif spread.op in ROOTS and squared(bare(spread.reads[0])) is centred:
        step.become(ROOTS[spread.op], [centred, *weights], axes=spread.settings.get("axes"))


def _scale(step: Step, operand: Step, spread: Step, weights: list[Step]) -> None:
    """A tensor over the root of its variance, without being centred: scaled alone, as by its mean square."""
    varied, over = variance(spread)
    if varied is operand:
        step.become("rms_norm", [operand, *weights], axes=over.settings.get("axes"))


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
