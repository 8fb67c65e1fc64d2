"""Steps: the operations of a network as a source wrote them, before they become nodes of a graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Network", "Step", "constant", "is_fixed", "unfixed", "weights_of"]

FIXED = ("weight", "constant")
_positions = count()


@dataclass(eq=False)
class Step:
    """One operation of a network; passes change it in place until it is what it stands for.

    Parameters
    ----------
    op : canonical name (`graf.sources.network.vocabulary`), or "input", "weight" (a trained tensor,
        or what is computed from some) or "constant" (what depends on neither weights nor inputs).
    reads : the steps it computes from, in the order of its arguments.
    shape : of its output, of the first where it has several; None for what is no tensor.
    name, module : label in the source, and path of the module it belongs to.
    itemsize : bytes per element of the output.
    settings : kernel, stride, axes, and whatever else its kind has.
    value : content of a small constant.
    position : place in the order of execution.
    """

    op: str
    reads: list[Step] = field(default_factory=list)
    shape: tuple[int, ...] | None = None
    name: str = ""
    module: str = ""
    itemsize: int = 4
    settings: dict[str, Any] = field(default_factory=dict)
    value: NDArray[Any] | None = None
    position: int = field(default_factory=lambda: next(_positions))

    def become(self, op: str, reads: Iterable[Step], **settings: Any) -> None:
        """Turn into another operation that gives the same output."""
        self.op, self.reads, self.settings = op, list(reads), settings

    @property
    def size(self) -> int:
        """Number of elements of the output."""
        return 0 if self.shape is None else prod(self.shape)

    @property
    def scalar(self) -> float | None:
        """The number that a constant of one element holds."""
        return float(self.value.reshape(-1)[0]) if self.value is not None and self.value.size == 1 else None

    def __repr__(self) -> str:
        return f"<{self.op} {self.name} {self.shape} of {[read.name or read.op for read in self.reads]}>"


@dataclass
class Network:
    """The inputs and outputs of a network; its steps are what these are computed through."""

    inputs: list[Step]
    outputs: list[Step]

    def __iter__(self) -> Iterator[Step]:
        """The inputs and every step that an output depends on, in the order of execution."""
        return iter(_before([*self.inputs, *self.outputs]))

    def readers(self) -> Counter[int]:
        """How many times each step is read, by its `id`; an output of the network counts as read."""
        reads = Counter(id(read) for step in self for read in step.reads)
        reads.update(map(id, self.outputs))
        return reads


def constant(value: float) -> Step:
    """A number among the operands, or one that an operator implies."""
    return Step("constant", shape=(), value=np.array(float(value)))


def is_fixed(step: Step) -> bool:
    """Whether the step gives the same for every input of the network."""
    return step.op in FIXED


def unfixed(steps: Iterable[Step]) -> list[Step]:
    """Those steps that depend on the inputs of the network."""
    return [step for step in steps if not is_fixed(step)]


def weights_of(step: Step) -> list[Step]:
    """The trained tensors that a step is computed from, each once."""
    return [step for step in _before([step]) if step.op == "weight" and not step.reads]


def _before(steps: Iterable[Step]) -> list[Step]:
    """Steps and all that they are computed from, each once, in the order of execution."""
    found: dict[int, Step] = {}
    ahead = list(steps)
    while ahead:
        step = ahead.pop()
        if id(step) not in found:
            found[id(step)] = step
            ahead += step.reads
    return sorted(found.values(), key=lambda step: step.position)
