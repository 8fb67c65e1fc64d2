"""Products of matrices: of one layer, and of the layers of experts."""

from __future__ import annotations

from collections.abc import Callable

from graf.exceptions import InputError
from graf.sources.network.step import Step
from graf.sources.onnx.call import Call, made_of_integers, trained

__all__ = ["experts", "linear", "matmul", "product"]


def matmul(call: Call) -> Step:
    """A product of two tensors."""
    for step in call.reads():
        made_of_integers(step)
    return call.step("matmul", call.reads())


def linear(call: Call) -> Step:
    """A product of matrices, transposed or not, and a bias."""
    data, weight = call.operand(0), call.operand(1)
    if data is None or weight is None:
        raise InputError("a product needs two operands")
    trained(weight)
    bias, n_out = call.operand(2), (call.shape or (0,))[-1]
    if bias is not None and (bias.size > 1 or (bias.size == n_out and call.attributes.get("beta", 1))):
        trained(bias)
    if call.number("transA", 0):
        data = call.step("transpose", [data], (data.shape or ())[::-1])
    return call.step("linear", [data, weight, *call.reads(2)])


def product(first: int, second: int, bias: int | None = None) -> Callable[[Call], Step]:
    """A product of matrices, transposed or not, whose operands stand at the given positions."""

    def made(call: Call) -> Step:
        a, b = call.operand(first), call.operand(second)
        if a is None or b is None:
            raise InputError(f"{call.op_type} needs two operands")
        added = None if bias is None else call.operand(bias)
        for step in (b, added):
            if step is not None and step.size > 1:
                trained(step)
        a, b = _turned(call, a, "A"), _turned(call, b, "B")
        shape = call.shape
        if shape is None and a.shape and b.shape:
            shape = (*a.shape[:-1], b.shape[-1])
        found = call.step("matmul", [a, b], shape)
        return call.activated(call.plus(found, added))

    return made


def _turned(call: Call, step: Step, name: str) -> Step:
    """A factor whose rows stand before its batches, or behind its columns, if the attributes say so."""
    if call.number(f"transBatch{name}", 0):
        shape = step.shape or ()
        step = call.step("transpose", [step], (*shape[1:-1], *shape[:1], *shape[-1:]))
    if call.number(f"trans{name}", 0):
        shape = step.shape or ()
        step = call.step("transpose", [step], (*shape[:-2], *shape[-2:][::-1]))
    return step


def experts(first: int, last: int, gate: int, scales: int = 0) -> Callable[[Call], Step]:
    """MLPs of experts, of which each token meets the k that a router prefers.

    The weights of their layers stand at the given positions, behind each its scales, if any, and its bias.
    """

    def made(call: Call) -> Step:
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
            hidden, *gates = call.cut(hidden, [(hidden.shape or (0,))[-1] // 2] * 2)
        hidden = call.step("silu" if activation == "swiglu" else activation, [hidden], hidden.shape)
        found = layer(call.step("multiply", [hidden, *gates], hidden.shape) if gates else hidden, last)
        return call.step("sum", [call.step("multiply", [found, router], found.shape)], x.shape)

    return made


def _expert_layer(call: Call, read: Step, n_experts: int, weight: Step | None, bias: Step | None) -> Step:
    """One layer of all experts, of which each row meets one; several weights may stand in a byte."""
    *before, n_in = read.shape or (0,)
    if weight is None or not (weight.shape and weight.size and n_in):
        raise InputError("it needs the weights of its experts")
    n_out = weight.shape[1] if weight.itemsize == 1 else weight.size // (n_experts * n_in)
    weight.shape = (n_experts, n_out, n_in)
    return call.step("linear", [read, weight, *([] if bias is None else [bias])], (*before, n_out))
