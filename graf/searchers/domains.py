"""Domains: what is searched, a whole search space or the members of a list."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.exceptions import ArchitectureError, InputError
from graf.spaces import SearchSpace, get_space

__all__ = ["Domain", "ListDomain", "SpaceDomain", "plain_name"]

FEW = 20_000  # a space of no more architectures is listed


class Domain(ABC):
    """A set of candidates, each a text, and the moves of a search among them.

    Every move draws from the generator that it is given and from nothing else.
    """

    space: SearchSpace | None
    members: list[str] | None  # all of them, None where they are too many to list

    @property
    @abstractmethod
    def description(self) -> dict[str, Any]:
        """What a checkpoint is known by; JSON values."""

    @abstractmethod
    def read(self, item: Any) -> str:
        """A candidate as this domain writes it; `ArchitectureError` if it is none."""

    @abstractmethod
    def sample(self, n: int, rng: np.random.Generator) -> list[str]:
        """`n` candidates drawn independently."""

    @abstractmethod
    def mutate(self, candidate: str, rng: np.random.Generator) -> str:
        """Another candidate near to this one."""

    @abstractmethod
    def crossover(self, first: str, second: str, rng: np.random.Generator) -> str:
        """A candidate between two."""

    @abstractmethod
    def neighbours(self, candidate: str) -> list[str]:
        """The candidates nearest to this one, in a fixed order."""

    @abstractmethod
    def choices(self, candidates: Sequence[str]) -> NDArray[np.int32]:
        """The choices that candidates consist of, (n, number of choices)."""

    @property
    @abstractmethod
    def cardinalities(self) -> tuple[int, ...]:
        """Number of options of each choice."""

    @abstractmethod
    def from_choices(self, rows: NDArray[np.integer]) -> list[str]:
        """Candidates that consist of choices (n, number of choices); rows that make none are left out."""

    def arguments(self, candidate: str) -> tuple[str, dict[str, Any]]:
        """What the objective is called with: the architecture, and a recipe by keyword."""
        return candidate, {}

    def architectures(self, candidates: Sequence[str]) -> list[str]:
        """The architectures of candidates, which may hold more than that."""
        return [self.arguments(candidate)[0] for candidate in candidates]

    def columns(self, candidates: Sequence[str]) -> pd.DataFrame | None:
        """What candidates hold besides the architecture, a column each; None if nothing."""
        return None

    def options(self, column: str) -> list[Any]:
        """All values of one of `columns`."""
        return []

    def shown(self, candidate: str) -> Any:
        """What users see of a candidate."""
        return candidate


class SpaceDomain(Domain):
    """All architectures of a search space."""

    def __init__(self, space: str | SearchSpace) -> None:
        self.space: SearchSpace = get_space(space)
        self.members = self.space.enumerate() if self.space.size <= FEW else None

    @property
    def description(self) -> dict[str, Any]:
        """Name and settings of the space."""
        return {"space": self.space.name, "settings": repr(self.space)}

    def read(self, item: Any) -> str:
        """The architecture in the notation of the space."""
        return self.space.format(self.space.parse(item))

    def sample(self, n: int, rng: np.random.Generator) -> list[str]:
        """As the space draws them."""
        return [self.space.format(self.space.draw(rng)) for _ in range(n)]

    def mutate(self, candidate: str, rng: np.random.Generator) -> str:
        """One choice replaced."""
        return self.space.mutate(candidate, _seed(rng))

    def crossover(self, first: str, second: str, rng: np.random.Generator) -> str:
        """Each choice from one of the two."""
        return self.space.crossover(first, second, _seed(rng))

    def neighbours(self, candidate: str) -> list[str]:
        """Those that differ in one choice."""
        return self.space.neighbours(candidate)

    def choices(self, candidates: Sequence[str]) -> NDArray[np.int32]:
        """The choices of the space."""
        return self.space.choices(candidates)

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Those of the space."""
        return self.space.cardinalities

    def from_choices(self, rows: NDArray[np.integer]) -> list[str]:
        """The architectures of choices that fit together."""
        return [self.space.format(row) for row in map(tuple, rows.tolist()) if self.space.fits(row)]


