"""Integers with scales and zero points in place of numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from graf.exceptions import InputError
from graf.sources.network.step import Step, is_fixed
from graf.sources.onnx.attention import projected_attention
from graf.sources.onnx.call import Call, trained
from graf.sources.onnx.convolutions import convolution, of_channels_last, pool
from graf.sources.onnx.products import product
from graf.sources.onnx.recurrent import recurrent

__all__ = ["QUANTISED", "QUANTISED_CONTRIB", "multiply"]


def _quantised_product(call: Call) -> Step:
    """A product of integer matrices with scales and zero points beside them."""
    trained(call.operand(3))
    return call.step("matmul", call.reads(0, 3))


def _integer_product(call: Call) -> Step:
    trained(call.operand(1))
    return call.step("matmul", call.reads(0, 1))


def _dequantised(call: Call) -> Step:
    """A weight, or the number that an integer, a scale and a zero point stand for."""
    (found,) = _numbers(call, 0)
    return found if found is not call.first else call.step("cast", [found])


def _numbers(call: Call, *positions: int) -> list[Step]:
    """Operands with their scales and zero points behind them: weights, masks, or the numbers that they stand for."""
    found = []
    for i in positions:
        step, scale, zero = map(call.operand, range(i, i + 3))
        if step is None:
            continue
        if step.size > 1 and not step.settings.get("triangular"):
            trained(step)
        if step.scalar is not None and scale is not None and scale.scalar is not None:
            number = (step.scalar - ((zero and zero.scalar) or 0)) * scale.scalar
            step = call.step("constant", [], step.shape)
            step.value = np.array(number)
        found.append(step)
    return found


def _dynamically_quantised(call: Call) -> list[Step]:
    """Integers, their scale and their zero point; `multiply` drops products with the scale."""
    return [call.step("cast", call.reads(0)), *(call.step("constant", [], (), scale=True) for _ in range(2))]


def multiply(call: Call) -> Step:
    """A product, which with the scale of `DynamicQuantizeLinear` is a cast."""
    scales = [step for step in call.reads() if step.settings.get("scale")]
    others = [step for step in call.reads() if not step.settings.get("scale")]
    if not scales:
        return call.step("multiply", call.reads())
    if not others or is_fixed(others[0]):
        return call.step("constant", [], scale=True)
    return call.step("cast", others)


def _packed_product(call: Call) -> Step:
    """A product with a weight of n rows and k columns of few bits each."""
    weight, n, k = call.operand(1), call.number("N", 0), call.number("K", 0)
    trained(weight)
    if weight is None or n < 1 or k < 1:
        raise InputError(f"it needs a weight of `N` rows and `K` columns, got {n} and {k}")
    weight.shape, weight.itemsize = (n, k), 1
    shape = (*(call.first.shape or ())[:-1], n)
    return call.step("linear", call.reads(0, 1, 5), shape)


def _packed_rows(call: Call) -> Step:
    """Rows of a table of few bits each, of which several may stand in a byte; each block has a scale."""
    table, places, scales = map(call.operand, range(3))
    if table is None or places is None or scales is None or not (table.shape and scales.shape):
        raise InputError("it needs a table and its scales of known shapes")
    trained(table)
    in_a_byte = 8 // call.number("bits", 4)
    room, width = scales.shape[-1] * call.number("block_size", 128), table.shape[-1]
    table.shape = (*table.shape[:-1], width * in_a_byte if width * in_a_byte <= room else width)
    return call.step("gather", [table, places], (*(places.shape or ()), table.shape[-1]))


def _quantised(op: str, *positions: int) -> Callable[[Call], Step]:
    """An operator with scales and zero points beside its operands."""

    def quantised(call: Call) -> Step:
        reads = _numbers(call, *positions)
        shapes = [step.shape for step in reads if step.shape is not None]
        return call.step(op, reads, np.broadcast_shapes(*shapes) if len(shapes) == len(reads) else None)

    return quantised


def _quantised_conv(call: Call) -> Step:
    return convolution(call, 0, 3, 8)


def _either(make: Callable[[Call], Step], w: int | None = None) -> Callable[[Call], Step]:
    """An operator of channels that stand second, or last if an attribute says so."""
    turned = of_channels_last(make, w)
    return lambda call: (turned if call.number("channels_last", 0) else make)(call)


def _quantised_concat(call: Call) -> Step:
    parts, axis = _numbers(call, *range(2, len(call.operands), 3)), call.number("axis", 0)
    shapes = [part.shape for part in parts if part.shape]
    if not parts or len(shapes) < len(parts):
        return call.step("concat", parts)
    shape = list(shapes[0])
    shape[axis] = sum(each[axis] for each in shapes)
    return call.step("concat", parts, tuple(shape))


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
    return [found, *(call.step("getitem", [found], state) for _ in range(2))]


QUANTISED: dict[str, Callable[[Call], Any]] = {
    "ConvInteger": lambda call: convolution(call, b=9),
    "QLinearConv": _quantised_conv,
    "MatMulInteger": _integer_product,
    "QLinearMatMul": _quantised_product,
    "DequantizeLinear": _dequantised,
    "DynamicQuantizeLinear": _dynamically_quantised,
}
QUANTISED_CONTRIB: dict[str, Callable[[Call], Any]] = {
    "DynamicQuantizeMatMul": product(0, 1, 4),
    "MatMulIntegerToFloat": product(0, 1, 6),
    "QLinearMatMul": product(0, 3),
    "QGemm": product(0, 3, 6),
    "MatMulNBits": _packed_product,
    "MatMulBnb4": _packed_product,
    "GatherBlockQuantized": _packed_rows,
    "DynamicQuantizeLSTM": _quantised_lstm,
    "QAttention": lambda call: projected_attention(call, past=8),
    "QLinearConv": _either(_quantised_conv, w=3),
    "QLinearAdd": _quantised("add", 0, 3),
    "QLinearMul": _quantised("multiply", 0, 3),
    "QLinearSigmoid": _quantised("sigmoid", 0),
    "QLinearLeakyRelu": _quantised("leaky_relu", 0),
    "QLinearSoftmax": _quantised("softmax", 0),
    "QLinearConcat": _quantised_concat,
    "QLinearAveragePool": _either(pool("avg_pool")),
    "QLinearGlobalAveragePool": _either(_quantised_pool),
}
