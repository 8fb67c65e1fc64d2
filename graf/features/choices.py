"""Choices: columns that say which options of its search space an architecture takes, whatever its graph."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import InputError, check_known
from graf.features.columns import CHOICE, Column
from graf.sources.items import architectures_of
from graf.spaces import SearchSpace

__all__ = ["check_choice", "choice_columns", "choice_values", "has_choices"]

MOST_CHOICES = 64  # of which models learn what each is worth


@lru_cache(maxsize=64)
def choice_columns(space: SearchSpace) -> tuple[Column, ...]:
    """One column per option of each choice: 1 for architectures that take it, 0 for others.

    Examples
    --------
    >>> from graf.spaces import get_space
    >>> [str(column) for column in choice_columns(get_space("nasbench201"))[:2]]
    ['choice(1->2=skip)', 'choice(1->2=none)']
    """
    return tuple(
        Column(CHOICE, attribute=f"{space.choice_name(i)}={space.option_name(i, k)}")
        for i, n_options in enumerate(space.cardinalities)
        for k in range(n_options)
    )


def has_choices(items: Any, space: SearchSpace | None) -> bool:
    """Whether items are architectures of a space with at most 64 choices."""
    few = space is not None and len(space.cardinalities) <= MOST_CHOICES
    return few and architectures_of(items) is not None


def choice_values(space: SearchSpace, items: Any, columns: Sequence[Column]) -> NDArray[np.float64]:
    """Values (n, n_columns) of choice columns; O(n (columns + the space's reading of one))."""
    architectures = architectures_of(items)
    if architectures is None:
        raise InputError(
            f"`items` must be architectures, got graphs, which do not tell the choices of {space.name} that columns"
            f" such as {columns[0]} hold; give architectures, or fit with `columns` of graphs"
        )
    position = {column: i for i, column in enumerate(choice_columns(space))}
    return space.one_hot(architectures)[:, [position[column] for column in columns]]


def check_choice(space: SearchSpace | None, column: Column) -> None:
    """Raise `InputError` if there is no space, `UnknownNameError` if a choice column is not of it."""
    if space is None:
        raise InputError(f"column {str(column)!r} is of a search space, and graphs of none have no choices")
    known = [other.attribute for other in choice_columns(space)]
    check_known("choice", column.attribute, known)
