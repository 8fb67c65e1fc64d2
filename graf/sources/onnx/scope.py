"""Names of one graph of an ONNX file, and what they stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from onnx import TypeProto

from graf.exceptions import GraphError
from graf.sources.network.step import Step, is_fixed
from graf.sources.onnx.tensors import Tensor, Tensors

__all__ = ["Scope", "Value"]


class Value(NamedTuple):
    """A step, and the type of what it gives."""

    step: Step
    type: TypeProto | None = None


@dataclass
class Scope:
    """The names of a graph and, behind them, those of the graph around it.

    Parameters
    ----------
    opsets : versions of operator sets by domain.
    tensors : makes steps of `initializers` when they are first read.
    outer : the scope of the graph around this one.
    apart : this is a branch or body that may not run: what varies outside is an input of it.
    function : the function whose nodes these are, if any.
    declared : types that the file gives.
    """

    opsets: Mapping[str, int]
    tensors: Tensors
    outer: Scope | None = None
    apart: bool = False
    function: tuple[str, ...] | None = None
    declared: dict[str, TypeProto] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    initializers: dict[str, Tensor] = field(default_factory=dict)
    captured: dict[int, tuple[Step, Step]] = field(default_factory=dict)

    def define(self, name: str, value: Value) -> None:
        """Give a name its meaning; it must not have one."""
        if not isinstance(name, str):
            raise GraphError(f"the name {name!r:.80} is damaged")
        if name in self.values or name in self.initializers:
            raise GraphError(f"the name {name!r:.80} is given twice")
        self.values[name] = value

    def find(self, name: str) -> Value | None:
        """What a name stands for here."""
        if name in self.values:
            return self.values[name]
        if name in self.initializers:
            tensor = self.initializers.pop(name)
            self.values[name] = Value(*self.tensors.leaf(tensor, name, function=self.function))
            return self.values[name]
        value = self.outer.find(name) if self.outer is not None else None
        if value is None or not self.apart or is_fixed(value.step):
            return value
        return Value(self._input(value.step), value.type)

    def _input(self, step: Step) -> Step:
        """The input that stands for what varies outside."""
        if id(step) not in self.captured:
            inner = Step("input", shape=step.shape, name=step.name, itemsize=step.itemsize)
            self.captured[id(step)] = step, inner
        return self.captured[id(step)][1]
