"""Paths from an input to an output that use only the operations of a set.

The length of a path is the number of its operation nodes; junctions count 0, and so do inputs
and outputs that are junctions. Zero operations (`none`) are operations like any other here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import BRANCHES, GRAF, OperationSets, feature, membership
from graf.graph import GraphBatch

__all__ = ["input_path_len", "max_path_len", "min_path_len", "n_paths", "traded_path_len"]

TIE = 4096  # a weight counts for more than any number of operations on a path


@feature(over="kind", unit="operations", cost="O(sets (V + E))", reference=GRAF, needs=(BRANCHES,))
def min_path_len(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Fewest operations on a path of allowed operations; NaN without such a path."""
    _lightest(batch, np.where(membership(batch.ops, sets), 1, np.inf), 1, out)


@feature(over="kind", unit="operations", cost="O(sets (V + E))", reference=GRAF, needs=(BRANCHES,))
def max_path_len(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Most operations on a path of allowed operations; NaN without such a path."""
    _lightest(batch, np.where(membership(batch.ops, sets), -1, np.inf), -1, out)


@feature(over="set", unit="operations", cost="O(sets (V + E))", reference=GRAF, default=False)
def traded_path_len(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Allowed operations on the path that trades them best: most allowed minus other ones.

    This is the longest path of the GRAF paper: all operations may be used, an allowed one
    weighs -1 and any other +1. Among paths of equal weight the one with the fewest operations
    counts. Exact for paths of up to 4,000 operations.
    """
    _lightest(batch, np.where(membership(batch.ops, sets), 1 - TIE, 1 + TIE), 1, out)
    length = np.mod(out, TIE)
    weight = (out - length) / TIE
    np.divide(length - weight, 2, out=out)


@feature(
    over="set",
    stats=("first", "second"),
    unit="operations",
    cost="O(sets (V + E))",
    reference=GRAF,
    default=False,
)
def input_path_len(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Most operations on a path of allowed operations from the first, from the second input.

    NaN without such a path, or without such an input.
    """
    found = np.empty((len(batch), len(sets)))
    for position in range(2):
        max_path_len(batch.from_input(position), sets, found)
        out[:, position::2] = found


@feature(over="set", unit="paths", cost="O(sets (V + E))", needs=(BRANCHES,))
def n_paths(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Number of paths of allowed operations; infinite beyond 1e308."""
    from graf.kernels.paths import count_paths

    allowed = membership(batch.ops, sets)
    count_paths(*batch.arrays, allowed, out)


def _lightest(batch: GraphBatch, cost: NDArray[np.float64], scale: float, out: NDArray[np.float64]) -> None:
    from graf.kernels.paths import lightest_paths

    lightest_paths(*batch.arrays, cost.astype(np.float32), float(scale), out)
