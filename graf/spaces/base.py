"""SearchSpace: what every search space offers, built on its choices."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import ArchitectureError, InputError
from graf.graph import ComputationGraph, GraphBatch
from graf.ops import OpSet

if TYPE_CHECKING:
    import torch

__all__ = ["SearchSpace"]


@dataclass(frozen=True)
class SearchSpace(ABC):
    """A finite set of architectures, each a tuple of choices.

    A subclass states `name`, `ops`, `cardinalities` and how choices are written, drawn as a
    graph and built as a model; everything else follows from these. Settings of the network
    around the cell (channels, stages) are fields of the subclass.
    """

    name: ClassVar[str]
    ops: ClassVar[OpSet]

    @property
    @abstractmethod
    def cardinalities(self) -> tuple[int, ...]:
        """Number of options of each choice."""

    @classmethod
    @abstractmethod
    def recognises(cls, text: object) -> bool:
        """Whether this looks like the notation of this space, valid or not."""

    @abstractmethod
    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices of an architecture; `ArchitectureError` shows the place of a fault."""

    @abstractmethod
    def format(self, choices: Sequence[int]) -> str:
        """The architecture in the notation of the space."""

    @abstractmethod
    def graph(self, architecture: Any) -> ComputationGraph:
        """The computation graph with `n_parameters` and `n_macs` per node."""

    @abstractmethod
    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The PyTorch model, initialised from the seed. Needs the extra `torch`."""

    def batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The graphs of many architectures in one set of arrays, without attributes."""
        return GraphBatch.from_graphs([self.graph(a) for a in architectures], self.ops)

    def __len__(self) -> int:
        return prod(self.cardinalities)

    def __iter__(self) -> Iterator[str]:
        return (self.format(choices) for choices in product(*map(range, self.cardinalities)))

    def enumerate(self) -> list[str]:
        """All architectures, in lexicographic order of their choices."""
        return list(self)

    def sample(self, n: int, seed: int = 0) -> list[str]:
        """`n` architectures drawn uniformly and independently.

        Examples
        --------
        >>> from graf.spaces import get_space
        >>> get_space("transnas_micro").sample(2, seed=1) == get_space("transnas_micro").sample(2, seed=1)
        True
        """
        if not isinstance(n, (int, np.integer)) or n < 0:
            raise InputError(f"`n` must be an integer of 0 or more, got {n!r}")
        draws = np.random.default_rng(seed).integers(self.cardinalities, size=(n, len(self.cardinalities)))
        return [self.format(choices) for choices in draws.tolist()]

    def mutate(self, architecture: Any, seed: int = 0) -> str:
        """The architecture with one choice, drawn uniformly, replaced by another option."""
        rng = np.random.default_rng(seed)
        choices = list(self.parse(architecture))
        free = [i for i, options in enumerate(self.cardinalities) if options > 1]
        position = free[rng.integers(len(free))]
        step = rng.integers(1, self.cardinalities[position])
        choices[position] = int((choices[position] + step) % self.cardinalities[position])
        return self.format(choices)

    def choices(self, architectures: Sequence[Any]) -> NDArray[np.int32]:
        """Choices of many architectures, (n, number of choices); a fault names the index."""
        rows = []
        for i, architecture in enumerate(architectures):
            try:
                rows.append(self.parse(architecture))
            except ArchitectureError as error:
                raise ArchitectureError(f"architecture {i}: {error}") from None
        return np.array(rows, np.int32).reshape(len(rows), len(self.cardinalities))

    def one_hot(self, architectures: Sequence[Any]) -> NDArray[np.float64]:
        """One column per choice and option, (n, sum of cardinalities): a free row of features."""
        choices = self.choices(architectures)
        return np.hstack([choices[:, [i]] == np.arange(k) for i, k in enumerate(self.cardinalities)]) * 1.0

    def check_choices(self, choices: Sequence[int] | NDArray[Any]) -> tuple[int, ...]:
        """The choices as a tuple if there are as many as needed and each is in range."""
        wanted, given = self.cardinalities, list(choices) if np.iterable(choices) else []
        if len(given) != len(wanted):
            raise ArchitectureError(f"expected {len(wanted)} choices, got {choices!r:.100}")
        for i, (choice, options) in enumerate(zip(given, wanted, strict=True)):
            if not isinstance(choice, (int, np.integer)) or not 0 <= choice < options:
                raise ArchitectureError(
                    f"choice {i} must be an integer between 0 and {options - 1}, got {choice!r:.40}"
                )
        return tuple(int(choice) for choice in given)
