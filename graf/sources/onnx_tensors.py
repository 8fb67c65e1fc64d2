"""Weights and constants from the tensors of an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import SparseTensorProto, TensorProto, TypeProto
from onnx.helper import make_tensor

from graf.exceptions import GraphError
from graf.sources.network.constants import hides_later_positions
from graf.sources.network.step import Step
from graf.sources.onnx_types import itemsize_of, shape_of, tensor_type
from graf.sources.onnx_values import content_of

__all__ = ["FEW", "Tensor", "Tensors", "constant_of"]

Tensor = TensorProto | SparseTensorProto
FLOATS = {
    getattr(TensorProto, name)
    for name in ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "COMPLEX64", "COMPLEX128")
} | {number for name, number in TensorProto.DataType.items() if name.startswith("FLOAT8")}
FEW = 4096  # elements of a constant whose content is kept
MANY = 2**22  # elements of a tensor whose content is looked at
MASKING = ("Add", "Sub", "Mul", "Where", "Max", "Min", "And")
STATES = 4  # operands of a recurrent layer behind it are its first states
SHORTEST_WAVE, WAVE_ERROR = 6, 1e-3
HIDDEN = -1e4  # a score below it hides what it is added to


class Tensors:
    """The leaves of a network: what is trained, and what is not.

    A tensor of two or more floating-point numbers is a weight; so is any that an operator takes as
    its weight. A table of zeros and one other, or very negative numbers is a mask, and no weight.

    Exporters write equal tensors once. A tensor whose elements are all equal, as those of
    untrained norms and biases are, is therefore a weight of its own for each module that reads it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.of: dict[int, TensorProto] = {}
        self.uniform: dict[int, bool] = {}
        self.owners: dict[int, str] = {}
        self.tables: list[Step] = []
        self.copies: dict[tuple[int, str], Step] = {}

    def leaf(self, tensor: Tensor, name: str, in_node: bool = False) -> tuple[Step, TypeProto]:
        """The step and the type of a tensor; one in a node whose elements are all equal is no weight."""
        dense = tensor if isinstance(tensor, TensorProto) else tensor.values
        kind = tensor_type(dense.data_type, tensor.dims)
        shape = shape_of(kind) or ()
        size = prod(shape)
        trained = dense.data_type in FLOATS and size > 1
        step = Step("weight" if trained else "constant", shape=shape, name=name, itemsize=itemsize_of(kind))
        if dense is tensor:
            self.of[id(step)] = tensor
        if not trained and size <= FEW:
            step.value = self._content(step)
        if in_node and trained and self._is_uniform(step):
            step.op = "constant"
        if not trained:
            self._describe(step)
        return step, kind

    def settle(self, op_type: str, operands: Sequence[Step | None]) -> None:
        """Make constants of operands of a node that are no weights: masks, tables of waves, sizes, states."""
        for i, step in enumerate(operands):
            if step is None or step.op != "weight" or id(step) not in self.of:
                continue
            if op_type == "Gather" and i == 0:
                self.tables.append(step)
            elif op_type in ("MatMul", "Gemm") and i == 1:
                self._tie(step)
            elif op_type == "Add":
                self._gather_back(step)
            if (
                (op_type in MASKING and (self._is_mask(step) or self._is_wave(step)))
                or (op_type in ("Resize", "Upsample") and i > 0)
                or (op_type in ("LSTM", "GRU", "RNN") and i > STATES and self._is_uniform(step))
            ):
                step.op = "constant"
                step.value = self._content(step) if step.size <= FEW else None
                self._describe(step)

    def _describe(self, step: Step) -> None:
        """Say of a constant whether it is a mask of later positions."""
        content = self._content(step) if len(step.shape or ()) > 1 else None
        step.settings["triangular"] = content is not None and hides_later_positions(content)

    def own(self, step: Step, owner: str) -> Step:
        """The weight itself, or the module's own copy of one that was written once for many."""
        if id(step) not in self.of or step.op != "weight":
            return step
        if self.owners.setdefault(id(step), owner) == owner:
            return step
        if id(step) not in self.uniform:
            self.uniform[id(step)] = self._is_uniform(step)
        if not self.uniform[id(step)]:
            return step
        key = (id(step), owner)
        if key not in self.copies:
            self.copies[key] = Step("weight", shape=step.shape, name=step.name, itemsize=step.itemsize)
        return self.copies[key]

    def _tie(self, step: Step) -> None:
        """Let a weight be an embedding's if it is a transposed copy of it."""
        for table in self.tables:
            if table.shape == (step.shape or ())[::-1] and table is not step and step.op == "weight":
                content, own = self._content(table), self._content(step)
                if content is not None and own is not None and np.array_equal(content.T, own):
                    step.become("transpose", [table])

    def _gather_back(self, step: Step) -> None:
        """Let a bias between positions be what was gathered from a smaller table of distances."""
        n_heads, n, m = (0, 0, 0, *(step.shape or ()))[-3:]
        content = self._content(step) if n == m > 1 and step.size == n_heads * n * m else None
        if content is None:
            return
        distinct = np.unique(content.reshape(n_heads, -1), axis=1).shape[1]
        if 2 * distinct < n * m:
            table = Step("weight", shape=(distinct, n_heads), name=step.name, itemsize=step.itemsize)
            step.become("slice", [table])

    def _is_mask(self, step: Step) -> bool:
        content = self._content(step)
        if content is None or content.ndim < 2:
            return False
        other = content.flat[np.argmax(np.abs(content))]
        if not np.all((content == 0) | (content == other) | (content < HIDDEN)):
            return False
        return bool(np.any(content == 0)) and (content.shape[-1] == content.shape[-2] or other != 0)

    def _is_wave(self, step: Step) -> bool:
        """Whether every column is a sine or cosine of the position: x[t + 1] + x[t - 1] = 2 cos(w) x[t]."""
        content = self._content(step)
        if content is None or content.ndim < 2 or content.shape[-2] < SHORTEST_WAVE or np.ptp(content) < 1:
            return False
        table = content.astype(np.float64)
        middle, sides = table[..., 1:-1, :], table[..., 2:, :] + table[..., :-2, :]
        norm = np.square(middle).sum(-2, keepdims=True)
        slope = (middle * sides).sum(-2, keepdims=True) / np.where(norm == 0, 1, norm)
        return bool(np.all(np.abs(table) < 2) and np.all(np.abs(sides - slope * middle) < WAVE_ERROR))

    def _is_uniform(self, step: Step) -> bool:
        content = self._content(step)
        return content is not None and bool(np.all(content == content.flat[0]))

    def _content(self, step: Step) -> NDArray[Any] | None:
        tensor = self.of.get(id(step))
        limit = FEW if tensor is not None and tensor.data_location == tensor.EXTERNAL else MANY
        return content_of(tensor, self.folder) if tensor is not None and 0 < step.size <= limit else None


def constant_of(attributes: Mapping[str, Any]) -> Tensor:
    """The tensor of a `Constant` node, which holds it in one of several forms."""
    name, value = next(iter(attributes.items()), ("value", None))
    if value is None:
        raise GraphError("it holds no value")
    if name in ("value", "sparse_value"):
        return value
    kinds = {"f": TensorProto.FLOAT, "i": TensorProto.INT64, "s": TensorProto.STRING}
    values = value if isinstance(value, list) else [value]
    kind = kinds[name.removeprefix("value_")[0]]
    return make_tensor("", kind, [len(values)] if isinstance(value, list) else [], values)
