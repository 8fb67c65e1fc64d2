"""The parts that attention is computed from, in one piece or as products around a softmax."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from graf.sources.network.patterns import bare, pairs, through
from graf.sources.network.step import Step, is_fixed, unfixed

__all__ = ["DEEP", "MASKING", "Parts", "attention_parts", "n_macs"]

MASKING = (
    "add",
    "subtract",
    "multiply",
    "divide",
    "where",
    "tanh",
    "clamp",
    "maximum",
    "minimum",
    "scatter",
    "concat",
)
DEEP = 8  # steps between scores and softmax


class Parts(NamedTuple):
    """What attention is computed from; `scores` is None where it comes in one piece.

    `beside` are the operands of concatenations among `others`, such as scores of more keys; `maps` are
    products with weights across heads; `keys_first` says that scores have a row for each key.
    """

    query: Step
    key: Step
    value: Step
    others: list[Step]
    scores: Step | None = None
    beside: Sequence[Step] = ()
    maps: Sequence[Step] = ()
    keys_first: bool = False


def attention_parts(step: Step) -> Parts | None:
    """What attention is computed from, if the step is attention or its last product."""
    if step.op == "attention":
        query, key, value, *others = step.reads
        return Parts(query, key, value, others)
    if step.op != "matmul" or len(step.reads) != 2:
        return None
    for weights, value in (step.reads, step.reads[::-1]):
        behind = _to_softmax(weights)
        scores = _first_product(_unshifted(behind[-1].reads[0]), DEEP) if behind else None
        if scores is not None:
            return _parts_of(scores, behind, value, step.settings["contracted"])
    return None


def _parts_of(scores: Step, behind: list[Step], value: Step, n_keys: int) -> Parts:
    """What attention with these scores is computed from; `behind` leads from its weights to the softmax.

    Queries are the first operand of the scores, unless their number shows that it is the keys.
    """
    before = _way(_unshifted(behind[-1].reads[0]), scores)
    known = {id(step) for step in (*before, scores)}
    others = [read for step in before for read in step.reads if id(through(read)) not in known]
    others += [read for step in behind for read in step.reads if read.op == "weight"]
    rows, columns = (scores.shape or (0, 0))[-2:]
    keys_first = columns != n_keys == rows
    query, key = scores.reads if (scores.op == "matmul") != keys_first else scores.reads[::-1]
    beside = [read for step in before if step.op == "concat" for read in step.reads]
    maps = list(filter(_mixes_heads, (*before, *behind)))
    return Parts(query, key, value, others, scores, beside, maps, keys_first)


def _to_softmax(step: Step) -> list[Step]:
    """The steps back to a softmax through masks, copies and maps of heads; none if anything else is between."""
    passed = []
    for _ in range(DEEP):
        step = through(step)
        passed.append(step)
        if step.op == "softmax":
            return passed
        varying = unfixed(step.reads)
        if not varying or not (step.op in ("where", "multiply") or _maps_heads(step)):
            return []
        step = next((read for read in varying if through(read).op == "softmax"), varying[-1])
    return []


def _unshifted(step: Step) -> Step:
    """The step that is subtracted from its own maximum, or the other way round, before a softmax."""
    shifted = bare(step)
    for scores, other in pairs(shifted, "subtract"):
        peak = through(other)
        if peak.op == "max" and bare(peak.reads[0]) is scores:
            return scores
    return step


def _first_product(
    step: Step, depth: int, known: dict[tuple[int, int], Step | None] | None = None
) -> Step | None:
    """The product of queries and keys behind masks, biases and maps of heads."""
    known, step = {} if known is None else known, through(step)
    if step.op == "matmul" or _has_learned_queries(step):
        return step
    if depth == 0 or not (step.op in MASKING or _mixes_heads(step)):
        return None
    if (id(step), depth) not in known:
        ahead = (_first_product(read, depth - 1, known) for read in unfixed(step.reads))
        known[id(step), depth] = next((found for found in ahead if found is not None), None)
    return known[id(step), depth]


def _has_learned_queries(step: Step) -> bool:
    """Whether it is a product with queries that are the same for every input, some for each head.

    Source: Jaegle et al., Perceiver, 2021.
    """
    if step.op != "linear" or len(step.reads) != 2 or step.shape is None or len(step.shape) < 3:
        return False
    return (step.reads[1].shape or ())[1:] == (*step.shape[1:-1], step.settings["contracted"])


def _mixes_heads(step: Step) -> bool:
    """Whether it is a product of scores with a weight for each two heads.

    Source: Shazeer et al., Talking-Heads Attention, 2020.
    """
    if step.op not in ("linear", "conv") or len(step.reads) < 2 or not is_fixed(step.reads[1]):
        return False
    shape = through(step.reads[0]).shape or ()
    return len(shape) > 2 and step.size == prod(shape) and shape[-3] == _depth(step) != shape[-1]


def _maps_heads(step: Step) -> bool:
    """Whether it mixes heads, or adds a bias to what does."""
    biased = (layer for layer, bias in pairs(step, "add") if bias.op == "weight")
    return any(map(_mixes_heads, (step, *biased)))


def _depth(step: Step) -> int:
    """Multiply-adds for each element of a product."""
    return int(step.settings.get("contracted", prod((step.reads[1].shape or ())[1:])))


def n_macs(step: Step) -> int:
    """Multiply-adds of a product."""
    return step.size * _depth(step)


def _way(step: Step, product: Step) -> list[Step]:
    """The steps through which a step is computed from a product, itself included, each once."""
    found: dict[int, Step] = {}
    known: dict[tuple[int, int], Step | None] = {}
    ahead = deque([(step, DEEP)])
    while ahead:
        step, depth = ahead.popleft()  # the nearest first
        step = through(step)
        if step is not product and id(step) not in found and _first_product(step, depth, known) is product:
            found[id(step)] = step
            ahead += [(read, depth - 1) for read in step.reads]
    return list(found.values())
