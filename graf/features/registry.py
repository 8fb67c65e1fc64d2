"""The table of features: each is declared once, beside the function that computes it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import InputError
from graf.graph import GraphBatch
from graf.graph.computation_graph import JUNCTION
from graf.ops import OpSet

__all__ = [
    "BRANCHES",
    "FEATURES",
    "GRAF",
    "NUMBERED_INPUTS",
    "NUMBERED_JUNCTIONS",
    "Feature",
    "OperationSets",
    "Over",
    "are_active",
    "are_zero",
    "feature",
    "membership",
    "nodes_of",
    "singly",
]

GRAF = "Kadlecová et al., GRAF, ICML 2024"
BRANCHES, NUMBERED_INPUTS, NUMBERED_JUNCTIONS = "branches", "numbered inputs", "numbered junctions"
Over = Literal["graph", "operation", "active", "kind", "pair", "set", "attribute"]
OperationSets = Sequence[tuple[str, ...]]
LABELS = ("call_id", "shared_id")  # attributes that are no quantities
MAX_PAIRED = 10  # operations; pairs of more would be too many columns
Compute = Callable[[GraphBatch, OperationSets, NDArray[np.float64]], None]


@dataclass(frozen=True)
class Feature:
    """A family of columns.

    Parameters
    ----------
    family : first part of the column name.
    over : what one column per statistic stands for: "graph" (the graph), "operation" (each
        operation), "active" (each that is neither a zero nor an identity), "kind" (each but
        zeros, each group of operations, and all active ones), "pair" (each two active operations
        in order), "set" (each operation set) or "attribute" (each attribute of nodes).
    stats : names of the statistics; ("",) for a family with one value.
    unit : unit of the values.
    cost : time per graph of V nodes and E edges.
    reference : paper and year of the definition.
    needs : attributes of nodes, "numbered junctions" or "numbered inputs" (of a search space),
        "branches" (graphs that are no chains) or "widths" (nodes or cells of different channels),
        without which it is undefined or of no use.
    default : statistics that `GraphFeatures` computes for cells, where what the family needs is there,
        without being asked; `graf.features.networks` says what it computes for whole networks.
    compute : fills out (n_graphs, n_sets * n_stats) from a batch and what its columns are over
        (operation sets, sequences, attributes), statistics varying fastest.
    """

    family: str
    over: Over
    stats: tuple[str, ...]
    unit: str
    cost: str
    reference: str
    needs: frozenset[str]
    default: tuple[str, ...]
    compute: Compute

    @property
    def description(self) -> str:
        """First line of the definition."""
        return (self.compute.__doc__ or "").strip().splitlines()[0]

    def sets(self, ops: OpSet, attributes: Iterable[str] = ()) -> list[tuple[str, ...]]:
        """What the family runs over by default."""
        return ARGUMENTS[self.over](ops, attributes)


def singly(names: Iterable[str]) -> list[tuple[str, ...]]:
    """A set for each name."""
    return [(name,) for name in names]


def _kinds(ops: OpSet) -> list[tuple[str, ...]]:
    found = [*singly(ops.nonzero), *ops.groups.values(), ops.active]
    return [names for names in dict.fromkeys(found) if names]


ARGUMENTS: dict[str, Callable[[OpSet, Iterable[str]], list[tuple[str, ...]]]] = {
    "graph": lambda ops, attributes: [()],
    "operation": lambda ops, attributes: singly(ops),
    "active": lambda ops, attributes: singly(ops.active),
    "kind": lambda ops, attributes: _kinds(ops),
    "pair": lambda ops, attributes: (
        list(product(ops.active, repeat=2)) if len(ops.active) <= MAX_PAIRED else []
    ),
    "set": lambda ops, attributes: ops.subsets(),
    "attribute": lambda ops, attributes: singly(name for name in attributes if name not in LABELS),
}


FEATURES: dict[str, Feature] = {}


def feature(
    *,
    over: Over,
    unit: str,
    cost: str,
    reference: str = "this library",
    stats: tuple[str, ...] = ("",),
    needs: Iterable[str] = (),
    default: bool | tuple[str, ...] = True,
) -> Callable[[Compute], Compute]:
    """Declare the function below as the feature family of its name."""

    def declare(compute: Compute) -> Compute:
        family = compute.__name__
        if family in FEATURES:
            raise InputError(
                f"feature {family!r} is declared already, in {FEATURES[family].compute.__module__}"
            )
        FEATURES[family] = Feature(
            family,
            over,
            stats,
            unit,
            cost,
            reference,
            frozenset(needs),
            default if isinstance(default, tuple) else stats * default,
            compute,
        )
        return compute

    return declare


def are_zero(ops: OpSet) -> NDArray[np.bool_]:
    """Which operations are zeros, (n_ops + 2,); foreign ones and junctions are none."""
    return np.array([*(op.zero for op in ops.operations), False, False])


def are_active(ops: OpSet, foreign: bool = True) -> NDArray[np.bool_]:
    """Which operations are neither zeros nor identities, (n_ops + 2,): foreign ones as told, no junctions."""
    return np.array([*(name in ops.active for name in ops), foreign, False])


def membership(ops: OpSet, sets: OperationSets) -> NDArray[np.bool_]:
    """Which operations each set allows, (n_ops + 2, n_sets): unknown ones never, junctions always.

    The name of a group stands for its operations (`OpSet.members`).
    """
    return _membership(ops.names, tuple(sets))


def nodes_of(batch: GraphBatch, sets: OperationSets) -> NDArray[np.bool_]:
    """Which nodes are operations of each set, (n_sets, n_nodes); junctions are of none."""
    return membership(batch.ops, sets)[batch.node_op].T & (batch.node_op != JUNCTION)


@lru_cache(maxsize=64)
def _membership(names: tuple[str, ...], sets: tuple[tuple[str, ...], ...]) -> NDArray[np.bool_]:
    ops = OpSet(names)
    found = [{member for name in allowed for member in ops.members(name)} for allowed in sets]
    rows = [[name in allowed for allowed in found] for name in names]
    table = np.array([*rows, [False] * len(sets), [True] * len(sets)])
    table.flags.writeable = False
    return table
