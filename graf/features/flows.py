"""What live paths from an input to an output are made of, every path counted.

Operations are live on a path without zero operations, and active if they are no identities
either: an active operation follows another if nothing active lies between them. Paths that share
nodes count one by one, as the sums at junctions let signals multiply.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import BRANCHES, OperationSets, are_active, are_zero, feature, membership
from graf.graph import GraphBatch

__all__ = ["branching", "n_first", "n_follow", "n_last", "path_ops"]

Values = NDArray[np.float64]


@feature(
    over="kind",
    stats=("min", "mean", "max"),
    unit="operations",
    cost="O(sets (V + E))",
    needs=(BRANCHES,),
)
def path_ops(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Operations of the set on a live path: fewest, mean over all live paths, most.

    NaN without a live path.
    """
    from graf.kernels.live import through_counts
    from graf.kernels.path_moments import path_shares
    from graf.kernels.paths import lightest_paths

    zero = are_zero(batch.ops)
    member = membership(batch.ops, sets)[:-1]
    counts = np.empty((len(batch), 1 + len(batch.ops)))
    through_counts(*batch.arrays, zero, counts)
    beyond = np.isinf(counts[:, 0])  # more paths than floats hold
    if beyond.any():
        shares = np.empty((len(batch), len(batch.ops)))
        path_shares(*batch.arrays, zero, shares)
        counts[beyond, 0], counts[beyond, 1:] = 1.0, shares[beyond]
    with np.errstate(invalid="ignore", divide="ignore"):
        out[:, 1::3] = counts[:, 1:] @ member[:-1] / counts[:, :1]
    found = np.empty((len(batch), len(sets)))
    for column, sign in ((0, 1.0), (2, -1.0)):
        cost = np.where(zero[:-1, None], np.inf, sign * member)
        lightest_paths(*batch.arrays, np.vstack([cost, np.zeros(len(sets))]).astype(np.float32), sign, found)
        out[:, column::3] = found


@feature(over="pair", unit="paths", cost="O((V + E) operations)", needs=(BRANCHES,))
def n_follow(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """How often the second operation follows the first, over all live paths."""
    table = _followers(batch)
    for column, (first, second) in enumerate(sets):
        rows, columns = _positions(batch, first), _positions(batch, second)
        out[:, column] = table[:, np.array(rows, int)[:, None], columns].sum(axis=(1, 2))


@feature(over="active", unit="paths", cost="O((V + E) operations)", needs=(BRANCHES,))
def n_first(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Number of live paths whose first active operation is this one."""
    table = _followers(batch)[:, 0]
    for column, (name,) in enumerate(sets):
        out[:, column] = table[:, _positions(batch, name)].sum(axis=1)


@feature(over="active", unit="paths", cost="O((V + E) operations)", needs=(BRANCHES,))
def n_last(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Number of live paths whose last active operation is this one."""
    table = _followers(batch)[:, :, 0]
    for column, (name,) in enumerate(sets):
        out[:, column] = table[:, _positions(batch, name)].sum(axis=1)


@feature(over="active", stats=("in", "out"), unit="paths", cost="O(V + E)", needs=(BRANCHES,))
def branching(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Most active operations that one such operation follows, and that follow one such operation.

    Counted along live paths without other active operations between, an operation as often as such
    paths lead to it; 0 where it does not occur.
    """
    from graf.kernels import live

    table = np.empty((len(batch), 2 * len(batch.ops)))
    zero, active = are_zero(batch.ops), are_active(batch.ops)
    live.branching(*batch.arrays, zero, active, table)
    both = table.reshape(len(batch), -1, 2)
    for column, (name,) in enumerate(sets):
        members = [position - 1 for position in _positions(batch, name)]
        out[:, 2 * column : 2 * column + 2] = both[:, members].max(axis=1, initial=0)


def _positions(batch: GraphBatch, name: str) -> list[int]:
    """Where the operation, or those of the group, stand in a table that starts with the ends."""
    return [1 + batch.ops.index(member) for member in batch.ops.members(name)]


def _followers(batch: GraphBatch) -> Values:
    """How often operations follow each other, (n_graphs, 1 + n_ops, 1 + n_ops); 0 is an end."""
    from graf.kernels.live import follow_counts

    n = 1 + len(batch.ops)
    table = np.empty((len(batch), n * n))
    zero, active = are_zero(batch.ops), are_active(batch.ops, foreign=False)
    follow_counts(*batch.arrays, zero, active, table)
    return table.reshape(len(batch), n, n)
