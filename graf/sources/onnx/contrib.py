"""ONNX Runtime's own operators, as the steps that they put together (domain com.microsoft)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from graf.exceptions import InputError
from graf.sources.network.step import Step
from graf.sources.onnx.call import Call, Shape, trained
from graf.sources.onnx.operators import OPERATORS, after_past, attend, convolution, linear
from graf.sources.onnx.recurrent import recurrent

__all__ = ["AS_STANDARD", "CONTRIB"]

BLOCKED = ("Conv", "MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool")  # channels in blocks
AS_STANDARD = {  # the same or of the same shape, with an activation behind perhaps
    **{name: name for name in BLOCKED},
    "FusedConv": "Conv",
    "FusedGemm": "Gemm",
    "QLinearAveragePool": "MaxPool",  # of the same shape, and for integers too
}
ACTIVATIONS = {
    "Relu": "relu", "Sigmoid": "sigmoid", "Tanh": "tanh", "LeakyRelu": "leaky_relu", "Clip": "clamp",
    "HardSigmoid": "hardsigmoid", "Gelu": "gelu",
}  # fmt: skip


def _plus(call: Call, step: Step, weight: Step | None) -> Step:
    return step if weight is None else call.step("add", [step, weight], step.shape)


def _activated(call: Call, step: Step) -> Step:
    """What the attribute `activation` puts behind a step."""
    name = call.attributes.get("activation")
    if not name:
        return step
    bounds = call.attributes.get("activation_params", ())
    settings = dict(zip(("min", "max"), bounds, strict=False)) if name == "Clip" else {}
    return call.step(ACTIVATIONS.get(name, str(name).lower()), [step], step.shape, **settings)


def _fused_conv(call: Call) -> Step:
    return _activated(call, _plus(call, convolution(call), call.operand(3)))


def _fused_gemm(call: Call) -> Step:
    return _activated(call, linear(call))


def _product(first: int, second: int, bias: int | None = None) -> Callable[[Call], Step]:
    """A product of matrices, transposed or not, whose operands stand at the given positions."""

    def product(call: Call) -> Step:
        a, b = call.operand(first), call.operand(second)
        if a is None or b is None:
            raise InputError(f"{call.op_type} needs two operands")
        added = None if bias is None else call.operand(bias)
        for step in (b, added):
            if step is not None and step.size > 1:
                trained(step)
        a, b = (
            _swapped(call, step) if call.number(name, 0) else step
            for step, name in ((a, "transA"), (b, "transB"))
        )
        shape = call.shape
        if shape is None and a.shape and b.shape:
            shape = (*a.shape[:-1], b.shape[-1])
        found = call.step("matmul", [a, b], shape)
        return _activated(call, _plus(call, found, added))

    return product


def _swapped(call: Call, step: Step) -> Step:
    shape = step.shape or ()
    return call.step("transpose", [step], (*shape[:-2], *shape[-2:][::-1]))


def _packed_product(call: Call) -> Step:
    """A product with a weight of n rows and k columns of few bits each."""
    weight, n, k = call.operand(1), call.number("N", 0), call.number("K", 0)
    trained(weight)
    if weight is not None:
        weight.shape, weight.itemsize = (n, k), 1
    shape = (*(call.first.shape or ())[:-1], n)
    return call.step("linear", call.reads(0, 1, 5), shape)


def _experts(first: int, last: int, gate: int, scales: int = 0) -> Callable[[Call], Step]:
    """MLPs of experts, of which each token meets the k that a router prefers.

    The weights of their layers stand at the given positions, behind each its scales, if any, and its bias.
    """

    def experts(call: Call) -> Step:
        x, router = call.first, call.operand(1)
        if router is None or not (router.shape and x.shape and router.size and x.size):
            raise InputError("it needs an input and a router's output of known shapes")
        n_experts, width = router.shape[-1], x.shape[-1]

        def layer(read: Step, position: int) -> Step:
            weights = trained(call.operand(position)), trained(call.operand(position + 1 + scales))
            return _expert_layer(call, read, n_experts, *weights)

        rows = call.step("gather", [x, router], (x.size // width * call.number("k", 1), width))
        hidden, gates = layer(rows, first), []
        activation = call.attributes.get("activation_type", "relu")
        if call.operand(gate) is not None:
            gates = [layer(rows, gate)]
        elif activation == "swiglu":
            hidden, *gates = _parts(call, hidden, [(hidden.shape or (0,))[-1] // 2] * 2)
        hidden = call.step("silu" if activation == "swiglu" else activation, [hidden], hidden.shape)
        found = layer(call.step("multiply", [hidden, *gates], hidden.shape) if gates else hidden, last)
        return call.step("sum", [call.step("multiply", [found, router], found.shape)], x.shape)

    return experts


def _expert_layer(call: Call, read: Step, n_experts: int, weight: Step | None, bias: Step | None) -> Step:
    """One layer of all experts, of which each row meets one; several weights may stand in a byte."""
    *before, n_in = read.shape or (0,)
    if weight is None or not (weight.shape and weight.size and n_in):
        raise InputError("it needs the weights of its experts")
    n_out = weight.shape[1] if weight.itemsize == 1 else weight.size // (n_experts * n_in)
    weight.shape = (n_experts, n_out, n_in)
    return call.step("linear", [read, weight, *([] if bias is None else [bias])], (*before, n_out))


def _biased(op: str) -> Callable[[Call], Step]:
    def biased(call: Call) -> Step:
        return call.step(op, [_plus(call, call.first, call.operand(1))], call.first.shape)

    return biased


def _quick_gelu(call: Call) -> Step:
    """A tensor times its sigmoid, which is SiLU where nothing multiplies it before."""
    op = "silu" if call.attributes.get("alpha") == 1 else "quick_gelu"
    return call.step(op, call.reads(0), call.first.shape)


def _split_gelu(call: Call) -> Step:
    """Half of the channels times the GELU of the other half, with a bias before."""
    total = _plus(call, call.first, call.operand(1))
    half = (total.shape or (0,))[-1] // 2
    first, second = _parts(call, total, [half, half])
    gate = call.step("gelu", [second], second.shape)
    return call.step("multiply", [first, gate], first.shape)


def _sum(call: Call) -> Step:
    return _plus(call, _plus(call, call.first, call.operand(1)), call.operand(2))


def _skip_norm(op: str, bias: int) -> Callable[[Call], list[Step | None]]:
    """A residual connection and the norm behind it; the sum is the fourth output."""

    def skip_norm(call: Call) -> list[Step | None]:
        total = _plus(call, _plus(call, call.first, call.operand(bias)), call.operand(1))
        for i in range(2, bias):
            trained(call.operand(i))
        return [_norm(call, op, total, call.reads(*range(2, bias))), None, None, total]

    return skip_norm


def _norm(call: Call, op: str, step: Step, weights: list[Step]) -> Step:
    n = len(step.shape or ())
    return call.step(op, [step, *weights], step.shape, axes=(n - 1,))


def _embed(call: Call) -> list[Step | None]:
    """Embeddings of tokens, segments and positions, added up and normalised."""
    tokens, segments, words, positions, kinds, scale, shift = map(call.operand, range(7))
    if tokens is None or words is None or words.shape is None:
        raise InputError("it needs tokens and their embeddings")
    shape = (*(tokens.shape or ()), words.shape[-1])
    total = call.step("gather", [words, tokens], shape)
    if kinds is not None and segments is not None:
        total = _plus(call, total, call.step("gather", [kinds, segments], shape))
    if positions is not None:
        total = _plus(call, total, call.step("slice", [positions], shape[-2:]))
    weights = [step for step in (scale, shift) if step is not None]
    return [_norm(call, "layer_norm", total, weights), None, total]


def _group_norm(call: Call) -> Step:
    return _grouped_norm(call, call.first)


def _skip_group_norm(call: Call) -> list[Step]:
    """A residual connection and the group norm behind it; the sum is the second output."""
    total = _plus(call, _plus(call, call.first, call.operand(4)), call.operand(3))
    return [_grouped_norm(call, total), total]


def _grouped_norm(call: Call, step: Step) -> Step:
    """A group norm, with SiLU behind it perhaps."""
    weights = [weight for weight in map(trained, (call.operand(1), call.operand(2))) if weight is not None]
    norm = call.step("group_norm", [step, *weights], step.shape, groups=call.number("groups", 1))
    return call.step("silu", [norm], norm.shape) if call.number("activation", 0) else norm


def _rotary(call: Call) -> Step:
    return call.step("rotary", call.reads(0, 2, 3), call.first.shape)


def _parts(call: Call, step: Step, widths: list[int]) -> list[Step]:
    """A tensor cut along its last axis."""
    before = (step.shape or ())[:-1]
    return [call.step("slice", [step], (*before, width), index=i, axis=-1) for i, width in enumerate(widths)]


def _attention(call: Call, past: int = 4) -> list[Step]:
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
    query, *others = _parts(call, projected, widths)
    earlier = call.operand(past)
    if earlier is not None:
        shape = earlier.shape and earlier.shape[1:]
        halves = (call.step("slice", [earlier], shape, index=i) for i in range(2))
        others = [after_past(call, half, step, heads) for half, step in zip(halves, others, strict=True)]
    found = attend(call, [query, *others], call.reads(5), heads, heads, causal)
    return [found, call.step("concat", others, (2, *(others[0].shape or ())))]


def _multi_head(call: Call) -> list[Step]:
    """Attention of queries, keys and values whose projections have no bias yet."""
    heads, bias = call.number("num_heads", 1), call.operand(3)
    query, key, value = call.first, call.operand(1), call.operand(2)
    causal = bool(call.number("unidirectional", 0))
    if key is None or value is None:
        query, key, value = _unpacked(call, query, key)
    operands = [query, key, value]
    if bias is not None:
        widths = [(step.shape or (0,))[-1] for step in operands]
        own = _parts(call, bias, widths)
        operands = [_plus(call, step, part) for step, part in zip(operands, own, strict=True)]
    query, key, value = operands
    key, value = (
        after_past(call, call.operand(6), key, heads),
        after_past(call, call.operand(7), value, heads),
    )
    return [attend(call, [query, key, value], call.reads(4, 5), heads, heads, causal), key, value]


def _unpacked(call: Call, query: Step, key: Step | None) -> list[Step]:
    """Queries, keys and values that lie side by side for each head, the last two perhaps only."""
    packed, n = (query, 3) if key is None else (key, 2)
    batch, length, heads, _, depth = packed.shape or (1, 1, 1, 1, 1)
    own = [call.step("slice", [packed], (batch, length, heads * depth), index=i) for i in range(n)]
    return own if key is None else [query, *own]


def _grouped(call: Call) -> list[Step]:
    """Causal attention whose groups of queries share keys, with rotary positions perhaps."""
    heads, kv_heads = call.number("num_heads", 1), call.number("kv_num_heads", 1)
    query, key, value = call.first, call.operand(1), call.operand(2)
    if key is None or value is None:
        depth = (query.shape or (0,))[-1] // (heads + 2 * kv_heads)
        query, key, value = _parts(call, query, [n * depth for n in (heads, kv_heads, kv_heads)])
    if call.number("do_rotary", 0):
        query, key = (call.step("rotary", [s, *call.reads(7, 8)], s.shape) for s in (query, key))
    key, value = (
        after_past(call, past, step, kv_heads)
        for step, past in ((key, call.operand(3)), (value, call.operand(4)))
    )
    return [attend(call, [query, key, value], [], heads, kv_heads, causal=True), key, value]


def _quantised(op: str, *positions: int) -> Callable[[Call], Step]:
    """An operator with scales and zero points beside its operands."""

    def quantised(call: Call) -> Step:
        reads = call.reads(*positions)
        for step in reads:
            if step.size > 1:
                trained(step)
        shapes = [step.shape for step in reads if step.shape is not None]
        return call.step(op, reads, np.broadcast_shapes(*shapes) if len(shapes) == len(reads) else None)

    return quantised


def _quantised_conv(call: Call) -> Step:
    """A convolution of integers, whose channels may stand last."""
    make = _of_channels_last if call.number("channels_last", 0) else convolution
    return make(call, 0, 3, 8)


def _fused_conv_of_channels_last(call: Call) -> Step:
    return _activated(call, _plus(call, _of_channels_last(call), call.operand(3)))


def _of_channels_last(call: Call, x: int = 0, w: int = 1, b: int = 2) -> Step:
    """A convolution whose operands stand at the given positions, the channels of the first one last."""
    before, after = (
        replace(call, shapes=(_channels_first(shape),)) for shape in (call.first.shape, call.shape)
    )
    weight = trained(call.operand(w))
    operands = [before.step("transpose", [call.first]), *call.operands[1:]]
    if weight is not None and weight.shape and before.shape:
        n_in = weight.shape[1] * call.number("group", 1)
        if n_in != before.shape[1]:  # the weight has its channels last as well
            operands[w] = call.step("transpose", [weight], _channels_first(weight.shape))
    found = convolution(replace(after, operands=tuple(operands)), x, w, b)
    return call.step("transpose", [found])


def _channels_first(shape: Shape) -> Shape:
    return (*shape[:1], *shape[-1:], *shape[1:-1]) if shape else shape


def _quantised_concat(call: Call) -> Step:
    parts, axis = call.reads(*range(2, len(call.operands), 3)), call.number("axis", 0)
    shapes = [part.shape for part in parts if part.shape]
    if not parts or len(shapes) < len(parts):
        return call.step("concat", parts, axis=axis)
    shape = list(shapes[0])
    shape[axis] = sum(each[axis] for each in shapes)
    return call.step("concat", parts, tuple(shape), axis=axis)


def _quantised_pool(call: Call) -> Step:
    shape = call.first.shape or ()
    return call.step("global_avg_pool", call.reads(0), (*shape[:2], *[1] * len(shape[2:])))


def _quantised_lstm(call: Call) -> list[Step]:
    """An LSTM with integer weights (directions, inputs, gates)."""
    found = recurrent("lstm")(call)
    time, batch = (call.first.shape or (0, 0))[:2]
    directions, hidden = 1 + found.settings["bidirectional"], call.number("hidden_size", 0)
    found.shape = (time, directions, batch, hidden)
    state = (directions, batch, hidden)
    return [found, *(call.step("getitem", [found], state, index=i) for i in (1, 2))]


CONTRIB: dict[str, Callable[[Call], Any]] = {
    "Conv": _fused_conv,
    "FusedConv": _fused_conv,
    "NhwcConv": _of_channels_last,
    "NhwcFusedConv": _fused_conv_of_channels_last,
    "FusedGemm": _fused_gemm,
    "FusedMatMul": _product(0, 1),
    "TransposeMatMul": _product(0, 1),
    "FusedMatMulActivation": _product(0, 1),
    "DynamicQuantizeMatMul": _product(0, 1, 4),
    "MatMulIntegerToFloat": _product(0, 1, 6),
    "QLinearMatMul": _product(0, 3),
    "QGemm": _product(0, 3, 6),
    "DynamicQuantizeLSTM": _quantised_lstm,
    "MatMulNBits": _packed_product,
    "MoE": _experts(2, 4, 6),
    "QMoE": _experts(2, 5, 8, scales=1),
    "Gelu": _biased("gelu"),
    "FastGelu": _biased("gelu"),
    "BiasGelu": _biased("gelu"),
    "QuickGelu": _quick_gelu,
    "BiasSplitGelu": _split_gelu,
    "BiasSoftmax": _biased("softmax"),
    "BiasAdd": _sum,
    "BiasDropout": _sum,
    "SkipLayerNormalization": _skip_norm("layer_norm", 4),
    "SkipSimplifiedLayerNormalization": _skip_norm("rms_norm", 3),
    "EmbedLayerNormalization": _embed,
    "GroupNorm": _group_norm,
    "SkipGroupNorm": _skip_group_norm,
    "RotaryEmbedding": _rotary,
    "Attention": _attention,
    "QAttention": lambda call: _attention(call, past=8),
    "MultiHeadAttention": _multi_head,
    "GroupQueryAttention": _grouped,
    "QLinearConv": _quantised_conv,
    "QLinearAdd": _quantised("add", 0, 3),
    "QLinearMul": _quantised("multiply", 0, 3),
    "QLinearSigmoid": _quantised("sigmoid", 0),
    "QLinearLeakyRelu": _quantised("leaky_relu", 0),
    "QLinearSoftmax": _quantised("softmax", 0),
    "QLinearConcat": _quantised_concat,
    "QLinearAveragePool": OPERATORS["AveragePool"],
    "QLinearGlobalAveragePool": _quantised_pool,
}
