"""What does not depend on the inputs of a network: weights, constants and what is computed of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.sources.network.costs import fixed_macs
from graf.sources.network.patterns import through, uncopied
from graf.sources.network.step import Network, Step, is_fixed, unfixed
from graf.sources.network.vocabulary import REARRANGEMENTS

__all__ = ["settle_constants"]

NEUTRAL = {"multiply": 1, "divide": 1, "power": 1, "add": 0, "subtract": 0}  # second operands
IN_ANY_ORDER = ("multiply", "add")
BY_ELEMENT = ("add", "subtract", "multiply", "divide", "power", "maximum", "minimum")
KEEPING = {*BY_ELEMENT, "exp", "sin", "cos", *REARRANGEMENTS} - {"pad", "mask"}  # what is uniform stays so
OF_NUMBERS = {"multiply": np.multiply, "sqrt": np.sqrt}


def settle_constants(network: Network) -> int:
    """Mark what is the same for every input, and gathers by what they gather from and with.

    A step that reads fixed steps only becomes a weight if one of them is, else a constant. A gather
    with a fixed index only leaves out elements; one from a weight is an embedding. Arithmetic with a
    number that changes nothing, or a concatenation with no elements, is the identity. What fills a
    constant part by part is a concatenation. Returns what
    fvcore counts of all that is computed in every pass although it depends on no input.
    """
    fixed = 0
    for step in network:
        if step.op == "input" or (is_fixed(step) and not step.reads):
            continue
        if step.op == "constant" or all(is_fixed(read) for read in step.reads):
            fixed += fixed_macs(step)
            _settle(step)
        elif step.op == "gather" and len(step.reads) > 1:
            _settle_gather(step)
        elif step.op == "concat":
            _settle_concat(step)
        elif step.op == "scatter" and len(step.reads) > 1:
            _settle_scatter(step)
        elif step.op in NEUTRAL:
            _settle_neutral(step)
    return fixed


def _settle(step: Step) -> None:
    waves = step.op in ("sin", "cos") or any(read.settings.get("wave") for read in step.reads)
    step.settings = {
        "triangular": _is_triangular(step),
        "distance": _is_distance(step),
        "uniform": _is_uniform(step),
        "repeated": _is_repeated(step),
        "wave": waves,
    }
    step.value = _content(step)
    if step.op == "constant":
        step.reads = []
    step.op = "weight" if any(read.op == "weight" for read in step.reads) else "constant"


def _content(step: Step) -> NDArray[Any] | None:
    """The content of a fixed step: its own, one that is moved, or what numbers give, as the root of a width."""
    if step.op in REARRANGEMENTS and len(step.reads) == 1:
        return step.reads[0].value
    numbers = [read.scalar for read in step.reads]
    if step.op not in OF_NUMBERS or None in numbers:
        return step.value
    with np.errstate(invalid="ignore"):
        return np.asarray(OF_NUMBERS[step.op](*numbers))


def _is_triangular(step: Step) -> bool:
    """Whether a fixed step compares positions along two axes, or is computed from one that does.

    Weights that are looked up at such places, as those of relative positions are, hide nothing.
    """
    if step.op in ("embedding", "gather") and any(read.op == "weight" for read in step.reads):
        return False
    if step.op == "order" and (_crosses(step) or _compares_distances(step)):
        return True
    return step.op == "mask" or any(read.settings.get("triangular") for read in step.reads)


def _crosses(step: Step) -> bool:
    """Whether it has a result for each two elements of its operands, which lie along two axes."""
    if len(step.reads) != 2:
        return False
    first, second = map(uncopied, step.reads)
    return min(first.size, second.size) > 1 and first.shape != second.shape


def _compares_distances(step: Step) -> bool:
    """Whether it tells positive from negative distances; larger bounds are those of windows to both sides."""
    bounds = [read.scalar for read in step.reads if not read.settings.get("distance")]
    return len(step.reads) == 2 and len(bounds) == 1 and bounds[0] is not None and abs(bounds[0]) <= 1


def _is_distance(step: Step) -> bool:
    """Whether it is a position along one axis less another along a second one, with its sign."""
    if step.op == "subtract" and _crosses(step):
        return all(read.op == "constant" for read in step.reads)
    operand = step.reads[:1]  # none of an empty optional
    kept = step.op in ("negate", "sign", *REARRANGEMENTS)
    return kept and any(read.settings.get("distance") for read in operand)


def _is_uniform(step: Step) -> bool:
    """Whether all elements of a fixed step are the same, as the number of a kind is for each token."""
    if step.op not in KEEPING or not step.reads:
        return bool(step.settings.get("uniform"))
    return all(read.settings.get("uniform") or read.scalar is not None for read in step.reads)


def _is_repeated(step: Step) -> bool:
    """Whether a fixed step takes one row many times, as that of a kind of token for each token.

    So do first states, of zeros or of a weight for each channel, behind a product or, but for its edges, a convolution.
    """
    if step.op in BY_ELEMENT:
        return len(_axes(step)) > 1 and len(set().union(*map(_axes, map(uncopied, step.reads)))) < 2
    if step.op in ("matmul", "linear", "conv"):
        return _axes(uncopied(step.reads[0])) <= ({0} if step.op != "conv" else set())
    if step.op not in ("embedding", "gather"):
        return len(step.reads) == 1 and bool(step.reads[0].settings.get("repeated"))
    if any(_is_uniform(read) for read in step.reads if read.op == "constant"):
        return True
    copies = max(
        read.size // max(uncopied(read).size, 1) for read in step.reads
    )  # of places, for each sample
    return any(step.size > read.size * copies for read in step.reads if read.op == "weight")


def _axes(step: Step) -> set[int]:
    """The axes along which a fixed step is not the same, counted from the last."""
    if step.settings.get("repeated"):
        return {0}
    same = step.settings.get("uniform") or step.scalar is not None
    return set() if same else {i for i, size in enumerate(reversed(step.shape or ())) if size > 1}


def _settle_concat(step: Step) -> None:
    """Leave out what has no elements, as caches before the first token and parts that are not rotated."""
    step.reads = [read for read in step.reads if read.shape is None or read.size] or step.reads
    if len(step.reads) == 1:
        step.op = "identity"


def _settle_scatter(step: Step) -> None:
    """Parts that are written at fixed places, one after the other, until they fill a constant stand side by side."""
    base, *places, part = step.reads
    base = through(base)
    left = base.size if base.op == "constant" else base.settings.get("unwritten", 0)
    if base.size != step.size or not all(map(is_fixed, places)) or part.size > left:
        return
    parts: list[Step] = [*base.settings.get("written", ()), part]
    if part.size == left and len(parts) > 1:
        step.become("concat", parts)
    else:
        step.settings |= {"written": parts, "unwritten": left - part.size}


def _settle_gather(step: Step) -> None:
    data, *index = step.reads
    if all(is_fixed(read) for read in index):
        step.op = "slice"
    elif data.op == "weight":
        step.become("embedding", [*index, data])


def _settle_neutral(step: Step) -> None:
    """Leave out a number that changes nothing."""
    operands = step.reads if step.op in IN_ANY_ORDER else step.reads[1:]
    if len(step.reads) == 2 and any(read.scalar == NEUTRAL[step.op] for read in operands):
        step.op, step.reads = "identity", unfixed(step.reads)
