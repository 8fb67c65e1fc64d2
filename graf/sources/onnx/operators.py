"""What ONNX operators become: the steps of each, with the settings that PyTorch's have as well."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graf.exceptions import InputError
from graf.sources.network.einsum import products
from graf.sources.network.step import Step, constant, is_fixed
from graf.sources.onnx.call import Call, trained
from graf.sources.onnx.recurrent import concat, recurrent

__all__ = ["OPERATORS", "after_past", "attend", "convolution", "linear"]

Settings = dict[str, Any]


def convolution(call: Call, x: int = 0, w: int = 1, b: int = 2, transposed: bool = False) -> Step:
    """A convolution whose operands stand at the given positions."""
    data, weight = call.operand(x), trained(call.operand(w))
    if data is None or weight is None:
        raise InputError("a convolution needs an input and a weight")
    trained(call.operand(b))
    shape, groups = weight.shape or (), call.number("group", 1)
    rank = len(shape)
    if rank < 3 or any(known is not None and len(known) != rank for known in (data.shape, call.shape)):
        raise InputError(f"a weight of shape {weight.shape} does not fit an input of shape {data.shape}")
    n_in = shape[0] if transposed else shape[1] * groups
    if data.shape is not None and data.shape[1] != n_in:
        raise InputError(f"it needs {n_in} channels, but its input has shape {data.shape}")
    _check_places(call, data)
    return call.step(
        "conv_transpose" if transposed else "conv",
        call.reads(x, w, b),
        stride=_counts(call, "strides", rank - 2),
        dilation=_counts(call, "dilations", rank - 2),
        groups=groups,
        transposed=transposed,
    )


def _check_places(call: Call, data: Step) -> None:
    """Raise `InputError` if a kernel stands nowhere on its input."""
    if data.size and call.shape is not None and 0 in call.shape:
        raise InputError(f"its kernel is larger than its input of shape {data.shape}")


def _deformable(call: Call) -> Step:
    """A convolution whose positions another tensor shifts, and perhaps a third one weighs."""
    found = convolution(call, b=3)
    found.reads += call.reads(2, 4)
    return found


def _counts(call: Call, name: str, n: int) -> tuple[int, ...]:
    """An attribute with a positive number for each of n axes, ones by default."""
    given = tuple(call.attributes.get(name, [1] * n))
    if len(given) != n or any(count < 1 for count in given):
        raise InputError(f"`{name}` must hold {n} positive numbers, got {given!s:.60}")
    return given


def _pool(op: str) -> Callable[[Call], Step]:
    def pool(call: Call) -> Step:
        n = len(call.attributes["kernel_shape"])
        _check_places(call, call.first)
        return call.step(
            op,
            call.reads(0),
            kernel=_counts(call, "kernel_shape", n),
            stride=_counts(call, "strides", n),
            dilation=_counts(call, "dilations", n),
        )

    return pool


def _global_lp_pool(call: Call) -> Step:
    return call.step("lp_pool", call.reads(0), kernel=(call.first.shape or ())[2:])


def _global_avg_pool(call: Call) -> Step:
    """A mean over all positions, which some write for one over the channels that stand last."""
    axes = tuple(range(2, call.rank()))
    return call.step("mean" if axes else "global_avg_pool", call.reads(0), axes=axes, keepdims=True)


def linear(call: Call, x: int = 0, w: int = 1, b: int = 2) -> Step:
    """A product of matrices, transposed or not, and a bias."""
    data, weight = call.operand(x), call.operand(w)
    if data is None or weight is None:
        raise InputError("a product needs two operands")
    trained(weight)
    bias, n_out = call.operand(b), (call.shape or (0,))[-1]
    if bias is not None and (bias.size > 1 or (bias.size == n_out and call.attributes.get("beta", 1))):
        trained(bias)
    if call.number("transA", 0):
        data = call.step("transpose", [data], (data.shape or ())[::-1])
    return call.step("linear", [data, weight, *call.reads(b)])


def _normalised(op: str, *positions: int, axes: bool = False) -> Callable[[Call], Step]:
    def normalised(call: Call) -> Step:
        scales = call.reads(*positions[1:])
        for step in scales:
            if step.size == 1 or not step.name:  # filled in, as in files that leave their weights out
                trained(step)
        own = [step for step in scales if step.op != "constant"]  # ones and zeros of a norm without weights
        settings = {"axes": _from_axis(call)} if axes else {}
        return call.step(op, [*call.reads(0), *own], **settings)

    return normalised


def _from_axis(call: Call) -> tuple[int, ...]:
    n = call.rank()
    axis = call.number("axis", -1)
    return tuple(range(axis + n if axis < 0 else axis, n))


def _group_norm(call: Call) -> Step:
    return call.step("group_norm", call.reads(0, 1, 2), groups=call.number("num_groups", 1))


def _lp_norm(call: Call) -> Step:
    """Over the Euclidean length, or over the sum of absolute values in two steps, as PyTorch writes it."""
    vector, n = call.reads(0), call.rank()
    axes = (call.number("axis", -1) % n,) if n else None
    if call.number("p", 2) == 2:
        return call.step("l2_norm", vector, axes=axes)
    shape = call.shape and tuple(1 if axes == (i,) else size for i, size in enumerate(call.shape))
    return call.step("divide", [*vector, call.step("norm", vector, shape, order=1, axes=axes)])


def _along(op: str, default: int | None = None) -> Callable[[Call], Step]:
    def along(call: Call) -> Step:
        first = default if default is not None else (-1 if call.version > 12 else 1)
        return call.step(op, call.reads(), axis=call.number("axis", first))

    return along


def _reduction(op: str, **settings: Any) -> Callable[[Call], Step]:
    def reduction(call: Call) -> Step:
        n, axes = call.rank(), call.numbers(1, "axes")
        if not axes and call.number("noop_with_empty_axes", 0):
            return call.step("identity", call.reads(0))
        given = axes or range(n)
        return call.step(
            op,
            call.reads(0),
            axes=tuple(axis % n if n else 0 for axis in given),
            keepdims=bool(call.number("keepdims", 1)),
            **settings,
        )

    return reduction


def _log_sum(call: Call) -> Step:
    return call.step("log", [_reduction("sum")(call)])


def _clip(call: Call) -> Step:
    bounds: Settings = {}
    for i, name in ((1, "min"), (2, "max")):
        step = call.operand(i)
        bounds[name] = call.attributes.get(name) if step is None else step.scalar
        if bounds[name] is not None and abs(bounds[name]) > 1e30:  # the default before opset 11
            bounds[name] = None
    return call.step("clamp", call.reads(0), **bounds)


def _several(op: str) -> Callable[[Call], Step]:
    """Operators that take any number of operands."""

    def several(call: Call) -> Step:
        reads = call.reads()
        return call.step(op if len(reads) > 1 else "identity", reads)

    return several


def _mean(call: Call) -> Step:
    total = _several("add")(call)
    return total if total.op == "identity" else call.step("divide", [total, constant(len(total.reads))])


def _split(call: Call) -> list[Step]:
    return [
        call.step("slice", call.reads(0), shape, index=index, axis=call.number("axis", 0))
        for index, shape in enumerate(call.shapes)
    ]


def _prelu(call: Call) -> Step:
    trained(call.operand(1))
    return call.step("prelu", call.reads())


def _einsum(call: Call) -> Step:
    equation, operands = call.attributes["equation"], call.reads()
    if len(operands) != equation.count(",") + 1:
        raise InputError(f"the equation {equation!r:.80} is not for {len(operands)} operands")
    return products(equation, operands, call.step)


def _quantised_product(call: Call) -> Step:
    """A product of integer matrices with scales and zero points beside them."""
    trained(call.operand(3))
    return call.step("matmul", call.reads(0, 3))


def _integer_product(call: Call) -> Step:
    trained(call.operand(1))
    return call.step("matmul", call.reads(0, 1))


def _dequantised(call: Call) -> Step:
    """A weight, or the number that an integer, a scale and a zero point stand for."""
    number, scale, zero = call.first.scalar, call.operand(1), call.operand(2)
    if call.first.size > 1:
        trained(call.operand(0))
    if number is None or scale is None or scale.scalar is None:
        return call.step("cast", call.reads(0))
    found = call.step("constant", [])
    found.value = np.array((number - ((zero and zero.scalar) or 0)) * scale.scalar)
    return found


def _dynamically_quantised(call: Call) -> list[Step]:
    """Integers, their scale and their zero point; `_multiply` drops products with the scale."""
    return [call.step("cast", call.reads(0)), *(call.step("constant", [], (), scale=True) for _ in range(2))]


def _multiply(call: Call) -> Step:
    scales = [step for step in call.reads() if step.settings.get("scale")]
    others = [step for step in call.reads() if not step.settings.get("scale")]
    if not scales:
        return call.step("multiply", call.reads())
    if not others or is_fixed(others[0]):
        return call.step("constant", [], scale=True)
    return call.step("cast", others)


def attend(
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


def _with_heads(call: Call, step: Step, heads: int) -> Step:
    if step.shape is None or len(step.shape) != 3 or heads < 1:
        return step
    batch, length, channels = step.shape
    apart = call.step("reshape", [step], (batch, length, heads, channels // heads))
    return call.step("transpose", [apart], (batch, heads, length, channels // heads))


def _attention(call: Call) -> list[Step | None]:
    query, key, value = call.reads(0, 1, 2)
    heads = call.number("q_num_heads", 0) or (query.shape or (1, 1))[1]
    kv_heads = call.number("kv_num_heads", 0) or (key.shape or (1, 1))[1]
    keys, values = (
        after_past(call, past, step, kv_heads)
        for step, past in ((key, call.operand(4)), (value, call.operand(5)))
    )
    causal = bool(call.number("is_causal", 0))
    return [attend(call, [query, keys, values], call.reads(3), heads, kv_heads, causal), keys, values]


def after_past(call: Call, past: Step | None, step: Step, heads: int) -> Step:
    """Keys or values after those of earlier tokens, if there are any."""
    if past is None:
        return step
    step = _with_heads(call, step, heads)
    if past.shape is None or step.shape is None:
        return call.step("concat", [past, step])
    shape = (*step.shape[:2], past.shape[2] + step.shape[2], step.shape[3])
    return call.step("concat", [past, step], shape)


def _sequence_at(call: Call) -> Step:
    """One of the parts of a sequence; itself if it is known which."""
    parts, index = call.first.settings.get("parts"), call.operand(1)
    if parts and index is not None and index.scalar is not None and abs(index.scalar) < len(parts):
        return parts[int(index.scalar)]
    return call.step("slice", call.reads(0))


def _sequence(call: Call) -> Step:
    return call.step("identity", call.reads(), (), parts=call.reads())


def _split_to_sequence(call: Call) -> Step:
    """Parts of one length are known; others are not."""
    data, axis = call.first, call.number("axis", 0)
    lengths = call.numbers(1, "split")
    if data.shape is None or not data.shape or (lengths is None and call.operand(1) is not None):
        return call.step("slice", call.reads(0))
    size = data.shape[axis]
    if lengths is None or (len(lengths) == 1 and (call.operand(1) or data).shape == ()):
        each = lengths[0] if lengths else 1
        lengths = (*[each] * (size // each), *([size % each] if size % each else []))
    axis %= len(data.shape)
    shapes = [(*data.shape[:axis], length, *data.shape[axis + 1 :]) for length in lengths[:1000]]
    parts = [call.step("slice", [data], shape) for shape in shapes]
    return call.step("slice", [data], data.shape, parts=parts)


def _joined_sequence(call: Call) -> Step:
    parts = call.first.settings.get("parts") or call.reads(0)
    shapes = [part.shape for part in parts if part.shape]
    if call.shape is not None or len(shapes) < len(parts):
        return call.step("concat", parts)
    axis, shape = call.number("axis", 0), list(shapes[0])
    if call.number("new_axis", 0):
        shape.insert(axis if axis >= 0 else axis + len(shape) + 1, len(parts))
    else:
        shape[axis] = sum(each[axis] for each in shapes)
    return call.step("concat", parts, tuple(shape))


OPERATORS: dict[str, Callable[[Call], Any]] = {
    "Conv": convolution,
    "ConvTranspose": lambda call: convolution(call, transposed=True),
    "DeformConv": _deformable,
    "ConvInteger": lambda call: convolution(call, b=9),
    "QLinearConv": lambda call: convolution(call, 0, 3, 8),
    "Gemm": linear,
    "Einsum": _einsum,
    "MatMulInteger": _integer_product,
    "QLinearMatMul": _quantised_product,
    "MaxPool": _pool("max_pool"),
    "AveragePool": _pool("avg_pool"),
    "LpPool": _pool("lp_pool"),
    "GlobalLpPool": _global_lp_pool,
    "GlobalAveragePool": _global_avg_pool,
    "BatchNormalization": _normalised("batch_norm", 0, 1, 2),
    "InstanceNormalization": _normalised("instance_norm", 0, 1, 2),
    "LayerNormalization": _normalised("layer_norm", 0, 1, 2, axes=True),
    "RMSNormalization": _normalised("rms_norm", 0, 1, axes=True),
    "SimplifiedLayerNormalization": _normalised("rms_norm", 0, 1, axes=True),
    "GroupNormalization": _group_norm,
    "LpNormalization": _lp_norm,
    "MeanVarianceNormalization": _normalised("instance_norm", 0),
    "Softmax": _along("softmax"),
    "LogSoftmax": _along("log_softmax"),
    "Concat": concat,
    "Gather": _along("gather", 0),
    "Clip": _clip,
    "PRelu": _prelu,
    "Sum": _several("add"),
    "Max": _several("maximum"),
    "Min": _several("minimum"),
    "Mean": _mean,
    "Split": _split,
    "LSTM": recurrent("lstm"),
    "GRU": recurrent("gru"),
    "RNN": recurrent("rnn"),
    "Attention": _attention,
    "Mul": _multiply,
    "DequantizeLinear": _dequantised,
    "DynamicQuantizeLinear": _dynamically_quantised,
    "ReduceMean": _reduction("mean"),
    "ReduceSum": _reduction("sum"),
    "ReduceMax": _reduction("max"),
    "ReduceMin": _reduction("min"),
    "ReduceProd": _reduction("product"),
    "ReduceL1": _reduction("norm", order=1),
    "ReduceL2": _reduction("norm", order=2),
    "ReduceSumSquare": _reduction("sum_square"),
    "ReduceLogSumExp": _reduction("logsumexp"),
    "ReduceLogSum": _log_sum,
    "SequenceConstruct": _sequence,
    "SplitToSequence": _split_to_sequence,
    "SequenceAt": _sequence_at,
    "ConcatFromSequence": _joined_sequence,
}
