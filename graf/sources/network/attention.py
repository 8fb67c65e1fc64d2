"""Attention and what is told of it: its sizes, heads, origins, masks and positions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from math import prod
from typing import Any

from graf.sources.network.attention_parts import DEEP, MASKING, Parts, attention_parts, n_macs
from graf.sources.network.patterns import pairs, plain, through, unscaled
from graf.sources.network.step import Network, Step, is_fixed, unfixed
from graf.sources.network.vocabulary import REARRANGEMENTS

__all__ = ["recognise_attention"]

OF_MASKS = ("logical", "compare", "order", "gather")  # what gives a mask from others, or some of its rows
PRODUCTS = ("matmul", "linear")
NORMS = ("layer_norm", "rms_norm", "l2_norm")
MEETING = ("concat", "add", "multiply", "divide")  # of two tensors, such as a shortcut or a gate
CUTTING = ("slice", "getitem")
POSITION_WISE = (
    "linear", "conv", "batch_norm", "layer_norm", "rms_norm", "l2_norm", "rotary", "multiply", "divide", "add",
    "avg_pool", "max_pool", "adaptive_avg_pool", "mean", "max", "relu", "gelu", "hardswish", "silu", "elu",
    "clamp", "position_embedding", "norm", "sqrt", "reciprocal", "power", "sigmoid", "tanh",
)  # fmt: skip
Consumers = Mapping[int, list[Step]]


def recognise_attention(network: Network) -> None:
    """Describe attention, and turn the last of the products that make it up into it."""
    readers = _consumers(network)
    batch = next((step.shape[0] for step in network.inputs if step.shape), 1)
    found: dict[int, Step] = {}
    for step in network:
        parts = attention_parts(step)
        if parts is not None:
            _become_attention(step, parts, readers, batch)
            if parts.scores is not None and step.op == "attention":
                found |= {id(product): step for product in (parts.scores, *parts.maps)}
    for step in network:
        if id(step) in found:  # products that others read too are counted where they are
            found[id(step)].settings["n_macs"] -= n_macs(step)


def _consumers(network: Network) -> Consumers:
    found: dict[int, list[Step]] = defaultdict(list)
    for step in network:
        for read in step.reads:
            found[id(read)].append(step)
    return found


def _become_attention(step: Step, parts: Parts, readers: Consumers, batch: int) -> None:
    query, key, value, others, scores, beside, maps, _ = parts
    if query.shape is None or value.shape is None or not (step.shape and step.size) or len(query.shape) < 2:
        return
    n_queries, n_keys, depth = _sizes(parts)
    n_values = step.settings.get("contracted", n_keys)  # more, if other scores stand beside these
    total = prod(step.shape[:-2]) if scores is None else scores.size // (n_queries * n_keys)
    width = step.size // (total * n_queries)  # whichever axis it is on
    heads = _n_heads(step, scores, width, total, readers)
    terms = [term for read in others for term in _terms(read)]
    added = [term for read in others if read not in beside for term in _terms(read)]
    moved = [term for term in added if _is_of_positions(term, parts)]
    settings: dict[str, Any] = {
        "heads": heads,
        "kv_heads": _n_key_heads(parts, heads, total * n_keys * depth),
        "head_dim": depth,
        "sequence": n_queries,
        "key_sequence": n_keys,
        "windows": max(1, total // (heads * batch)),
        "self_attention": float(_same_origin(query, key, value)),
        "relative_bias": float(bool(moved) or any(_is_relative_bias(term, n_keys) for term in terms)),
        "causal": _causal(step, terms, [*moved, *beside]),
        "channels": heads * width,
        "n_macs": total * n_queries * (n_keys * depth + n_values * width) + sum(map(n_macs, maps)),
        "n_scores": total * n_queries * n_keys,
    }
    kept = [read for read in others if read.op != "constant"]
    step.become("attention", [plain(query), plain(key), value, *kept], **settings)


def _terms(step: Step) -> list[Step]:
    """What a step adds up or chooses from, such as a bias and a mask."""
    found, ahead, seen = [], [step], set[int]()
    while ahead:
        term = ahead.pop()
        total = plain(term)
        if total.op not in ("add", "where"):
            found.append(term)
        elif id(total) not in seen:  # or sums of sums would be walked through as often as there are ways
            seen.add(id(total))
            ahead += total.reads
    return found


def _is_relative_bias(step: Step, n_keys: int) -> bool:
    """Whether it has weights of its own for each key; a score for none of them (a sink) has not."""
    return step.op == "weight" and (step.shape or (0,))[-1] == n_keys


def _is_of_positions(step: Step, parts: Parts, known: dict[int, bool] | None = None) -> bool:
    """Whether it is a product of the queries, or of the keys, with weights or sines of relative positions.

    It may be masked, or moved by constants put in front. So is a trained bias times a gate, and numbers that
    are looked up for each query and key.

    Source: Dai et al., Transformer-XL, 2019; Li et al., MViTv2, 2022; Chen et al., WavLM, 2022; Huang et al.,
    LayoutLMv3, 2022.
    """
    known = {} if known is None else known
    if id(step) not in known:  # each once, as in `_terms`
        known[id(step)] = _tells_positions(step, parts, known)
    return known[id(step)]


def _tells_positions(step: Step, parts: Parts, known: dict[int, bool]) -> bool:
    product = plain(step)
    if product.op == "embedding":
        return (step.shape or ())[-2:] == _sizes(parts)[:2]
    if product.op in ("where", "concat", "multiply", "add"):  # sums have one for each axis of an image
        varying = unfixed(product.reads)
        gated = product.op == "multiply" and any(
            _is_relative_bias(read, _sizes(parts)[1]) for read in product.reads
        )
        return gated or (bool(varying) and all(_is_of_positions(read, parts, known) for read in varying))
    if product.op != "linear" or not is_fixed(product.reads[1]):
        return False
    origins = _origins(product.reads[0])
    return any(id(_unbiased(operand)) in origins for operand in (parts.query, parts.key))


def _unbiased(step: Step) -> Step:
    """The step behind a weight that is added to it, as one is to queries for each of two products."""
    step = plain(step)
    return next((plain(other) for other, weight in pairs(step, "add") if weight.op == "weight"), step)


def _sizes(parts: Parts) -> tuple[int, int, int]:
    """Numbers of queries and of keys, and the length of the vectors whose products are scores."""
    query, scores = parts.query.shape or (1, 1), parts.scores
    if scores is None or scores.shape is None:
        return query[-2], (parts.key.shape or (1, 1))[-2], query[-1]
    rows, columns = scores.shape[-2:]
    n_queries, n_keys = (columns, rows) if parts.keys_first else (rows, columns)
    return n_queries, n_keys, scores.settings.get("contracted", query[-1])


def _n_heads(step: Step, scores: Step | None, width: int, total: int, readers: Consumers) -> int:
    """How many heads are put side by side behind the attention, else the axis before the queries."""
    shape, merged = step.shape or (1,), _merged(step, readers)
    sizes = (merged.shape or ())[1:]
    if len(shape) > 4 and sizes == (prod(shape[1:-1]), width):
        return 1  # nothing is put side by side, windows and positions in a row
    is_stacked = step.size // (total * width) in shape[-2:]  # the queries are one of these axes
    of_scores = (1,) if scores is None or scores.shape is None else scores.shape[1:-2]
    own = prod(of_scores) if not is_stacked else shape[-3] if len(shape) > 3 else 1
    beside = sizes[-1:] == (width,) and any(reader.op == "concat" for reader in readers[id(merged)])
    if merged.shape == shape or beside:  # they stay apart, or are put beside others
        return 1 if any(_mixes_alone(reader, step, width) for reader in readers[id(merged)]) else own
    if len(shape) == 4 and _grouped(step, readers):
        return own
    stacked = [size // width for size in (*sizes[-1:], *sizes[:1]) if size % width == 0]
    possible = [n for n in stacked if n > 1 and total % n == 0]
    apart = own in sizes or own * (step.size // (total * width)) in sizes
    apart = apart and not any(_mixes_alone(reader, step, width) for reader in _layers(merged, readers))
    if not possible and 1 in stacked and not apart and (merged.shape or ())[:1] == shape[:1]:
        return 1  # what could be heads went into the positions
    return own if own in possible or not possible else possible[0]


def _grouped(step: Step, readers: Consumers) -> bool:
    """Whether heads of each position are put side by side in groups, such as those of one expert."""
    n, heads, length, width = step.shape or (0, 0, 0, 0)
    while len(readers[id(step)]) == 1 and readers[id(step)][0].op in REARRANGEMENTS:
        step = readers[id(step)][0]
        of_groups = step.shape or ()
        if of_groups[:2] == (n, length) and len(of_groups) == 4 and width < of_groups[3] < heads * width:
            return True
    return False


def _layers(step: Step, readers: Consumers) -> list[Step]:
    """What reads a step behind norms, copies and other shapes."""
    found: list[Step] = []
    ahead = [step]
    for step in ahead:
        for reader in readers[id(step)]:
            passes = reader.op in (*NORMS, *REARRANGEMENTS) and reader.size == step.size
            (ahead if passes else found).append(reader)
    return found


def _mixes_alone(reader: Step, step: Step, width: int) -> bool:
    """Whether a layer takes the channels of each head alone, all by the same weights, as if they were positions."""
    return reader.op == "linear" and reader.reads[1].size * step.size == width**2 * reader.size


def _merged(step: Step, readers: Consumers) -> Step:
    """The last step that moves elements behind attention, those cut apart and put side by side among them."""
    while True:
        following = _readers_of_parts(step, readers)
        if len(following) != 1 or following[0].op != "concat" or following[0].size != step.size:
            following = readers[id(step)]
            if len(following) != 1 or not _keeps_size(following[0], step):
                return step
        step = following[0]


def _readers_of_parts(step: Step, readers: Consumers) -> list[Step]:
    """What reads the parts that a step is cut into, each once."""
    found: dict[int, Step] = {}
    parts = [step]
    for part in parts:
        cuts = [reader for reader in readers[id(part)] if reader.op in CUTTING]
        parts += cuts
        found |= {id(reader): reader for reader in readers[id(part)] if reader.op not in CUTTING}
    return list(found.values())


def _keeps_size(step: Step, of: Step) -> bool:
    """Whether it moves elements, or adds others to them, as values of relative positions are."""
    return step.op in REARRANGEMENTS or (step.op == "add" and step.shape == of.shape)


def _n_key_heads(parts: Parts, heads: int, n_elements: int) -> int:
    """Heads of the keys before they were copied for groups of queries (Ainslie et al., GQA, 2023).

    Keys may also have fewer heads where attention comes in one piece, an axis of size one where queries
    have heads, or lack the axis of the heads or of the queries of a group; `n_elements` are those of
    keys of which every head has its own.
    """
    key, shared = parts.key, 1.0
    n_axes, of_keys = len(parts.query.shape or ()), key.shape or ()
    lacks_heads = n_axes > len(of_keys) > 2 or (n_axes == len(of_keys) > 3 and 1 in of_keys[-3:-1])
    if n_elements and (lacks_heads or parts.scores is None):
        shared = key.size / n_elements
    key = unscaled(key)
    while key.op in REARRANGEMENTS and key.reads:
        if key.op == "expand" and key.size:
            shared *= key.reads[0].size / key.size
        key = unscaled(key.reads[0])
    return max(1, round(heads * shared))


def _same_origin(query: Step, key: Step, value: Step) -> bool:
    """Whether queries and values are computed position by position from one tensor."""
    return bool(_origins(query) & (_origins(_uncached(key)) | _origins(_uncached(value))))


def _uncached(step: Step) -> Step:
    """Keys of new tokens, where those of earlier ones are given, or kept in a buffer, beside them."""
    keys = plain(step)
    if keys.op == "scatter" and _is_given(keys.reads[0]):
        return keys.reads[-1]
    new = [read for read in keys.reads if not _is_given(read)] if keys.op == "concat" else []
    return new[0] if len(new) == 1 else step


def _is_given(step: Step) -> bool:
    return is_fixed(step) or plain(step).op == "input"


def _origins(step: Step, depth: int = DEEP, known: dict[tuple[int, int], set[int]] | None = None) -> set[int]:
    """What a step is computed from position by position; of a concatenation or a sum, what all its parts are."""
    found: set[int] = set()
    known = {} if known is None else known
    while True:
        step = through(step)
        found.add(id(step))
        varying = unfixed(step.reads)
        left = depth - (step.op != "concat")
        if step.op in MEETING and left >= 0 and (len(varying) > 1 or (step.op == "concat" and varying)):
            if (id(step), depth) not in known:
                ways = (_origins(read, left, known) for read in varying)
                known[id(step), depth] = set.intersection(*ways)
            return found | known[id(step), depth]
        if step.op not in POSITION_WISE or not varying or (len(varying) > 1 and step.op != "rotary"):
            return found
        step = varying[0]


def _causal(step: Step, others: list[Step], scores: list[Step]) -> float:
    """1 if a mask compares positions, NaN if one depends on the inputs alone; else 0. Products are scores, no masks."""
    masks = [read for read in others if read.scalar is None]
    if step.settings.get("causal") or any(_compares_positions(mask, DEEP) for mask in masks):
        return 1.0
    known = all(is_fixed(mask) or mask in scores or plain(mask).op in PRODUCTS for mask in masks)
    return 0.0 if known else float("nan")


def _compares_positions(mask: Step, depth: int, known: dict[tuple[int, int], bool] | None = None) -> bool:
    known = {} if known is None else known
    if mask.settings.get("triangular") or depth == 0:
        return depth > 0
    if (id(mask), depth) not in known:
        passed = through(mask).op in (*MASKING, *OF_MASKS, *REARRANGEMENTS)
        ahead = mask.reads if passed else []
        known[id(mask), depth] = any(_compares_positions(read, depth - 1, known) for read in ahead)
    return known[id(mask), depth]
