"""Witness: the part of a graph that made the value of a column."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TypeAlias

from graf.explainers.witnesses.view import View
from graf.features import Column

__all__ = ["FINDERS", "Edge", "Place", "Witness", "finds", "none", "of_nodes", "of_path"]

Edge: TypeAlias = tuple[int, int]
Place: TypeAlias = int | Edge


@dataclass(frozen=True)
class Witness:
    """The part of a graph that made the value of a column.

    Parameters
    ----------
    column : the column.
    value : its value as the witness tells it; NaN where it has none, and where no part of the graph
        stands for it.
    words : what the witness is, in a few words: "longest path over conv3x3".
    amounts : how much each node (a number) and each edge (a pair of numbers) adds to the value; they
        add up to it. 1 for each operation that is counted.
    nodes : all nodes of the witness, counted or not, in topological order; () if no part of the graph
        is to be pointed at, and `words` then says why.
    edges : edges of the witness, as pairs of nodes: those of its paths, and those that are counted.

    Examples
    --------
    >>> from graf import ComputationGraph
    >>> from graf.explainers.witnesses import witness
    >>> g = ComputationGraph.from_edges(["conv3x3", "skip", "conv3x3"], [(0, 1), (1, 2), (0, 2)])
    >>> found = witness("max_path_len(skip+conv3x3)", g)
    >>> found.value, found.nodes, found.edges
    (3.0, (0, 1, 2), ((0, 1), (1, 2)))
    """

    column: Column
    value: float
    words: str
    amounts: Mapping[Place, float] = field(default_factory=dict)
    nodes: tuple[int, ...] = ()
    edges: tuple[Edge, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.nodes)

    def shares(self) -> dict[Place, float]:
        """How what is due to the column is divided: by amounts, in equal parts if these are all 0.

        The shares add up to 1; there are none without a part to point at. Equal parts go to all nodes,
        as of the path with fewest convolutions if it has none.
        """
        total = math.fsum(abs(amount) for amount in self.amounts.values())
        if 0 < total < math.inf:
            return {place: abs(amount) / total for place, amount in self.amounts.items() if amount}
        return {node: 1 / len(self.nodes) for node in self.nodes}


Finder: TypeAlias = Callable[[View, Column], Witness]
FINDERS: dict[str, Finder] = {}


def finds(*families: str) -> Callable[[Finder], Finder]:
    """Declare the function below as what finds the witnesses of these families."""

    def declare(finder: Finder) -> Finder:
        FINDERS.update(dict.fromkeys(families, finder))
        return finder

    return declare


def none(column: Column, words: str, value: float = math.nan) -> Witness:
    """The witness of a column for which there is nothing to point at."""
    return Witness(column, value, words)


def of_nodes(
    column: Column,
    words: str,
    amounts: Mapping[int, float] | Mapping[Edge, float] | Mapping[Place, float],
    *,
    nodes: Iterable[int] = (),
    edges: Iterable[Edge] = (),
    empty: float = 0.0,
) -> Witness:
    """The witness of a column that counts or adds up nodes or edges; `empty` is its value without any."""
    joined = [*edges, *(place for place in amounts if isinstance(place, tuple))]
    seen = {
        *nodes,
        *(place for place in amounts if isinstance(place, int)),
        *(v for edge in joined for v in edge),
    }
    if not seen:
        return none(column, f"no {words}", empty)
    kept: dict[Place, float] = {place: float(amount) for place, amount in amounts.items()}
    return Witness(
        column, math.fsum(kept.values()), words, kept, tuple(sorted(seen)), tuple(sorted(set(joined)))
    )


def of_path(column: Column, words: str, path: Sequence[int] | None, amounts: Mapping[int, float]) -> Witness:
    """The witness of a column that adds up nodes on one path."""
    if path is None:
        return none(column, f"no {words}")
    return of_nodes(column, words, amounts, nodes=path, edges=pairwise(path))