class ListDomain(Domain):
    """The members of a list, such as the rows of a table; moves of the space snap to the nearest.

    Parameters
    ----------
    members : architectures as text; the first of those that are the same is kept.
    space : their search space, None if graf has none: then every move draws a member.
    """

    def __init__(self, members: Sequence[str], space: SearchSpace | None) -> None:
        self.space = space
        names = list(members)
        if not names:
            raise InputError("`space` must hold at least one architecture, got an empty list")
        keys = (
            [(name,) for name in names] if space is None else list(map(tuple, space.choices(names).tolist()))
        )
        first: dict[tuple[Any, ...], str] = {}
        for key, name in zip(keys, names, strict=True):
            first.setdefault(key, name)
        self.members: list[str] = list(first.values())
        self._positions = {key: i for i, key in enumerate(first)}
        self._rows = {name: i for i, name in enumerate(self.members)}
        rows = [[i] for i in range(len(first))] if space is None else list(first)
        self._choices = np.array(rows, np.int32)
        self._columns = np.ascontiguousarray(self._choices.T)

    @property
    def description(self) -> dict[str, Any]:
        """The space, number and digest of the members, in the order that draws go by."""
        digest = hashlib.sha256("\n".join(self.members).encode()).hexdigest()[:16]
        return {"space": self.space and repr(self.space), "members": len(self.members), "digest": digest}

    def restricted(self, keep: NDArray[np.bool_]) -> ListDomain:
        """The domain of some members."""
        return ListDomain([name for name, kept in zip(self.members, keep, strict=True) if kept], self.space)

    def read(self, item: Any) -> str:
        """The member that is this architecture, as the list writes it."""
        if isinstance(item, str) and item in self._rows:
            return item
        key = (item,) if self.space is None else self.space.parse(item)
        if key not in self._positions:
            raise ArchitectureError(f"{item!r:.200} is not among the {len(self.members)} that are searched")
        return self.members[self._positions[key]]

    def sample(self, n: int, rng: np.random.Generator) -> list[str]:
        """Members drawn uniformly."""
        return [self.members[i] for i in rng.integers(len(self.members), size=n).tolist()]

    def mutate(self, candidate: str, rng: np.random.Generator) -> str:
        """The mutation of the space if it is a member, else a member nearest to it."""
        if self.space is None:
            return self.sample(1, rng)[0]
        return self._snapped(self.space.mutate(candidate, _seed(rng)), [candidate], rng)

    def crossover(self, first: str, second: str, rng: np.random.Generator) -> str:
        """The crossover of the space if it is a member, else a member nearest to it."""
        if self.space is None:
            return self.sample(1, rng)[0]
        return self._snapped(self.space.crossover(first, second, _seed(rng)), [first, second], rng)

    def _snapped(self, child: str, parents: list[str], rng: np.random.Generator) -> str:
        assert self.space is not None
        key = self.space.parse(child)
        if key in self._positions:
            return self.members[self._positions[key]]
        return self.members[rng.choice(self._nearest(np.array(key, np.int32), parents))]

    def neighbours(self, candidate: str) -> list[str]:
        """The members that differ in the fewest choices."""
        row = self._rows[candidate]
        nearest = self._nearest(self._choices[row], [candidate])
        return [self.members[i] for i in nearest.tolist() if i != row]

    def _nearest(self, key: NDArray[np.int32], others_than: list[str]) -> NDArray[np.intp]:
        """Positions of the members that differ from a key in the fewest choices."""
        distances = (self._columns != key[:, None]).sum(axis=0, dtype=np.int16)
        distances[[self._rows[name] for name in others_than]] = len(key) + 1
        return np.flatnonzero(distances == distances.min())

    def choices(self, candidates: Sequence[str]) -> NDArray[np.int32]:
        """The choices of the space, or the position in the list where there is no space."""
        return self._choices[[self._rows[candidate] for candidate in candidates]]

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Those of the space, or the length of the list where there is no space."""
        return (len(self.members),) if self.space is None else self.space.cardinalities

    def from_choices(self, rows: NDArray[np.integer]) -> list[str]:
        """The members among them."""
        if self.space is None:
            return [self.members[i] for i in rows[:, 0].tolist()]
        found = map(self._positions.get, map(tuple, rows.tolist()))
        return [self.members[i] for i in found if i is not None]


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**63))


def plain_name(space: SearchSpace | None, name: Any) -> str:
    """An architecture as its space writes it, so that names in several notations can be matched; any other as it is.

    Examples
    --------
    >>> space = get_space("transnas_micro")
    >>> plain_name(space, "3-2-3-1-0-2"), plain_name(None, "mine")
    ('64-41414-3_23_102', 'mine')
    """
    try:
        return str(name) if space is None else space.format(space.parse(str(name)))
    except ArchitectureError:
        return str(name)
