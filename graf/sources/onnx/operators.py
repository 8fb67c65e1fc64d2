"""What ONNX operators become: the steps of each, with the settings that PyTorch's have as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graf.exceptions import InputError
from graf.sources.network.einsum import products
from graf.sources.network.step import Step, constant, is_fixed
from graf.sources.onnx.attention import attention
from graf.sources.onnx.call import Call, made_of_integers, trained
from graf.sources.onnx.convolutions import convolution, deformable, global_avg_pool, global_lp_pool, pool
from graf.sources.onnx.products import linear, matmul
from graf.sources.onnx.quantised import QUANTISED, multiply
from graf.sources.onnx.recurrent import concat, recurrent
from graf.sources.onnx.sequences import SEQUENCES

__all__ = ["OPERATORS", "times_sigmoid"]


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


def _lp_norm(call: Call) -> Step:
    """Over the Euclidean length, or over the sum of absolute values in two steps, as PyTorch writes it."""
    vector, n = call.reads(0), call.rank()
    axes = (call.number("axis", -1) % n,) if n else None
    if call.number("p", 2) == 2:
        return call.step("l2_norm", vector, axes=axes)
    shape = call.shape and tuple(1 if axes == (i,) else size for i, size in enumerate(call.shape))
    return call.step("divide", [*vector, call.step("norm", vector, shape, order=1, axes=axes)])


def _reduction(op: str, **settings: Any) -> Callable[[Call], Step]:
    def reduction(call: Call) -> Step:
        n, axes = call.rank(), call.numbers(1, "axes")
        if not axes and call.number("noop_with_empty_axes", 0):
            return call.step("identity", call.reads(0))
        given = axes or range(n)
        return call.step(op, call.reads(0), axes=tuple(axis % n if n else 0 for axis in given), **settings)

    return reduction


def _clip(call: Call) -> Step:
    bounds: dict[str, Any] = {}
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


def _prelu(call: Call) -> Step:
    trained(call.operand(1))
    return call.step("prelu", call.reads())


def times_sigmoid(alpha: float) -> Callable[[Call], Step]:
    """A tensor times a sigmoid of it, which is SiLU where nothing multiplies it before, as `alpha` may."""

    def multiplied(call: Call) -> Step:
        op = "silu" if call.attributes.get("alpha", alpha) == 1 else "quick_gelu"
        return call.step(op, call.reads(0), call.first.shape)

    return multiplied


def _gather(call: Call) -> Step:
    """Rows of a table, which is trained if it is one of vectors of few bits and inputs tell the places."""
    places = call.operand(1)
    if call.rank() > 1 and places is not None and not is_fixed(places):
        made_of_integers(call.first)
    return call.step("gather", call.reads())


def _einsum(call: Call) -> Step:
    equation, operands = call.attributes["equation"], call.reads()
    if len(operands) != equation.count(",") + 1:
        raise InputError(f"the equation {equation!r:.80} is not for {len(operands)} operands")
    return products(equation, operands, call.step)


OPERATORS: dict[str, Callable[[Call], Any]] = {
    "Conv": convolution,
    "ConvTranspose": lambda call: convolution(call, transposed=True),
    "DeformConv": deformable,
    "Gemm": linear,
    "MatMul": matmul,
    "Einsum": _einsum,
    "MaxPool": pool("max_pool"),
    "AveragePool": pool("avg_pool"),
    "LpPool": pool("lp_pool"),
    "GlobalLpPool": global_lp_pool,
    "Gather": _gather,
    "GlobalAveragePool": global_avg_pool,
    "BatchNormalization": _normalised("batch_norm", 0, 1, 2),
    "InstanceNormalization": _normalised("instance_norm", 0, 1, 2),
    "LayerNormalization": _normalised("layer_norm", 0, 1, 2, axes=True),
    "RMSNormalization": _normalised("rms_norm", 0, 1, axes=True),
    "SimplifiedLayerNormalization": _normalised("rms_norm", 0, 1, axes=True),
    "GroupNormalization": lambda call: call.step(
        "group_norm", call.reads(0, 1, 2), groups=call.number("num_groups", 1)
    ),
    "LpNormalization": _lp_norm,
    "MeanVarianceNormalization": _normalised("instance_norm", 0),
    "Concat": concat,
    "Clip": _clip,
    "PRelu": _prelu,
    "Swish": times_sigmoid(1),
    "Sum": _several("add"),
    "Max": _several("maximum"),
    "Min": _several("minimum"),
    "Mean": _mean,
    "Split": lambda call: [call.step("slice", call.reads(0), shape) for shape in call.shapes],
    "LSTM": recurrent("lstm"),
    "GRU": recurrent("gru"),
    "RNN": recurrent("rnn"),
    "Attention": attention,
    "Mul": multiply,
    "ReduceMean": _reduction("mean"),
    "ReduceSum": _reduction("sum"),
    "ReduceMax": _reduction("max"),
    "ReduceMin": _reduction("min"),
    "ReduceProd": _reduction("product"),
    "ReduceL1": _reduction("norm", order=1),
    "ReduceL2": _reduction("norm", order=2),
    "ReduceSumSquare": _reduction("sum_square"),
    "ReduceLogSumExp": _reduction("logsumexp"),
    "ReduceLogSum": lambda call: call.step("log", [_reduction("sum")(call)]),
    **QUANTISED,
    **SEQUENCES,
}
