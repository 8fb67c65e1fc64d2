"""aten operators that stand for several steps, as other sources write them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import prod
from operator import itemgetter
from typing import Any, NamedTuple

from graf.sources.network.costs import GATES
from graf.sources.network.einsum import products
from graf.sources.network.step import Step, constant
from graf.sources.pytorch.settings import SETTINGS

__all__ = ["COMPOSED", "Details"]

Bound = Mapping[str, Any]


class Details(NamedTuple):
    """What steps take over from the call that they stand for."""

    shape: tuple[int, ...] | None
    name: str
    module: str
    itemsize: int

    def step(self, op: str, reads: list[Step], **settings: Any) -> Step:
        """A step of this shape, name and place."""
        return Step(op, reads, self.shape, self.name, self.module, self.itemsize, settings)


def _recurrent(op: str, bound: Bound, details: Details) -> Step:
    """One step per layer, each reading the one before."""
    weights: list[Step] = bound["params"]
    n_layers = bound["num_layers"]
    per_layer = len(weights) // n_layers
    states = _states(bound)
    last = bound["input"] if "input" in bound else bound["data"]  # packed: of several lengths
    for layer in range(n_layers):
        own = weights[layer * per_layer : (layer + 1) * per_layer]
        hidden, state = _widths(own[1], GATES[op])
        last = details.step(
            op,
            [last, *own, *(states if layer == 0 else [])],
            hidden=hidden,
            projected=state if state < hidden else 0,
            bidirectional=bool(bound["bidirectional"]),
            **_axes(bound, details),
        )
    return last


def _axes(bound: Bound, details: Details) -> dict[str, int]:
    """Channels and positions of several sequences, whichever axis comes first."""
    shape = details.shape or ()
    if len(shape) != 3:
        return {}
    return {"channels": shape[2], "sequence": shape[1 if bound["batch_first"] else 0]}


def _states(bound: Bound) -> list[Step]:
    """What a recurrent layer knows of earlier times."""
    return list(bound["hx"]) if isinstance(bound["hx"], (tuple, list)) else [bound["hx"]]


def _cell(op: str, bound: Bound, details: Details) -> Step:
    """A recurrent layer for one time."""
    own = [bound[name] for name in ("w_ih", "w_hh", "b_ih", "b_hh") if bound.get(name) is not None]
    hidden, _ = _widths(own[1], GATES[op])
    return details.step(op, [bound["input"], *own, *_states(bound)], hidden=hidden)


def _widths(weight: Step, n_gates: int) -> tuple[int, int]:
    """Numbers of hidden units and of what they give to the next time, by the weight between them."""
    rows, columns = weight.shape or (0, 0)
    return rows // n_gates, columns


def _bilinear(bound: Bound, details: Details) -> Step:
    """Both inputs times a weight, one after the other, and a bias."""
    first, second, weight = bound["input1"], bound["input2"], bound["weight"]
    shape = (*(first.shape or ())[:-1], *(weight.shape or ())[::2])
    half = details._replace(shape=shape).step("linear", [first, weight])
    product = details.step("matmul", [half, second])
    return product if bound.get("bias") is None else details.step("add", [product, bound["bias"]])


def _conv_tbc(bound: Bound, details: Details) -> Step:
    """A convolution of a sequence whose positions come first and whose channels come last."""

    def turned(step: Step, *axes: int) -> Step:
        shape = step.shape and tuple(step.shape[axis] for axis in axes)
        return details._replace(shape=shape).step("transpose", [step])

    x, weight = turned(bound["self"], 1, 2, 0), turned(bound["weight"], 2, 1, 0)
    times, n, channels = details.shape or (0, 0, 0)
    conv = details._replace(shape=(n, channels, times)).step("conv", [x, weight, bound["bias"]], stride=(1,))
    return details.step("transpose", [conv])


def _expanded(bound: Bound, details: Details) -> list[Step]:
    """Several tensors, each brought to the shape that all have."""
    return [details.step("expand", [tensor]) for tensor in bound["tensors"]]


def _meshgrid(bound: Bound, details: Details) -> list[Step]:
    """Several vectors, each along an axis of its own, brought to the shape that all have."""
    last, is_swapped = len(bound["tensors"]) - 1, bound.get("indexing") == "xy"
    found = []
    for i, tensor in enumerate(bound["tensors"]):
        axis = 1 - i if is_swapped and i < 2 else i
        line = details._replace(shape=(*(1,) * axis, tensor.size, *(1,) * (last - axis)))
        found.append(details.step("expand", [line.step("reshape", [tensor])]))
    return found


def _glu(bound: Bound, details: Details) -> Step:
    """Half of the channels times the sigmoid of the other half."""
    halves = [details.step("slice", [bound["self"]]) for _ in range(2)]
    return details.step("multiply", [halves[0], details.step("sigmoid", [halves[1]])])


def _as_complex(bound: Bound, details: Details) -> Step:
    """Pairs of numbers as complex ones; products with these turn the pairs (`graf.sources.network.rotary`)."""
    return details.step("reshape", [bound["self"]], complex=True)


def _std(bound: Bound, details: Details) -> Step:
    return details.step("sqrt", [details.step("variance", [bound["self"]], **SETTINGS["variance"](bound))])


def _baddbmm(bound: Bound, details: Details, **settings: str) -> Step:
    product = details.step("matmul", [bound["batch1"], bound["batch2"]], **settings)
    return product if bound.get("beta") == 0 else details.step("add", [bound["self"], product])


def _experts(bound: Bound, details: Details) -> Step:
    """Rows times the weights of the expert that each belongs to; where the rows of each end is no operand."""
    rows, weights, *_ = bound.values()
    return details.step("matmul", [rows, weights])


def _einsum(bound: Bound, details: Details) -> Step:
    def make(op: str, reads: list[Step], shape: tuple[int, ...] | None, **settings: str) -> Step:
        own = details if shape is None else details._replace(shape=shape)
        return own.step(op, reads, **settings)

    return products(bound["equation"], bound["tensors"], make)


def _multi_dot(bound: Bound, details: Details) -> Step:
    (matrices,) = bound.values()
    return _chain(matrices, details)[1]


def _chain(matrices: Sequence[Step], details: Details) -> tuple[int, Step]:
    """The product of several matrices in the order with the fewest multiply-adds, and their number."""
    if len(matrices) == 1:
        return 0, matrices[0]
    ways = []
    for i in range(1, len(matrices)):
        (before, first), (after, second) = _chain(matrices[:i], details), _chain(matrices[i:], details)
        columns = (second.shape or ())[1:]
        product = details._replace(shape=((first.shape or ())[:-1] + columns)).step("matmul", [first, second])
        ways.append((before + after + first.size * prod(columns), product))
    return min(ways, key=itemgetter(0))


def _cross(bound: Bound, details: Details) -> Step:
    """Each coordinate of one vector times the next but one of the other, less those the other way round."""
    operands = [bound["self"], bound["other"]]
    products = [
        details.step("multiply", [details.step("roll", [operand]) for operand in operands]) for _ in range(2)
    ]
    return details.step("subtract", products)


def _added(op: str, bound: Bound, details: Details) -> Step:
    """A product or quotient of two tensors that is added to a third."""
    return details.step("add", [bound["self"], details.step(op, [bound["tensor1"], bound["tensor2"]])])


def _sample(bound: Bound, details: Details) -> Step:
    """Random numbers depend on the tensors that tell their chances, not on one that tells their shape."""
    told = [bound[name] for name in ("p", "mean", "std") if name in bound] or [bound["self"]]
    return details.step("sample", [tensor for tensor in told if isinstance(tensor, Step)])


COMPOSED: dict[str, Callable[[Bound, Details], Step | list[Step]]] = {
    **{op: partial(_recurrent, op) for op in GATES},
    "lstm_cell": partial(_cell, "lstm"),
    "gru_cell": partial(_cell, "gru"),
    "rnn_tanh_cell": partial(_cell, "rnn"),
    "rnn_relu_cell": partial(_cell, "rnn"),
    "bilinear": _bilinear,
    "conv_tbc": _conv_tbc,
    "std": _std,
    "broadcast_tensors": _expanded,
    "meshgrid": _meshgrid,
    "copy": lambda bound, details: details.step("identity", [bound["src"]]),
    "view_as_complex": _as_complex,
    "glu": _glu,
    "square": lambda bound, details: details.step("power", [bound["self"], constant(2)]),
    "rsqrt": lambda bound, details: details.step("reciprocal", [details.step("sqrt", [bound["self"]])]),
    "baddbmm": _baddbmm,
    "addbmm": partial(_baddbmm, equation="bij,bjk->ik"),
    "_grouped_mm": _experts,
    "transformers_grouped_mm_fallback": _experts,
    "einsum": _einsum,
    "linalg_multi_dot": _multi_dot,
    "chain_matmul": _multi_dot,
    "cross": _cross,
    "linalg_cross": _cross,
    "addcmul": partial(_added, "multiply"),
    "addcdiv": partial(_added, "divide"),
    "sample": _sample,
}
