"""Degrees of nodes, counted over the operations of a set."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import BRANCHES, GRAF, NUMBERED_INPUTS, OperationSets, feature, membership
from graf.graph import GraphBatch
from graf.graph.batch import INPUT

__all__ = ["input_degree", "n_adjacent", "node_degree"]


@feature(
    over="set",
    stats=("in", "out", "mean_in", "mean_out"),
    unit="operations",
    cost="O(V + E + sets operations)",
    reference=GRAF,
    needs=(BRANCHES,),
)
def node_degree(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Allowed operations at the input, at the output, and per node in the mean.

    `in`: edges from an input to an allowed operation. `out`: edges from an allowed operation to
    an output. `mean_in`: edges from an allowed operation to a station, over the number of
    stations. `mean_out`: edges from a station to an allowed operation, over the number of
    stations. Stations are the junctions where operations are on edges, else all nodes; on cells
    with operations on edges the two means are equal.
    """
    from graf.kernels import degrees

    allowed = membership(batch.ops, sets)
    degrees.degrees(*batch.arrays, allowed, out)


@feature(
    over="set",
    stats=("first", "second"),
    unit="operations",
    cost="O(V + E + sets operations)",
    reference=GRAF,
    needs=(NUMBERED_INPUTS,),
    default=("first",),
)
def input_degree(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Edges from the first, from the second input to an allowed operation; NaN without such an input.

    The second is no default: of two inputs it follows from the first and `node_degree`. Inputs
    are in the order of nodes, which a search space fixes: graphs of no space do not get these
    columns unless asked for.
    """
    singles = [(name,) for name in batch.ops]
    found = np.empty((len(batch), 4 * len(singles)))
    n_inputs = np.bincount(batch.graph_of, batch.flags & INPUT > 0, len(batch))[:, None]
    for position in range(2):
        node_degree(batch.from_input(position), singles, found)
        counts = found[:, ::4] @ membership(batch.ops, sets)[:-2]
        out[:, position::2] = np.where(n_inputs > position, counts, np.nan)


@feature(over="pair", unit="edges", cost="O(pairs E)", default=False)
def n_adjacent(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Edges from the first operation, or one of the first group, to the second, live or not."""
    from graf.kernels import degrees

    offset, node_op, _, pred_indptr, preds = batch.arrays
    first, second = (membership(batch.ops, [(pair[i],) for pair in sets]) for i in (0, 1))
    degrees.adjacent(offset, node_op, pred_indptr, preds, first, second, out)
