"""Size and shape of what is alive in a graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import GRAF, OperationSets, are_zero, feature, membership
from graf.graph import GraphBatch

__all__ = ["live", "n_among_first", "n_nodes"]

N_BLOCKS = 6


@feature(
    over="graph",
    stats=("nodes", "edges", "depth", "width"),
    unit="nodes, edges or operations",
    cost="O(V + E)",
)
def live(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Size of the part on a path from an input to an output without zero operations.

    `nodes`: live junctions where operations are on edges, else live nodes. `edges`: live
    operations, and edges between live junctions, where operations are on edges (as from the inner
    nodes of DARTS to the output), else edges between live nodes. `depth`: most
    operations on a live path, NaN if there is none. `width`: most live operations at the same
    depth, where the depth of an operation is the longest way to it.
    """
    from graf.kernels.live import structure

    zero = are_zero(batch.ops)
    structure(*batch.arrays, zero, out)


@feature(over="graph", unit="nodes", cost="O(V)", default=False)
def n_nodes(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Number of nodes, live or not, junctions included."""
    out[:, 0] = np.diff(batch.offset)


@feature(
    over="set",
    stats=tuple(f"blocks{i}" for i in range(1, N_BLOCKS + 1)),
    unit="operations",
    cost="O(sets V)",
    reference=GRAF,
    default=False,
)
def n_among_first(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Operations of the set among the first blocks of the network; NaN if it has not as many.

    A block is an operation of the group "block", in topological order.
    """
    blocks = [i for i, op in enumerate(batch.ops.operations) if op.group == "block"]
    is_block = np.isin(batch.node_op, blocks)
    graph, op, rank = batch.graph_of[is_block], batch.node_op[is_block], batch.rank(is_block)[is_block]
    size = np.bincount(graph, minlength=len(batch))
    counted = rank < N_BLOCKS
    table = np.zeros((len(batch), N_BLOCKS))
    member = membership(batch.ops, sets)
    for column in range(len(sets)):
        table[graph[counted], rank[counted]] = member[op[counted], column]
        found = np.where(np.arange(N_BLOCKS) < size[:, None], np.cumsum(table, axis=1), np.nan)
        out[:, N_BLOCKS * column : N_BLOCKS * (column + 1)] = found
