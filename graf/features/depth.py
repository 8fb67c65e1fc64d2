"""What there is at which depth of a network, in four quarters from the input to the output.

The depth of an operation is the most operations on a way to it; the quarters divide the depth of
the deepest one, however long the network is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import OperationSets, feature, membership
from graf.graph import GraphBatch

__all__ = ["depth_count", "depth_mean", "depth_share", "levels_of"]

N_PARTS = 4
PARTS = tuple(f"q{i}" for i in range(1, N_PARTS + 1))
Values = NDArray[np.float64]
Integers = NDArray[np.int64]


def levels_of(batch: GraphBatch) -> tuple[Integers, Integers]:
    """Depth of each node, (n_nodes,), and of each graph, (n_graphs,)."""
    from graf.kernels.levels import levels

    level, depth = np.empty(len(batch.node_op), np.int64), np.empty(len(batch), np.int64)
    offset, node_op, _, pred_indptr, preds = batch.arrays
    levels(offset, node_op, pred_indptr, preds, level, depth)
    return level, depth


@feature(over="set", stats=PARTS, unit="operations", cost="O(sets V + E)", default=False)
def depth_count(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Operations of the set in each quarter of the depth: a histogram of activations or norms.

    `depth_count(batch_norm)` and `depth_count(normalisation)` also count batch norms that were
    folded into the layer before them (attribute `folded_norms`).
    """
    from graf.kernels.levels import counts_by_depth

    level, depth = levels_of(batch)
    counts_by_depth(batch.offset, batch.node_op, level, depth, membership(batch.ops, sets), N_PARTS, out)
    folding = [i for i, names in enumerate(sets) if {"batch_norm", "normalisation"} & set(names)]
    if folding and "folded_norms" in batch.attributes:
        folded, _ = _by_depth(batch, ["folded_norms"])
        for column in folding:
            out[:, N_PARTS * column : N_PARTS * (column + 1)] += folded


@feature(
    over="attribute",
    stats=PARTS,
    unit="that of the attribute",
    cost="O(V + E)",
    default=False,
)
def depth_mean(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Mean of an attribute over the operations of each quarter of the depth; NaN where none has it."""
    sums, sizes = _by_depth(batch, [name for (name,) in sets])
    with np.errstate(invalid="ignore"):
        out[:] = sums / sizes


@feature(over="attribute", stats=PARTS, unit="fraction", cost="O(V + E)", default=False)
def depth_share(batch: GraphBatch, sets: OperationSets, out: Values) -> None:
    """Part of an attribute's total that lies in each quarter of the depth; NaN for a total of 0."""
    sums, _ = _by_depth(batch, [name for (name,) in sets])
    parts = sums.reshape(len(batch), len(sets), N_PARTS)
    with np.errstate(invalid="ignore"):
        out[:] = (parts / parts.sum(axis=2, keepdims=True)).reshape(out.shape)


def _by_depth(batch: GraphBatch, names: list[str]) -> tuple[Values, Values]:
    """Sums and numbers of attributes of operations per quarter, (n_graphs, 4 n_names) each."""
    from graf.kernels.levels import sums_by_depth

    level, depth = levels_of(batch)
    values = batch.rows(names)
    sums, sizes = (np.empty((len(batch), N_PARTS * len(names))) for _ in range(2))
    sums_by_depth(batch.offset, batch.node_op, level, depth, values, N_PARTS, sums, sizes)
    return sums, sizes
