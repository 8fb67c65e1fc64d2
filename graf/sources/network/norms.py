"""Normalisations that a source wrote out in parts, and the weights that scale and shift them."""

from __future__ import annotations

from graf.sources.network.patterns import bare, pairs, through, without_number
from graf.sources.network.step import Network, Step, is_fixed

__all__ = ["recognise_norms"]

NORMS = ("layer_norm", "rms_norm", "instance_norm", "group_norm", "batch_norm")


def recognise_norms(network: Network) -> None:
    """Turn the last part of a composed normalisation into the normalisation."""
    for step in network:
        if step.op in ("multiply", "divide"):
            _normalise(step)
        if step.op in ("multiply", "add"):
            _absorb(step)
        if step.op == "instance_norm":
            _regroup(step)


def _normalise(step: Step) -> None:
    for centred, scale in [tuple(map(bare, step.reads))] if step.op == "divide" else pairs(step):
        if step.op == "divide" and through(scale).op in ("clamp", "maximum", "add", "norm", "minimum"):
            _length(step, centred, through(scale))
        spread = _root(scale) if step.op == "multiply" else _square_root(scale)
        if spread is not None:
            _standardise(step, centred, spread)
            return


def _length(step: Step, vector: Step, length: Step) -> None:
    """A vector over its length, bounded from below."""
    found = next((through(read) for read in (length, *length.reads) if through(read).op == "norm"), None)
    if found is not None and bare(found.reads[0]) is vector:
        step.become("l2_norm", [vector], axes=found.settings.get("axes"))


def _root(step: Step) -> Step | None:
    """What a step is the reciprocal square root of."""
    step = through(step)
    if step.op == "reciprocal":
        return _square_root(step.reads[0])
    if step.op == "divide" and bare(step.reads[0]).scalar == 1:
        return _square_root(step.reads[1])
    if step.op == "power" and bare(step.reads[1]).scalar == -0.5:
        return bare(step.reads[0])
    return None


def _square_root(step: Step) -> Step | None:
    step = through(step)
    if step.op == "power" and bare(step.reads[1]).scalar == 0.5:
        return bare(step.reads[0])
    return bare(step.reads[0]) if step.op == "sqrt" else None


def _standardise(step: Step, centred: Step, spread: Step) -> None:
    """A tensor over the root of its mean square: centred before, or not."""
    bounded = without_number(spread) if spread.op in ("add", "maximum") else spread
    if bounded is None:
        return
    spread = through(bounded)
    operand = _uncentred(centred)
    if spread.op == "variance":
        if operand is not None and bare(spread.reads[0]) is operand:
            step.become(_kind(spread), [operand], axes=spread.settings.get("axes"))
        return
    squared = bare(spread.reads[0]) if spread.op == "mean" else None
    if squared is None or not _is_square(squared, centred):
        return
    op = "rms_norm" if operand is None else _kind(spread)
    step.become(op, [centred if operand is None else operand], axes=spread.settings.get("axes"))


def _uncentred(step: Step) -> Step | None:
    """The tensor that a step subtracts its mean from; None if it does no such thing."""
    if step.op != "subtract" or len(step.reads) != 2:
        return None
    operand, mean = bare(step.reads[0]), through(step.reads[1])
    averages = mean.op in ("mean", "variance") and bare(mean.reads[0]) is operand
    return operand if averages else None


def _is_square(step: Step, of: Step) -> bool:
    """Whether a step is the square of a tensor, or of the same difference worked out again."""
    if step.op == "power":
        base = bare(step.reads[0]) if bare(step.reads[1]).scalar == 2 else None
    else:
        base = next(
            (first for first, second in pairs(step) if step.op == "multiply" and first is second), None
        )
    if base is None:
        return False
    known = _uncentred(base)
    return base is of or (known is not None and known is _uncentred(of))


def _kind(spread: Step) -> str:
    """Normalisation over positions only is that of an instance, any other that of a layer."""
    axes, n = spread.settings.get("axes") or (), len(spread.reads[0].shape or ())
    return "instance_norm" if n > 3 and tuple(axes) == tuple(range(2, n)) else "layer_norm"


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
    behind = through(step.reads[0])
    before, now = behind.shape or (), step.shape or ()
    apart = before[1:2] != now[1:2] or len(before) != len(now)
    if behind is not step.reads[0] and len(before) > 1 and len(now) > 1 and apart:
        step.become("group_norm", [behind], groups=now[1])
