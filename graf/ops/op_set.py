"""OpSet: an ordered vocabulary of operation names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from graf.exceptions import InputError, UnknownNameError
from graf.ops.operation import Operation
from graf.ops.tables import operation_of

__all__ = ["FORBIDDEN", "MAX_FULL_SUBSETS", "OpSet", "is_name"]

FORBIDDEN = "+,[]<>()@. "
MAX_FULL_SUBSETS = 7


@dataclass(frozen=True)
class OpSet:
    """An ordered vocabulary of operation names.

    Parameters
    ----------
    names : distinct operation names; their order is the order of columns. Names that graf
        does not know are allowed: they count as operations with parameters.

    Raises
    ------
    InputError
        If a name is empty, repeated, or holds a character that column names reserve or that
        cannot be printed.

    Examples
    --------
    >>> ops = OpSet(("skip", "conv3x3"))
    >>> ops.index("conv3x3")
    1
    >>> ops.subsets()
    [('skip',), ('conv3x3',), ('skip', 'conv3x3')]
    """

    names: tuple[str, ...]

    def __post_init__(self) -> None:
        given: Any = self.names
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise InputError(f"`names` must be a list of operation names, got {given!r:.60}")
        object.__setattr__(self, "names", tuple(given))
        for position, name in enumerate(self.names):
            _check_name(name, position)
        if len(set(self.names)) != len(self.names):
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise InputError(f"operation names must be distinct, got {twice!r} more than once")

    @classmethod
    def union(cls, op_sets: Iterable[OpSet]) -> OpSet:
        """All names of several sets, in order of first appearance."""
        return cls(tuple(dict.fromkeys(name for ops in op_sets for name in ops)))

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._index

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: i for i, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """Position of an operation; `UnknownNameError` lists near names."""
        try:
            return self._index[name]
        except (KeyError, TypeError):
            raise UnknownNameError("operation", name, self.names) from None

    @property
    def operations(self) -> tuple[Operation, ...]:
        """The facts about each operation, in order."""
        return tuple(map(operation_of, self.names))

    def operation(self, index: int) -> Operation:
        """The facts about the operation at a position."""
        return operation_of(self.names[index])

    def members(self, name: str) -> tuple[str, ...]:
        """The operations that a name stands for: the one of that name, else those of the group.

        Examples
        --------
        >>> OpSet(("conv3x3", "relu", "gelu")).members("activation")
        ('relu', 'gelu')
        """
        if name in self:
            return (name,)
        return tuple(other.name for other in self.operations if other.group == name)

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Operation names by group, for groups of at least two members."""
        found: dict[str, list[str]] = {}
        for operation in self.operations:
            found.setdefault(operation.group, []).append(operation.name)
        return {group: tuple(names) for group, names in found.items() if len(names) > 1}

    @cached_property
    def nonzero(self) -> tuple[str, ...]:
        """Names of the operations that let something through."""
        return tuple(operation.name for operation in self.operations if not operation.zero)

    @cached_property
    def active(self) -> tuple[str, ...]:
        """Names of the operations that are neither zeros nor identities."""
        return tuple(op.name for op in self.operations if not (op.zero or op.identity))

    def subsets(self) -> list[tuple[str, ...]]:
        """The operation sets that features run over, smallest first.

        Up to seven operations: all non-empty subsets. Above: single operations, groups,
        complements of single operations, and the whole set.
        """
        if len(self) <= MAX_FULL_SUBSETS:
            sizes = range(1, len(self) + 1)
            return [subset for size in sizes for subset in combinations(self.names, size)]
        singles = [(name,) for name in self.names]
        complements = [tuple(other for other in self.names if other != name) for name in self.names]
        return list(dict.fromkeys([*singles, *self.groups.values(), *complements, self.names]))


def is_name(name: object) -> bool:
    """Whether this can stand in the parentheses of a column's name."""
    return isinstance(name, str) and name != "" and name.isprintable() and not set(FORBIDDEN) & set(name)


def _check_name(name: object, position: int) -> None:
    if not is_name(name):
        raise InputError(
            f"operation names must be non-empty printable strings without any of {FORBIDDEN!r},"
            f" got {name!r:.60} at index {position}"
        )
