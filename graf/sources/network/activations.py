"""Activations that a source wrote out in parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from graf.sources.network.patterns import (
    TURNING,
    bare,
    behind,
    is_only_of,
    numbers,
    pairs,
    scaled,
    through,
    unscaled,
    without_number,
)
from graf.sources.network.step import Network, Step, is_fixed

__all__ = ["recognise_activations"]

TOLERANCE = 1e-3


class Found(NamedTuple):
    """An activation, what it is applied to, whether a number is still missing from it, and its weight."""

    op: str
    operand: Step
    lacks_number: bool = False
    weight: Sequence[Step] = ()


def recognise_activations(network: Network) -> None:
    """Turn the last part of a composed activation into the activation."""
    for step in network:
        found = MATCHERS[step.op](step) if step.op in MATCHERS else None
        if found is not None:
            step.become(found.op, [found.operand, *found.weight], lacks_number=found.lacks_number)


def _clamp(step: Step) -> Found | None:
    low, high = step.settings.get("min"), step.settings.get("max")
    names: dict[tuple[float | None, float | None], str] = {(0, 6): "relu6", (0, None): "relu"}
    if (low, high) in names:
        return Found(names[low, high], step.reads[0])
    if low is None and high is not None:
        return _capped(bare(step.reads[0]), high)
    return Found("hardtanh", step.reads[0]) if None not in (low, high) else None


def _capped(step: Step, high: float) -> Found:
    """The lesser of a step and a number, which bounds a relu on both sides."""
    if step.op == "relu":
        return Found("relu6" if high == 6 else "hardtanh", step.reads[0])
    return Found("clamp", step)


def _multiply(step: Step) -> Found | None:
    if _mean(step):
        return None
    for first, second in pairs(step):
        if first.scalar is not None and second.settings.get("lacks_number"):
            return Found(second.op, second.reads[0])
        gate = unscaled(second)
        for operand in (first, unscaled(first)):
            op = _gate(gate, operand)
            if op is not None:
                has_number = gate is not second or operand is not first
                return Found(op, operand, gate.op in ("relu6", "add") and not has_number)
    return _hard_sigmoid(step)


def _mean(step: Step) -> bool:
    """Turn a sum over axes, divided by their number, into the mean."""
    for total, number in pairs(step):
        if total.op == "sum" and number.scalar and total.size:
            factor = 1 / number.scalar if step.op == "divide" else number.scalar
            if abs(factor * total.reads[0].size / total.size - 1) < TOLERANCE:
                step.become("mean", total.reads, **total.settings)
                return True
    return False


def _softmax(step: Step) -> Found | None:
    """Exponentials over their sum; a maximum may be subtracted before."""
    exponential, total = bare(step.reads[0]), through(step.reads[1])
    if exponential.op != "exp" or total.op != "sum" or bare(total.reads[0]) is not exponential:
        return None
    shifted = bare(exponential.reads[0])
    if shifted.op == "subtract" and through(shifted.reads[1]).op == "max":
        shifted = bare(shifted.reads[0])
    return Found("softmax", shifted)


def _divide(step: Step) -> Found | None:
    if len(step.reads) != 2 or _mean(step):
        return None
    found = _softmax(step)
    if found is not None:
        return found
    first, second = map(bare, step.reads)
    if second.scalar is not None and first.settings.get("lacks_number"):
        return Found(first.op, first.reads[0])
    grown = _more(second, 1)
    if grown is not None and grown.op == "absolute" and bare(grown.reads[0]) is first:
        return Found("softsign", first)
    return _reciprocal_of(second) if first.scalar == 1 else _hard_sigmoid(step)


def _reciprocal_of(step: Step) -> Found | None:
    """One over one more than the exponential of minus the operand."""
    grown = _more(step, 1)
    if grown is None or grown.op != "exp":
        return None
    inner = bare(grown.reads[0])
    return Found("sigmoid", inner.reads[0]) if inner.op == "negate" else None


def _more(step: Step, by: float) -> Step | None:
    """The operand that a step adds a number to."""
    added = numbers(step) if step.op == "add" else ()
    return next((other for number, other in added if abs(number - by) < TOLERANCE), None)


def _hard_sigmoid(step: Step) -> Found | None:
    """relu6(x + 3) / 6, with the quotient as a product perhaps."""
    clamped = without_number(step)
    if clamped is None or clamped.op != "relu6":
        return None
    operand = _more(bare(clamped.reads[0]), 3)
    return None if operand is None else Found("hardsigmoid", operand)


def _gate(gate: Step, operand: Step) -> str | None:
    """The activation that the product of an operand and a gate computed from it is."""
    inner = bare(gate.reads[0]) if gate.reads else gate
    if gate.op == "sigmoid":
        if inner is operand:
            return "silu"
        return "quick_gelu" if unscaled(inner) is operand else None
    if gate.op == "hardsigmoid" and inner is operand:
        return "hardswish"
    if gate.op == "relu6" and _more(inner, 3) is operand:
        return "hardswish"
    if gate.op == "tanh" and inner.op == "softplus" and bare(inner.reads[0]) is operand:
        return "mish"
    shifted = _more(gate, 1)
    is_gelu = _is_tail(gate, operand) if shifted is None else _is_normal(shifted, operand)
    return "gelu" if is_gelu else None


def _is_tail(step: Step, operand: Step) -> bool:
    """Whether a step is the complementary error function of minus an operand over the root of 2."""
    if step.op != "erf":
        return False
    inner, scale = scaled(step.reads[0])
    if inner.op == "negate":
        inner, before = scaled(inner.reads[0])
        scale *= -before
    return inner is operand and abs(scale + 0.5**0.5) < TOLERANCE


def _is_normal(step: Step, operand: Step) -> bool:
    """Whether a step is the error function of an operand over the root of 2, or a hyperbolic tangent near it."""
    if step.op not in ("erf", "tanh"):
        return False
    inner, scale = scaled(step.reads[0])
    if inner is operand and (step.op == "tanh" or abs(scale - 0.5**0.5) > TOLERANCE):
        return False
    return is_only_of(step.reads[0], operand)


def _log(step: Step) -> Found | None:
    """The logarithm of a sigmoid, of a softmax, or of one more than an exponential."""
    grown = bare(step.reads[0])
    if grown.op in ("softmax", "sigmoid"):
        return Found(f"log_{grown.op}", grown.reads[0])
    exponential = without_number(grown) if grown.op == "add" else None
    if exponential is None or exponential.op != "exp":
        return None
    return Found("softplus", exponential.reads[0])


def _subtract(step: Step) -> Found | None:
    """The operand less the logarithm of the sum of its exponentials."""
    operand, total = bare(step.reads[0]), through(step.reads[-1])
    if total.op == "logsumexp" and bare(total.reads[0]) is operand:
        return Found("log_softmax", operand)
    return None


def _exp(step: Step) -> Found | None:
    logarithm = bare(step.reads[0])
    return Found("softmax", logarithm.reads[0]) if logarithm.op == "log_softmax" else None


def _negate(step: Step) -> Found | None:
    """Minus the softplus of minus the operand."""
    smooth = bare(step.reads[0])
    inner = bare(smooth.reads[0]) if smooth.op == "softplus" else step
    return Found("log_sigmoid", inner.reads[0]) if inner.op == "negate" and inner is not step else None


def _add(step: Step) -> Found | None:
    """relu(x) plus a negative slope times relu(-x), as Keras writes it."""
    for positive, product in pairs(step):
        product = behind(product, TURNING)
        for slope, negative in pairs(product, "multiply"):
            negative = behind(negative, TURNING)
            if not is_fixed(slope) or not positive.op == negative.op == "relu":
                continue
            inner = bare(negative.reads[0])
            if inner.op == "negate" and bare(inner.reads[0]) is bare(positive.reads[0]):
                number = slope.scalar is not None
                return Found("leaky_relu" if number else "prelu", inner.reads[0], weight=[slope][number:])
    return None


def _where(step: Step) -> Found | None:
    """The operand itself where it is large, and its softplus elsewhere."""
    if len(step.reads) != 3:
        return None
    condition, *values = map(bare, step.reads)
    for operand, smooth in (values, values[::-1]):
        if condition.op == "order" and smooth.op == "softplus" and bare(smooth.reads[0]) is operand:
            return Found("softplus", operand)
    return None


MATCHERS: dict[str, Callable[[Step], Found | None]] = {
    "add": _add,
    "clamp": _clamp,
    "hardtanh": _clamp,
    "maximum": lambda step: next(
        (Found("clamp" if low else "relu", other) for low, other in numbers(step)), None
    ),
    "minimum": lambda step: next((_capped(other, high) for high, other in numbers(step)), None),
    "multiply": _multiply,
    "divide": _divide,
    "reciprocal": lambda step: _reciprocal_of(bare(step.reads[0])),
    "log": _log,
    "subtract": _subtract,
    "exp": _exp,
    "negate": _negate,
    "where": _where,
}
