"""Weights and constants from the tensors of an ONNX file."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import SparseTensorProto, TensorProto, TypeProto
from onnx.helper import make_tensor

from graf.exceptions import GraphError
from graf.sources.network.contents import described, is_mask, is_ramp, is_wave
from graf.sources.network.patterns import through
from graf.sources.network.step import Step
from graf.sources.onnx.names import is_constant, is_filled, is_made_up
from graf.sources.onnx.types import itemsize_of, shape_of, tensor_type
from graf.sources.onnx.values import content_of

__all__ = ["FEW", "FLOATS", "Tensor", "Tensors", "constant_of"]

Tensor = TensorProto | SparseTensorProto
FLOATS = {
    getattr(TensorProto, name)
    for name in ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "COMPLEX64", "COMPLEX128")
} | {number for name, number in TensorProto.DataType.items() if name.startswith("FLOAT8")}
SMALL_INTEGERS = {
    number for name, number in TensorProto.DataType.items() if re.fullmatch(r"U?INT[248]", name)
}
FEW = 4096  # elements of a constant whose content is kept
MANY = 2**22  # elements of a tensor whose content is looked at
TIED = 2**28  # elements of an embedding that is compared with a weight of its shape transposed
MASKING = ("Add", "Sub", "Mul", "Where", "Max", "Min", "And", "Equal")
GATHERING = ("Gather", "GatherND")
SCATTERING = ("Scatter", "ScatterElements", "ScatterND")
UNTRAINED = {  # operands that are waves, a window, or numbers for off and on
    "RotaryEmbedding": (1, 2, 3), "GroupQueryAttention": (7, 8), "STFT": (2,), "OneHot": (2,),
}  # fmt: skip
STATES = 4  # operands of a recurrent layer behind it are its first states


class Tensors:
    """The leaves of a network: what is trained, and what is not.

    A tensor of two or more floating-point numbers is a weight; so is any that an operator takes as
    its weight. A table of zeros and one other, or very negative numbers is a mask, and no weight; neither
    are slopes times distances, nor what an exporter names after an operator such as `zeros_like`, or says to
    be no parameter.

    Exporters write equal tensors once. A tensor whose elements are all equal, as those of
    untrained norms and biases are, is therefore a weight of its own for each node that reads it.

    Parameters
    ----------
    folder : where external data lies.
    of_nodes : whether tensors that PyTorch's older exporter calls constants may be weights, as where it
        finds no others.
    """

    def __init__(self, folder: Path, of_nodes: bool) -> None:
        self.folder = folder
        self.of_nodes = of_nodes
        self.trained: dict[str, bool] = {}
        self.of: dict[int, TensorProto] = {}
        self.uniform: dict[int, bool] = {}
        self.owners: dict[int, str] = {}
        self.looked_at: set[tuple[int, Any]] = set()
        self.tables: list[Step] = []
        self.copies: dict[tuple[int, str], Step] = {}
        self.of_functions: dict[Any, tuple[Step, TypeProto]] = {}

    def leaf(
        self, tensor: Tensor, name: str, in_node: bool = False, function: Any = None
    ) -> tuple[Step, TypeProto]:
        """The step and the type of a tensor; one in a node whose elements are all equal is no weight.

        All calls of a function read the same tensors of its own, unless attributes of the call give them.
        """
        if function is None:
            return self._leaf(tensor, name, in_node)
        key = function, name, sha256(tensor.SerializeToString()).digest()
        if key not in self.of_functions:
            self.of_functions[key] = self._leaf(tensor, name, in_node)
        return self.of_functions[key]

    def _leaf(self, tensor: Tensor, name: str, in_node: bool) -> tuple[Step, TypeProto]:
        dense = tensor if isinstance(tensor, TensorProto) else tensor.values
        kind = tensor_type(dense.data_type, tensor.dims)
        shape = shape_of(kind) or ()
        size = prod(shape)
        declared = False if not self.of_nodes and is_constant(name, in_node) else self.trained.get(name)
        trained = (size > 1 and not is_filled(name)) if declared is None else declared
        trained = trained and dense.data_type in FLOATS
        step = Step("weight" if trained else "constant", shape=shape, name=name, itemsize=itemsize_of(kind))
        if dense is tensor:
            self.of[id(step)] = tensor
        if not trained and size <= FEW:
            step.value = self._content(step)
        if in_node and trained and self._is_uniform(step):
            step.op = "constant"
        if not trained:
            step.settings["untrained"] = declared is False and dense.data_type in FLOATS
            self._describe(step)
            few_bits = dense.data_type in SMALL_INTEGERS and size > 1
            step.settings["integers"] = few_bits and not step.settings.get("triangular")
        return step, kind

    def settle(self, op_type: str, operands: Sequence[Step | None]) -> None:
        """Make constants of operands of a node that are no weights: masks, tables of waves, sizes, states.

        And weights of single numbers: a matrix, and what is added to a linear layer with one output.
        """
        if op_type == "MatMul" and len(operands) == 2:
            self._settle_number(operands[1], (1, 1))
        elif op_type == "Add" and len(operands) == 2:
            for layer, bias in (operands, operands[::-1]):
                if layer is not None and _is_linear(layer) and (layer.shape or (0,))[-1] == 1:
                    self._settle_number(bias, (1,), (1, 1))
        for i, operand in enumerate(operands):
            step = None if operand is None else through(operand)
            if operand is None or step is None or step.op != "weight" or id(step) not in self.of:
                continue
            if self._is_no_weight(op_type, i, step):
                step.op = "constant"
                step.value = self._content(step) if step.size <= FEW else None
                self._describe(step)
            elif op_type == "Gather" and i == 0:
                self.tables.append(step)
            elif op_type in ("MatMul", "Gemm") and i == 1:
                self._tie(step)
            elif op_type == "Add":
                self._settle_row(step)
                self._gather_back(step, operand.shape or ())

    def _is_no_weight(self, op_type: str, i: int, step: Step) -> bool:
        """Whether what a node reads in place `i` is a mask, waves or their angles, a size or a state."""
        return (
            (op_type in MASKING and self._is_table(step, is_mask, is_wave, is_ramp))
            or (op_type in GATHERING and i == 0 and self._is_table(step, is_wave))
            or (op_type in ("Sin", "Cos") and not self.trained.get(step.name))
            or i in UNTRAINED.get(op_type, ())
            or (op_type in ("Resize", "Upsample") and i > 0)
            or (op_type in ("LSTM", "GRU", "RNN") and i > STATES and self._is_uniform(step))
            or (op_type in SCATTERING and self._is_uniform(step))
            or (op_type.endswith("Normalization") and is_made_up(step.name) and self._is_uniform(step))
        )

    def _settle_number(self, step: Step | None, *shapes: tuple[int, ...]) -> None:
        """Make a weight of a number in a tensor of one of these shapes."""
        if step is not None and step.op == "constant" and step.shape in shapes and id(step) in self.of:
            step.op, step.value = "weight", None

    def _is_table(self, step: Step, *kinds: Callable[[NDArray[Any]], bool]) -> bool:
        """Whether a weight of two axes or more is a table of one of these kinds; each is looked at once."""
        if len(step.shape or ()) < 2 or (id(step), kinds) in self.looked_at:
            return False
        self.looked_at.add((id(step), kinds))
        content = self._content(step)
        return content is not None and any(is_kind(content) for is_kind in kinds)

    def _describe(self, step: Step) -> None:
        """Say of a constant what its content tells."""
        content = self._content(step) if len(step.shape or ()) > 1 else None
        step.settings |= {} if content is None else described(content)

    def own(self, operands: Sequence[Step | None], node: str) -> tuple[Step | None, ...]:
        """Operands of a node with its own copies of those that were written once for many.

        Matrices are told apart by the node, what stands beside a matrix by that matrix.
        """
        found = [step and self._own(step, node) if _is_matrix(step) else step for step in operands]
        given = [step for step in found if step is not None]
        before = [through(read) for step in given for read in step.reads]
        beside = next((str(id(step)) for step in (*given, *before) if _is_matrix(step)), node)
        return tuple(step if step is None or _is_matrix(step) else self._own(step, beside) for step in found)

    def _own(self, step: Step, owner: str) -> Step:
        if id(step) not in self.of or self.owners.setdefault(id(step), owner) == owner:
            return step
        if step.op != "weight":  # perhaps not yet, as a slope that is one number
            return step
        if id(step) not in self.uniform:
            self.uniform[id(step)] = self._is_uniform(step)
        if not self.uniform[id(step)]:
            return step
        key = (id(step), owner)
        if key not in self.copies:
            copy = Step("weight", shape=step.shape, name=step.name, itemsize=step.itemsize)
            self.copies[key], self.of[id(copy)] = copy, self.of[id(step)]
        return self.copies[key]

    def _tie(self, step: Step) -> None:
        """Let a weight be an embedding's if it is a transposed copy of it."""
        for table in self.tables:
            if table.shape == (step.shape or ())[::-1] and table is not step and step.op == "weight":
                content, own = self._content(table, TIED), self._content(step, TIED)
                if content is not None and own is not None and np.array_equal(content.T, own):
                    step.become("transpose", [table])

    def _settle_row(self, step: Step) -> None:
        """Let a table that repeats one row, as exporters write what is the same for all positions, be that row."""
        content = self._content(step) if len(step.shape or ()) > 1 else None
        if content is None:
            return
        rows = content.reshape(-1, content.shape[-1])
        if np.all(rows == rows[0]) and np.any(rows != rows[0, 0]):
            step.shape = (*[1] * (content.ndim - 1), len(rows[0]))

    def _gather_back(self, step: Step, shape: tuple[int, ...]) -> None:
        """Let a bias between n positions be what was gathered from a smaller table of distances."""
        n = shape[-1] if len(shape) > 2 and shape[-1] == shape[-2] > 1 else 0
        content = self._content(step) if n and step.size % n**2 == 0 else None
        if content is None:
            return
        n_heads = step.size // n**2
        by_last = content.shape[-1] == n_heads != n
        rows = content.reshape(-1, n_heads) if by_last else content.reshape(n_heads, -1).T
        distinct = len({row.tobytes() for row in rows})
        if 2 * distinct < n**2:
            table = Step("weight", shape=(distinct, n_heads), name=step.name, itemsize=step.itemsize)
            step.become("slice", [table])

    def _is_uniform(self, step: Step) -> bool:
        content = self._content(step)
        return content is not None and bool(np.all(content == content.flat[0]))

    def _content(self, step: Step, most: int = MANY) -> NDArray[Any] | None:
        tensor = self.of.get(id(step)) if step.size <= most else None
        return None if tensor is None else content_of(tensor, self.folder)


def _is_matrix(step: Step | None) -> bool:
    return step is not None and step.op == "weight" and len(step.shape or ()) > 1 and step.size > 1


def _is_linear(step: Step) -> bool:
    return step.op == "matmul" and any(through(read).op == "weight" for read in step.reads)


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
