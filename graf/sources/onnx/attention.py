"""Attention, from queries, keys and values apart or from one tensor, also after earlier tokens."""

from __future__ import annotations

from collections.abc import Sequence

from graf.exceptions import InputError
from graf.sources.network.step import Step
from graf.sources.onnx.call import Call, trained

__all__ = ["attention", "grouped_attention", "multi_head_attention", "projected_attention"]


def attention(call: Call) -> list[Step]:
    """Attention of queries, keys and values."""
    query, key, value = call.reads(0, 1, 2)
    heads = call.number("q_num_heads", 0) or (query.shape or (1, 1))[1]
    kv_heads = call.number("kv_num_heads", 0) or (key.shape or (1, 1))[1]
    key, value = _after_earlier(call, 4, key, value, kv_heads)
    causal = bool(call.number("is_causal", 0))
    return [_attend(call, [query, key, value], call.reads(3), heads, kv_heads, causal), key, value]


def projected_attention(call: Call, past: int = 4) -> list[Step]:
    """Projections of one tensor to queries, keys and values, and attention.

    Earlier keys and values lie in one tensor at the given position, those after it in the second output.
    """
    weight = trained(call.operand(1))
    trained(call.operand(2))
    if weight is None or not weight.shape or call.first.shape is None:
        raise InputError("it needs an input and a weight of known shapes")
    width = weight.shape[-1]
    widths = list(call.attributes.get("qkv_hidden_sizes") or [width // 3] * 3)
    projected = call.step("linear", call.reads(0, 1, 2), (*call.first.shape[:-1], width))
    heads = call.number("num_heads", 1)
    causal = bool(call.number("unidirectional", 0))
    query, *others = call.cut(projected, widths)
    earlier = call.operand(past)
    if earlier is not None:
        shape = earlier.shape and earlier.shape[1:]
        halves = (call.step("slice", [earlier], shape) for _ in range(2))
        others = [_after_past(call, half, step, heads) for half, step in zip(halves, others, strict=True)]
    found = _attend(call, [query, *others], call.reads(5), heads, heads, causal)
    return [found, call.step("concat", others, (2, *(others[0].shape or ())))]


def multi_head_attention(
    call: Call, bias_at: int = 3, past: int = 6, added: tuple[int, ...] = (4, 5)
) -> list[Step]:
    """Attention of queries, keys and values whose projections have no bias yet.

    It stands at the given position, as do earlier keys and values, and what is added to scores.
    """
    heads, bias = call.number("num_heads", 1), call.operand(bias_at)
    query, key, value = call.first, call.operand(1), call.operand(2)
    causal = bool(call.number("unidirectional", 0))
    if key is None or value is None:
        query, key, value = _unpacked(call, query, key)
    operands = [query, key, value]
    if bias is not None:
        widths = [(step.shape or (0,))[-1] for step in operands]
        own = call.cut(bias, widths)
        operands = [call.plus(step, part) for step, part in zip(operands, own, strict=True)]
    query, key, value = operands
    key, value = _after_earlier(call, past, key, value, heads)
    return [_attend(call, [query, key, value], call.reads(*added), heads, heads, causal), key, value]


def _unpacked(call: Call, query: Step, key: Step | None) -> list[Step]:
    """Queries, keys and values that lie side by side for each head, the last two perhaps only."""
    packed, n = (query, 3) if key is None else (key, 2)
    batch, length, heads, _, depth = packed.shape or (1, 1, 1, 1, 1)
    own = [call.step("slice", [packed], (batch, length, heads * depth)) for _ in range(n)]
    return own if key is None else [query, *own]


def grouped_attention(call: Call) -> list[Step]:
    """Causal attention whose groups of queries share keys, with rotary positions perhaps."""
    heads, kv_heads = call.number("num_heads", 1), call.number("kv_num_heads", 1)
    query, key, value = call.first, call.operand(1), call.operand(2)
    if key is None or value is None:
        depth = (query.shape or (0,))[-1] // (heads + 2 * kv_heads)
        query, key, value = call.cut(query, [n * depth for n in (heads, kv_heads, kv_heads)])
    if call.number("do_rotary", 0):
        query, key = (call.step("rotary", [s, *call.reads(7, 8)], s.shape) for s in (query, key))
    key, value = _after_earlier(call, 3, key, value, kv_heads)
    return [_attend(call, [query, key, value], [], heads, kv_heads, causal=True), key, value]


def _attend(
    call: Call, operands: Sequence[Step], others: list[Step], heads: int, kv_heads: int, causal: bool
) -> Step:
    """Attention of queries, keys and values: of tokens (batch, length, channels), or by heads."""
    split = [
        _with_heads(call, step, n) for step, n in zip(operands, (heads, kv_heads, kv_heads), strict=True)
    ]
    shape = None
    if split[0].shape is not None and split[2].shape is not None:
        shape = (*split[0].shape[:-1], split[2].shape[-1])
    found = call.step("attention", [*split, *others], shape, causal=causal)
    if split[0] is operands[0] or shape is None:
        return found
    batch, _, length, depth = shape
    return call.step("reshape", [found], (batch, length, heads * depth))


def _after_earlier(call: Call, position: int, key: Step, value: Step, heads: int) -> list[Step]:
    """Keys and values after those of earlier tokens, which lie at this position and the next, if at all."""
    return [_after_past(call, call.operand(position + i), step, heads) for i, step in enumerate((key, value))]


def _after_past(call: Call, past: Step | None, step: Step, heads: int) -> Step:
    """Keys or values after those of earlier tokens, if there are any."""
    if past is None:
        return step
    step = _with_heads(call, step, heads)
    if past.shape is None or step.shape is None:
        return call.step("concat", [past, step])
    shape = (*step.shape[:2], past.shape[2] + step.shape[2], step.shape[3])
    return call.step("concat", [past, step], shape)


def _with_heads(call: Call, step: Step, heads: int) -> Step:
    if step.shape is None or len(step.shape) != 3 or heads < 1:
        return step
    batch, length, channels = step.shape
    apart = call.step("reshape", [step], (batch, length, heads, channels // heads))
    return call.step("transpose", [apart], (batch, heads, length, channels // heads))
