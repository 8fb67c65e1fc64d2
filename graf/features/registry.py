"""The table of features: each is declared once, beside the function that computes it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import InputError
from graf.graph import GraphBatch
from graf.ops import OpSet

__all__ = ["FEATURES", "Feature", "OperationSets", "feature", "membership"]

OperationSets = Sequence[tuple[str, ...]]
Compute = Callable[[GraphBatch, OperationSets, NDArray[np.float64]], None]


@dataclass(frozen=True)
class Feature:
    """A family of columns.

    Parameters
    ----------
    family : first part of the column name.
    over : "graph" (one column per statistic), "operation" (one per operation) or "set" (one per
        operation set and statistic).
    stats : names of the statistics; ("",) for a family with one value.
    unit : unit of the values.
    cost : time per graph of V nodes and E edges.
    reference : paper and year of the definition.
    default : whether `GraphFeatures` computes it without being asked.
    compute : fills out (n_graphs, n_sets * n_stats) from a batch and operation sets, statistics
        varying fastest.
    """

    family: str
    over: Literal["graph", "operation", "set"]
    stats: tuple[str, ...]
    unit: str
    cost: str
    reference: str
    default: bool
    compute: Compute

    @property
    def description(self) -> str:
        """First line of the definition."""
        return (self.compute.__doc__ or "").strip().splitlines()[0]

    def sets(self, ops: OpSet) -> list[tuple[str, ...]]:
        """The operation sets that the family runs over by default."""
        if self.over == "graph":
            return [()]
        return ops.subsets() if self.over == "set" else [(name,) for name in ops]


FEATURES: dict[str, Feature] = {}


def feature(
    *,
    over: Literal["graph", "operation", "set"],
    unit: str,
    cost: str,
    reference: str,
    stats: tuple[str, ...] = ("",),
    default: bool = True,
) -> Callable[[Compute], Compute]:
    """Declare the function below as the feature family of its name."""

    def declare(compute: Compute) -> Compute:
        family = compute.__name__
        if family in FEATURES:
            raise InputError(
                f"feature {family!r} is declared already, in {FEATURES[family].compute.__module__}"
            )
        FEATURES[family] = Feature(family, over, stats, unit, cost, reference, default, compute)
        return compute

    return declare


def membership(ops: OpSet, sets: OperationSets) -> NDArray[np.bool_]:
    """Which operations each set allows, (n_ops + 2, n_sets): unknown ones never, junctions always."""
    return _membership(ops.names, tuple(sets))


@lru_cache(maxsize=64)
def _membership(names: tuple[str, ...], sets: tuple[tuple[str, ...], ...]) -> NDArray[np.bool_]:
    rows = [[name in allowed for allowed in sets] for name in names]
    table = np.array([*rows, [False] * len(sets), [True] * len(sets)])
    table.flags.writeable = False
    return table
