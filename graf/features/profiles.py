"""Attributes of nodes (channels, kernel, multiply-adds, heads) along the depth of a network.

Nodes without the attribute (NaN) do not count. Depth is the topological order, which for a chain
of blocks or layers is their order.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import OperationSets, feature
from graf.features.summary import summary
from graf.graph import GraphBatch

__all__ = ["parameter_sharing", "profile", "stage", "stage_of", "total"]

N_POSITIONS = 28
N_STAGES = 8
STAGE = ("channels", "resolution")
Values = NDArray[np.float64]


@feature(over="attribute", unit="that of the attribute", cost="O(V)", needs=("widths",))
def total(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Sum of an attribute over all nodes: parameters, multiply-adds, layers times kernel.

    By default where nodes or cells differ in channels; elsewhere the numbers of operations tell
    as much.
    """
    out[:] = summary(batch, np.nan_to_num(batch.rows([name for (name,) in sets]))).total


@feature(
    over="attribute",
    stats=("mean", "spread", "min", "max", *(f"at{i}" for i in range(1, N_POSITIONS + 1))),
    unit="that of the attribute",
    cost="O(V)",
    needs=("channels",),
)
def profile(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Mean, standard deviation and range of an attribute, and its value at each position.

    Positions count the nodes that carry the attribute, `at1` nearest to the input, up to `at28`;
    NaN where the network is not as deep. Branching graphs of no space do not get them unless asked
    for, since their nodes can be numbered in several ways.
    """
    width = 4 + N_POSITIONS
    values = batch.rows([name for (name,) in sets])
    known = np.isfinite(values)
    n, total, least, most = summary(batch, np.where(known, values, np.nan))
    size = np.where(n > 0, n, np.nan)
    mean = total / size
    squares = np.where(known, (values - mean.T[:, batch.graph_of]) ** 2, np.nan)
    spread = np.sqrt(summary(batch, squares).total / size)
    out[:] = np.nan
    for i, moments in enumerate((mean, spread, least, most)):
        out[:, i::width] = moments
    for column, own in enumerate(known):
        rank = batch.rank(own)
        shown = own & (rank < N_POSITIONS)
        out[batch.graph_of[shown], width * column + 4 + rank[shown]] = values[column, shown]


@feature(
    over="attribute",
    stats=tuple(f"sum{i}" for i in range(1, N_STAGES + 1)),
    unit="that of the attribute",
    cost="O(V)",
    needs=STAGE,
)
def stage(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Sum of an attribute in each of the first eight stages of the network.

    A stage is a run of nodes, in topological order, with the same `channels` and `resolution`;
    a network without these attributes, or with fewer stages, has NaN.
    """
    if not set(STAGE) <= set(batch.attributes):
        out[:] = np.nan
        return
    index = stage_of(batch)
    counted = (index >= 0) & (index < N_STAGES)
    slot = batch.graph_of[counted] * N_STAGES + index[counted]
    exists = np.bincount(slot, minlength=len(batch) * N_STAGES) > 0
    for column, (name,) in enumerate(sets):
        weights = np.nan_to_num(batch.attribute(name)[counted])
        sums = np.bincount(slot, weights=weights, minlength=len(batch) * N_STAGES)
        block = np.where(exists, sums, np.nan).reshape(len(batch), N_STAGES)
        out[:, N_STAGES * column : N_STAGES * (column + 1)] = block


@feature(over="graph", unit="fraction", cost="O(V log V)", needs=("shared_id",))
def parameter_sharing(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Share of the operations with weights that reuse the weights of an earlier one.

    The attribute `shared_id` is the same number for operations with the same weights. NaN where
    no operation has it.
    """
    ids = batch.attribute("shared_id")
    known = np.isfinite(ids)
    graph, ids = batch.graph_of[known], ids[known]
    ids = ids[np.lexsort((ids, graph))]  # nodes are in the order of graphs before and after
    first = np.ones(len(ids), bool)
    first[1:] = (np.diff(ids) != 0) | (np.diff(graph) != 0)
    size, distinct = (np.bincount(some, minlength=len(batch)) for some in (graph, graph[first]))
    out[:, 0] = np.where(size > 0, 1 - distinct / np.maximum(size, 1), np.nan)


def stage_of(batch: GraphBatch) -> NDArray[np.intp]:
    """Number of the stage of each node within its graph, from 0; -1 outside of stages."""
    channels, resolution = batch.attributes["channels"], batch.attributes["resolution"]
    known = np.flatnonzero(np.isfinite(channels) & np.isfinite(resolution))
    graph = batch.graph_of[known]
    begins = np.ones(len(known), bool)
    same = (np.diff(channels[known]) == 0) & (np.diff(resolution[known]) == 0) & (np.diff(graph) == 0)
    begins[1:] = ~same
    run = np.cumsum(begins) - 1
    first = np.full(len(batch), len(known))
    np.minimum.at(first, graph, run)
    found = np.full(len(batch.node_op), -1)
    found[known] = run - first[graph]
    return found
