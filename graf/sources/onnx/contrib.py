"""ONNX Runtime's own operators, as the steps that they put together (domain com.microsoft)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from graf.exceptions import InputError
from graf.sources.network.step import Step
from graf.sources.onnx.attention import grouped_attention, multi_head_attention, projected_attention
from graf.sources.onnx.call import Call, trained
from graf.sources.onnx.convolutions import (
    channels_first,
    channels_last,
    convolution,
    of_channels_last,
    pool,
)
from graf.sources.onnx.operators import times_sigmoid
from graf.sources.onnx.products import experts, linear, product
from graf.sources.onnx.quantised import QUANTISED_CONTRIB

__all__ = ["AS_STANDARD", "CONTRIB"]

BLOCKED = ("Conv", "MaxPool", "AveragePool", "GlobalMaxPool", "GlobalAveragePool")  # channels in blocks
LARGEST_BLOCK = 16
AS_STANDARD = {  # the same or of the same shape, with an activation behind perhaps
    **{name: name for name in BLOCKED},
    "FusedConv": "Conv",
    "FusedGemm": "Gemm",
    "NhwcConv": "Conv",
    "NhwcFusedConv": "Conv",
    "NhwcMaxPool": "MaxPool",
    "QLinearConv": "QLinearConv",
    "QuantizeLinear": "QuantizeLinear",
    "DequantizeLinear": "DequantizeLinear",
    "QLinearAveragePool": "MaxPool",  # of the same shape, and for integers too
}


def _fused_conv(call: Call) -> Step:
    return call.activated(call.plus(convolution(call), call.operand(3)))


def _blocked_conv(call: Call) -> Step:
    """A convolution of channels in blocks, the last of which is filled up to what the weight has."""
    data, weight = call.operand(0), call.operand(1)
    if data is None or weight is None or not data.shape or not weight.shape:
        return _fused_conv(call)
    missing = weight.shape[1] * call.number("group", 1) - data.shape[1]
    if 0 < missing < LARGEST_BLOCK:
        filled = (data.shape[0], data.shape[1] + missing, *data.shape[2:])
        call = replace(call, operands=(call.step("pad", [data], filled), *call.operands[1:]))
    return _fused_conv(call)


_nhwc_conv = of_channels_last(convolution, w=1)


def _fused_conv_of_channels_last(call: Call) -> Step:
    return call.activated(call.plus(_nhwc_conv(call), call.operand(3)))


def _to_blocks(call: Call) -> Step:
    shape = call.first.shape
    return call.step("transpose", call.reads(0), channels_first(shape) if _is_last(call) else shape)


def _from_blocks(call: Call) -> Step:
    """Channels that lay in blocks, of which the last may have been filled up."""
    shape = call.first.shape
    shape = shape and (shape[0], call.number("channels", shape[1]), *shape[2:])
    return call.step("slice", call.reads(0), channels_last(shape) if _is_last(call) else shape)


def _is_last(call: Call) -> bool:
    return bool(call.number("channels_last", 0))


def _upsampled(call: Call) -> Step:
    sizes = zip(call.first.shape or (), call.attributes.get("scales", ()), strict=False)
    return call.step("resize", call.reads(0), tuple(size * scale for size, scale in sizes) or None)


def _biased(op: str) -> Callable[[Call], Step]:
    def biased(call: Call) -> Step:
        return call.step(op, [call.plus(call.first, call.operand(1))], call.first.shape)

    return biased


def _product_and_gelu(call: Call) -> Step:
    found = product(0, 1, 2)(call)
    return call.step("gelu", [found], found.shape)


def _split_gelu(call: Call) -> Step:
    """Half of the channels times the GELU of the other half, with a bias before."""
    total = call.plus(call.first, call.operand(1))
    half = (total.shape or (0,))[-1] // 2
    first, second = call.cut(total, [half, half])
    gate = call.step("gelu", [second], second.shape)
    return call.step("multiply", [first, gate], first.shape)


def _sum(call: Call) -> Step:
    return call.plus(call.plus(call.first, call.operand(1)), call.operand(2))


def _skip_norm(op: str, bias: int) -> Callable[[Call], list[Step | None]]:
    """A residual connection and the norm behind it; the sum is the fourth output."""

    def skip_norm(call: Call) -> list[Step | None]:
        total = call.plus(call.plus(call.first, call.operand(bias)), call.operand(1))
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
        total = call.plus(total, call.step("gather", [kinds, segments], shape))
    if positions is not None:
        total = call.plus(total, call.step("slice", [positions], shape[-2:]))
    for step in (words, positions, kinds, scale, shift):
        trained(step)
    weights = [step for step in (scale, shift) if step is not None]
    return [_norm(call, "layer_norm", total, weights), None, total]


def _skip_group_norm(call: Call) -> list[Step]:
    """A residual connection and the group norm behind it; the sum is the second output."""
    total = call.plus(call.plus(call.first, call.operand(4)), call.operand(3))
    return [_grouped_norm(call, total), total]


def _grouped_norm(call: Call, step: Step) -> Step:
    """A group norm, with SiLU behind it perhaps."""
    weights = [weight for weight in map(trained, (call.operand(1), call.operand(2))) if weight is not None]
    norm = call.step("group_norm", [step, *weights], step.shape, groups=call.number("groups", 1))
    return call.step("silu", [norm], norm.shape) if call.number("activation", 0) else norm


CONTRIB: dict[str, Callable[[Call], Any]] = {
    "Conv": _blocked_conv,
    "FusedConv": _fused_conv,
    "NhwcConv": _nhwc_conv,
    "NhwcFusedConv": _fused_conv_of_channels_last,
    "NhwcMaxPool": of_channels_last(pool("max_pool")),
    "ReorderInput": _to_blocks,
    "ReorderOutput": _from_blocks,
    "Upsample": _upsampled,
    "FusedGemm": lambda call: call.activated(linear(call)),
    "FusedMatMul": product(0, 1),
    "TransposeMatMul": product(0, 1),
    "FusedMatMulActivation": product(0, 1),
    "GemmFastGelu": _product_and_gelu,
    "MoE": experts(2, 4, 6),
    "QMoE": experts(2, 5, 8, scales=1),
    "Gelu": _biased("gelu"),
    "FastGelu": _biased("gelu"),
    "BiasGelu": _biased("gelu"),
    "QuickGelu": times_sigmoid(1.702),
    "BiasSplitGelu": _split_gelu,
    "BiasSoftmax": _biased("softmax"),
    "BiasAdd": _sum,
    "BiasDropout": _sum,
    "SkipLayerNormalization": _skip_norm("layer_norm", 4),
    "SkipSimplifiedLayerNormalization": _skip_norm("rms_norm", 3),
    "EmbedLayerNormalization": _embed,
    "QEmbedLayerNormalization": _embed,  # scales and zero points stand behind the same operands
    "GroupNorm": lambda call: _grouped_norm(call, call.first),
    "SkipGroupNorm": _skip_group_norm,
    "RotaryEmbedding": lambda call: call.step("rotary", call.reads(0, 2, 3), call.first.shape),
    "Attention": projected_attention,
    "MultiHeadAttention": multi_head_attention,
    "DecoderMaskedMultiHeadAttention": lambda call: multi_head_attention(call, 10, 5, (3, 4)),
    "GroupQueryAttention": grouped_attention,
    **QUANTISED_CONTRIB,
}
