"""ReducedSpace: a search space with fewer options at some positions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from graf.exceptions import ArchitectureError, InputError, UnsupportedError
from graf.graph import ComputationGraph, GraphBatch
from graf.ops import OpSet
from graf.spaces.base import SearchSpace
from graf.spaces.parts.notation import shown

if TYPE_CHECKING:
    import torch

__all__ = ["ReducedSpace"]

MAX_COUNTED = 1_000_000
MAX_DRAWS = 10_000
SHOWN = 5


@dataclass(frozen=True)
class ReducedSpace(SearchSpace):
    """The architectures of a search space that use only some of the options.

    Notation, choices and their numbers, graphs and models are those of the space; sampling,
    enumeration, mutation and neighbours stay inside. `SearchSpace.reduced` makes one. Where option
    0 also stands for what is unused, such as blocks beyond a depth, architectures that leave it
    unused go with it.

    Parameters
    ----------
    space : the whole space.
    options : the options that are left, for each choice.

    Examples
    --------
    >>> from graf.spaces import get_space
    >>> small = get_space("transnas_micro").reduced({0: [2, 3], 1: [0]})
    >>> len(small), small.size / 4**6
    (512, 0.125)
    >>> small.sample(1, seed=0)[0] in small.enumerate()
    True
    """

    space: SearchSpace
    options: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        """The constructor of `of` has checked the options."""

    @classmethod
    def of(cls, space: SearchSpace, options: Mapping[int, Iterable[int]]) -> ReducedSpace:
        """The space with these options by position; positions that are not named keep all."""
        if not isinstance(options, Mapping):
            raise InputError(
                f"`options` must map positions of choices to lists of options, got {shown(options)}"
            )
        left = [tuple(range(k)) for k in space.cardinalities]
        for position, found in options.items():
            if position not in range(len(left)):
                raise InputError(
                    f"`options` name choice {position!r:.40}, but {space.name} has {len(left)} choices"
                )
            wanted = list(found) if np.iterable(found) else []
            if not wanted or not all(option in left[position] for option in wanted):
                raise InputError(
                    f"`options` of choice {position} must be a list of some of 0 to {len(left[position]) - 1},"
                    f" got {shown(wanted or found)}"
                )
            left[position] = tuple(option for option in left[position] if option in wanted)
        return cls(space, tuple(left))

    @property
    def name(self) -> str:  # type: ignore[override]  # an attribute elsewhere
        """Name of the whole space."""
        return self.space.name

    @property
    def ops(self) -> OpSet:  # type: ignore[override]  # an attribute elsewhere
        """Operations of the whole space."""
        return self.space.ops

    @property
    def cells(self) -> tuple[str, ...]:  # type: ignore[override]  # an attribute elsewhere
        """Cells of the whole space."""
        return self.space.cells

    @property
    def input_shape(self) -> Any:
        """Shape of the images that networks read; missing where it is in the whole space."""
        return getattr(self.space, "input_shape")  # noqa: B009 - not every space has one

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Number of options of each choice in the whole space, whose numbers are kept."""
        return self.space.cardinalities

    @cached_property
    def size(self) -> int:
        """Number of architectures that are left.

        Counted where not every combination of options is one; above a million combinations their
        number stands for it, an upper bound.
        """
        combinations = prod(map(len, self.options))
        if self._combines or combinations > MAX_COUNTED:
            return combinations
        return sum(map(self.space.fits, product(*self.options)))

    @property
    def _combines(self) -> bool:
        """Whether every combination of options is an architecture."""
        whole = not isinstance(self.space, ReducedSpace)
        return whole and self.space.size == prod(self.cardinalities)

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Never: a notation belongs to the whole space."""
        return False

    def __iter__(self) -> Iterator[str]:
        return (self.format(choices) for choices in product(*self.options) if self.space.fits(choices))

    def check(self, choices: tuple[int, ...]) -> None:
        """Raise `ArchitectureError` if an option is not left, or choices do not fit together."""
        self.space.check(choices)
        for position, (choice, options) in enumerate(zip(choices, self.options, strict=True)):
            if choice not in options:
                raise ArchitectureError(
                    f"{self.choice_name(position)} must be one of"
                    f" {', '.join(self.option_name(position, option) for option in options)} in the reduced space,"
                    f" got {self.option_name(position, choice)}"
                )

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices as the whole space reads them, if they are left."""
        choices = self.space.parse(architecture)
        self.check(choices)
        return choices

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of a string, if they are left."""
        return self.parse(text)

    def is_usual(self, choices: tuple[int, ...]) -> bool:
        """As in the whole space."""
        return self.space.is_usual(choices)

    def draw(self, rng: np.random.Generator) -> tuple[int, ...]:
        """The choices of one usual architecture (`is_usual`).

        Uniform where every combination of options is an architecture; elsewhere as the whole space
        draws, with an option that is left in place of one that is not. `UnsupportedError` where
        none is found, as where the options that are left do not fit together.
        """
        if self._combines:
            return tuple(int(rng.choice(options)) for options in self.options)
        for _ in range(MAX_DRAWS):
            choices = self._moved_inside(self.space.draw(rng), rng)
            if self.space.fits(choices) and self.is_usual(choices):
                return choices
        raise UnsupportedError(
            f"no usual architecture of {self.name} was found in {MAX_DRAWS} draws; leave more options at"
            f" {self._cut_names()}"
        )

    def _moved_inside(self, choices: Sequence[int], rng: np.random.Generator) -> tuple[int, ...]:
        return tuple(
            choice if choice in options else int(rng.choice(options))
            for choice, options in zip(choices, self.options, strict=True)
        )

    def _cut_names(self) -> str:
        """The choices that have lost options, the first few."""
        names = list(map(self.choice_name, self._cut))
        return ", ".join([*names[:SHOWN], *["..."] * (len(names) > SHOWN)])

    @property
    def _cut(self) -> dict[int, list[int]]:
        """The options of the choices that have lost some."""
        left = zip(self.options, self.cardinalities, strict=True)
        return {i: list(options) for i, (options, whole) in enumerate(left) if len(options) < whole}

    def format(self, choices: Sequence[int]) -> str:
        """The architecture in the notation of the space."""
        return self.space.format(choices)

    def graph(self, architecture: Any) -> ComputationGraph:
        """The computation graph, as in the whole space."""
        return self.space.graph(self.parse(architecture))

    def batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The graphs, as in the whole space."""
        return self.space.batch(list(map(self.parse, architectures)))

    def published_batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The graphs as the published features count them, as in the whole space."""
        self.choices(architectures)  # checked; how an architecture is written counts
        return self.space.published_batch(architectures)

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The PyTorch model, as in the whole space."""
        return self.space.model(self.parse(architecture), seed)

    def choice_name(self, position: int) -> str:
        """As in the whole space."""
        return self.space.choice_name(position)

    def choice_kind(self, position: int) -> str:
        """As in the whole space."""
        return self.space.choice_kind(position)

    def option_name(self, position: int, option: int) -> str:
        """As in the whole space."""
        return self.space.option_name(position, option)

    def __repr__(self) -> str:  # all of it, since checkpoints and caches know a space by it
        return f"{self.space!r}.reduced({self._cut})"
