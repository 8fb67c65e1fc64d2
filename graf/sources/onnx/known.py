"""Tensors that are known beforehand, from shapes and constants alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TypeProto

from graf.sources.network.contents import described
from graf.sources.network.step import Step
from graf.sources.onnx.scope import Value
from graf.sources.onnx.tensors import FEW
from graf.sources.onnx.types import shape_of, tensor_type
from graf.sources.onnx.values import EVALUATORS, evaluate

__all__ = ["known"]


def known(
    op_type: str,
    attributes: Mapping[str, Any],
    operands: Sequence[Value | None],
    kinds: Sequence[TypeProto | None],
) -> list[Value] | None:
    """What follows from shapes and constants alone, if it is small: a value for each output."""
    kind = kinds[0] if kinds else None
    if op_type in ("Shape", "Size"):
        return [_measured(op_type, attributes, operands[0], kind)]
    if op_type not in EVALUATORS or prod(shape_of(kind) or (0,)) > FEW:
        return None
    if any(v is not None and (v.step.op != "constant" or v.step.value is None) for v in operands):
        return None
    if any(v is not None and v.step.settings.get("integers") for v in operands):
        return None  # a quantised weight perhaps
    if op_type != "NonZero" and shape_of(kind) is None:
        return None
    contents = [None if v is None else v.step.value for v in operands]
    found = evaluate(op_type, contents, {**attributes, "num_outputs": len(kinds)})
    return None if found is None else list(map(_constant, found))


def _constant(content: NDArray[Any]) -> Value:
    step = Step("constant", shape=content.shape, value=content, settings=described(content))
    return Value(step, tensor_type(onnx.helper.np_dtype_to_tensor_dtype(content.dtype), content.shape))


def _measured(op_type: str, attributes: Mapping[str, Any], of: Value | None, kind: TypeProto | None) -> Value:
    """The shape or the size of a tensor, a constant even if it is unknown."""
    shape = shape_of(of.type) if of is not None else None
    content = None
    if shape is not None and op_type == "Shape":
        content = np.array(shape[slice(attributes.get("start", 0), attributes.get("end"))], np.int64)
    elif shape is not None:
        content = np.array(prod(shape), np.int64)
    return Value(Step("constant", shape=shape_of(kind), value=content), kind)
