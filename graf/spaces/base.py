"""SearchSpace: what every search space offers, built on its choices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from graf.checks import is_whole
from graf.exceptions import ArchitectureError, InputError, UnsupportedError
from graf.graph import ComputationGraph, GraphBatch
from graf.ops import OpSet
from graf.spaces.parts.notation import counted, numbers, shown
from graf.spaces.parts.one_hot import one_hot

if TYPE_CHECKING:
    import torch

__all__ = ["SearchSpace"]

MAX_ENUMERATED = 10_000_000
MAX_CROSSOVERS = 100


@dataclass(frozen=True)
class SearchSpace(ABC):
    """A finite set of architectures, each a tuple of choices.

    A subclass states `name`, `ops`, `cardinalities` and how choices are written, drawn as a
    graph and built as a model; everything else follows from these. Where not every combination
    of options is an architecture, `check` says which is. Settings of the network around the
    choices (channels, stages) are fields of the subclass: positive integers, and `input_shape`.
    """

    name: ClassVar[str]
    ops: ClassVar[OpSet]
    cells: ClassVar[tuple[str, ...]] = ()
    kind_of_choices: ClassVar[str] = "option"  # of all of them, where they have the same options
    name_of_choices: ClassVar[str] = "choice {}"  # with the position in it, where none has a name of its own

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if setting.name == "input_shape":
                object.__setattr__(self, "input_shape", _shape(value))
            elif not is_whole(value, 1):
                raise InputError(f"`{setting.name}` must be a positive integer, got {value!r}")
            else:
                object.__setattr__(self, setting.name, int(value))

    @property
    @abstractmethod
    def cardinalities(self) -> tuple[int, ...]:
        """Number of options of each choice."""

    @classmethod
    @abstractmethod
    def recognises(cls, text: object) -> bool:
        """Whether this looks like the notation of this space, valid or not."""

    @abstractmethod
    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of a string without blanks around it, no list of numbers; `ArchitectureError` shows the fault."""

    @abstractmethod
    def format(self, choices: Sequence[int]) -> str:
        """The architecture in the notation of the space."""

    @abstractmethod
    def graph(self, architecture: Any) -> ComputationGraph:
        """The computation graph with `n_parameters` and `n_macs` per node."""

    @abstractmethod
    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The PyTorch model, initialised from the seed. Needs the extra `torch`."""

    def check(self, choices: tuple[int, ...]) -> None:  # noqa: B027 - most spaces have nothing to add
        """Raise `ArchitectureError` if choices, each in range, do not fit together."""

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices of a string in the notation of the space, or of a tuple of choices or its text."""
        if isinstance(architecture, str):
            text = architecture.strip()
            listed = numbers(text)
            return self.parse_text(text) if listed is None else self.parse(listed)
        if isinstance(architecture, (tuple, list, np.ndarray)):
            return self.check_choices(architecture)
        raise ArchitectureError(f"expected a string or a tuple, got {type(architecture).__name__}")

    def batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The graphs of many architectures in one set of arrays."""
        rows = self.choices(architectures)
        return GraphBatch.from_graphs([self.graph(tuple(row)) for row in rows.tolist()], self.ops)

    def published_batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The graphs as the published features count them, parts that compute nothing included."""
        return self.batch(architectures)

    @property
    def size(self) -> int:
        """Number of architectures; the product of the cardinalities if every combination is one."""
        return prod(self.cardinalities)

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return True  # also where the size is too large for `len`

    def __iter__(self) -> Iterator[str]:
        for choices in product(*map(range, self.cardinalities)):
            if self.fits(choices):
                yield self.format(choices)

    def enumerate(self) -> list[str]:
        """All architectures, in lexicographic order of their choices.

        Raises `UnsupportedError` where they are more than ten million; take `sample` there.
        """
        if self.size > MAX_ENUMERATED:
            raise UnsupportedError(
                f"{self.name} has {self.size:.3g} architectures, too many to list; use `sample`"
            )
        return list(self)

    def fits(self, choices: tuple[int, ...]) -> bool:
        """Whether choices, each in range, are an architecture of the space."""
        try:
            self.check(choices)
        except ArchitectureError:
            return False
        return True

    def is_usual(self, choices: tuple[int, ...]) -> bool:
        """Whether an architecture that fits is one that searches mean; mutations stay among these."""
        return True

    def draw(self, rng: np.random.Generator) -> tuple[int, ...]:
        """The choices of one architecture, drawn uniformly."""
        while True:
            choices = tuple(rng.integers(self.cardinalities).tolist())
            if self.fits(choices):
                return choices

    def sample(self, n: int, seed: int = 0) -> list[str]:
        """`n` architectures drawn independently, uniformly unless the space says otherwise.

        Examples
        --------
        >>> from graf.spaces import get_space
        >>> get_space("transnas_micro").sample(2, seed=1) == get_space("transnas_micro").sample(2, seed=1)
        True
        """
        if not isinstance(n, (int, np.integer)) or n < 0:
            raise InputError(f"`n` must be an integer of 0 or more, got {n!r}")
        rng = _generator(seed)
        return [self.format(self.draw(rng)) for _ in range(n)]

    def mutate(self, architecture: Any, seed: int = 0) -> str:
        """The architecture with one choice, drawn uniformly, replaced by another option.

        Where options do not all fit together, choices and options are tried in random order
        until the result is in the space, and as usual (`is_usual`) as the architecture was.
        """
        rng = _generator(seed)
        parent = self.parse(architecture)
        for position in rng.permutation(len(parent)).tolist():
            for option in rng.permutation(self.cardinalities[position]).tolist():
                child = _changed(parent, position, option)
                if option != parent[position] and self._may_follow(child, parent):
                    return self.format(child)
        raise UnsupportedError(f"no single change of {shown(architecture)} stays in {self.name}")

    def neighbours(self, architecture: Any) -> list[str]:
        """The architectures that differ in one choice, as usual (`is_usual`) as this one; in fixed order."""
        parent = self.parse(architecture)
        children = (
            _changed(parent, position, option)
            for position, cardinality in enumerate(self.cardinalities)
            for option in range(cardinality)
            if option != parent[position]
        )
        return [self.format(child) for child in children if self._may_follow(child, parent)]

    def crossover(self, first: Any, second: Any, seed: int = 0) -> str:
        """An architecture with each choice from one of two, drawn with equal chances.

        Where the choices do not fit together, others are drawn, at most a hundred times; then it
        is one of the two.
        """
        rng = _generator(seed)
        parents = self.parse(first), self.parse(second)
        rows = np.array(parents)
        columns = np.arange(rows.shape[1])
        for _ in range(MAX_CROSSOVERS):
            child = tuple(rows[rng.integers(2, size=len(columns)), columns].tolist())
            if self._may_follow(child, *parents):
                return self.format(child)
        return self.format(parents[rng.integers(2)])

    def _may_follow(self, child: tuple[int, ...], *parents: tuple[int, ...]) -> bool:
        """Whether choices made from others are an architecture, and a usual one (`is_usual`) if those are."""
        return self.fits(child) and (self.is_usual(child) or not all(map(self.is_usual, parents)))

    def choices(self, architectures: Sequence[Any]) -> NDArray[np.int32]:
        """Choices of many architectures, (n, number of choices); a fault names the index."""
        if isinstance(architectures, str):
            raise InputError(f"`architectures` must be a list, got {architectures!r:.60}; wrap one in a list")
        rows = []
        for i, architecture in enumerate(architectures):
            try:
                rows.append(self.parse(architecture))
            except ArchitectureError as error:
                raise ArchitectureError(f"architecture {i}: {error}") from None
        return np.array(rows, np.int32).reshape(len(rows), len(self.cardinalities))

    def one_hot(self, architectures: Sequence[Any]) -> NDArray[np.float64]:
        """One column per choice and option, (n, sum of cardinalities): a free row of features."""
        return one_hot(self.choices(architectures), self.cardinalities)

    def choice_name(self, position: int) -> str:
        """What a choice is about, in a word or two."""
        return self.name_of_choices.format(position)

    def choice_kind(self, position: int) -> str:
        """What choices whose options are comparable have in common, such as "operation" or "kernel"."""
        return self.kind_of_choices

    def option_name(self, position: int, option: int) -> str:
        """An option of a choice, in a word or two."""
        return str(option)

    def reduced(self, options: Mapping[int, Iterable[int]]) -> SearchSpace:
        """The space with only these options at some positions; see `graf.spaces.ReducedSpace`."""
        from graf.spaces.reduced import ReducedSpace

        return ReducedSpace.of(self, options)

    def check_choices(self, choices: Sequence[int] | NDArray[Any]) -> tuple[int, ...]:
        """The choices as a tuple if they are as many as needed, in range, and fit together."""
        wanted, given = self.cardinalities, list(choices) if np.iterable(choices) else []
        if len(given) != len(wanted):
            raise ArchitectureError(f"expected {len(wanted)} choices, got {counted(choices)}")
        for i, (choice, options) in enumerate(zip(given, wanted, strict=True)):
            if not isinstance(choice, (int, np.integer)) or not 0 <= choice < options:
                raise ArchitectureError(
                    f"choice {i} must be an integer between 0 and {options - 1}, got {shown(choice)}"
                )
        checked = tuple(int(choice) for choice in given)
        self.check(checked)
        return checked


def _changed(choices: tuple[int, ...], position: int, option: int) -> tuple[int, ...]:
    return (*choices[:position], option, *choices[position + 1 :])


def _shape(value: Any) -> tuple[int, ...]:
    sides = value if isinstance(value, (tuple, list)) else ()
    if len(sides) != 3 or not all(is_whole(side, 1) for side in sides):
        raise InputError(f"`input_shape` must be (channels, height, width), got {value!r}")
    return tuple(map(int, sides))


def _generator(seed: int) -> np.random.Generator:
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError):
        raise InputError(f"`seed` must be an integer of 0 or more, got {seed!r:.60}") from None
