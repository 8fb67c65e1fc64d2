"""Weights and constants from the tensors of an ONNX file."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, TypeProto
from onnx.helper import make_tensor

from graf.sources.network.step import Step
from graf.sources.onnx_types import itemsize_of, shape_of, tensor_type
from graf.sources.onnx_values import content_of

__all__ = ["FEW", "Tensors", "constant_of"]

FLOATS = {
    getattr(TensorProto, name)
    for name in ("FLOAT", "DOUBLE", "FLOAT16", "BFLOAT16", "COMPLEX64", "COMPLEX128")
} | {number for name, number in TensorProto.DataType.items() if name.startswith("FLOAT8")}
FEW = 4096  # elements of a constant whose content is kept
MANY = 2**22  # elements of a tensor whose content is looked at
HIDDEN = -1e4  # a score below it hides what it is added to


class Tensors:
    """The leaves of a network: what is trained, and what is not.

    A tensor of two or more floating-point numbers is a weight; so is any that an operator takes as
    its weight. A table of zeros and large negative numbers is a mask, and no weight.

    Exporters write equal tensors once. A tensor whose elements are all equal, as those of
    untrained norms and biases are, is therefore a weight of its own for each module that reads it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.of: dict[int, TensorProto] = {}
        self.uniform: dict[int, bool] = {}
        self.copies: dict[tuple[int, str], Step] = {}

    def leaf(self, tensor: TensorProto, name: str, in_node: bool = False) -> tuple[Step, TypeProto]:
        """The step and the type of a tensor; one that stands in a node and holds one number only is no weight."""
        kind = tensor_type(tensor.data_type, tensor.dims)
        shape = shape_of(kind) or ()
        size = prod(shape)
        trained = tensor.data_type in FLOATS and size > 1
        step = Step("weight" if trained else "constant", shape=shape, name=name, itemsize=itemsize_of(kind))
        if not trained and size <= FEW:
            step.value = content_of(tensor, self.folder)
        self.of[id(step)] = tensor
        if in_node and trained and self._is_uniform(step):
            step.op = "constant"
        return step, kind

    def as_mask(self, step: Step) -> None:
        """Make a constant of a weight that is a mask."""
        content = self._content(step)
        if content is not None and content.ndim > 1 and bool(np.all((content == 0) | (content < HIDDEN))):
            step.op = "constant"

    def own(self, step: Step, owner: str) -> Step:
        """The weight itself, or the module's own copy of one that was written once for many."""
        if id(step) not in self.of or step.op != "weight" or sum(n > 1 for n in step.shape or ()) != 1:
            return step
        if id(step) not in self.uniform:
            self.uniform[id(step)] = self._is_uniform(step)
        if not self.uniform[id(step)]:
            return step
        key = (id(step), owner)
        if key not in self.copies:
            self.copies[key] = Step("weight", shape=step.shape, name=step.name, itemsize=step.itemsize)
        return self.copies[key]

    def _is_uniform(self, step: Step) -> bool:
        content = self._content(step)
        return content is not None and bool(np.all(content == content.flat[0]))

    def _content(self, step: Step) -> NDArray[Any] | None:
        tensor = self.of.get(id(step))
        limit = FEW if tensor is not None and tensor.data_location == tensor.EXTERNAL else MANY
        return content_of(tensor, self.folder) if tensor is not None and 0 < step.size <= limit else None


def constant_of(attributes: Mapping[str, Any]) -> TensorProto:
    """The tensor of a `Constant` node, which holds it in one of several forms."""
    name, value = next(iter(attributes.items()))
    if name == "value":
        return value
    if name == "sparse_value":
        return TensorProto(data_type=value.values.data_type, dims=value.dims)
    kinds = {"f": TensorProto.FLOAT, "i": TensorProto.INT64, "s": TensorProto.STRING}
    values = value if isinstance(value, list) else [value]
    kind = kinds[name.removeprefix("value_")[0]]
    return make_tensor("", kind, [len(values)] if isinstance(value, list) else [], values)
