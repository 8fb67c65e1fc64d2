"""Batches of graphs without what cannot change their function."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from graf.graph import GraphBatch
from graf.graph.batch import INPUT, OUTPUT, STATION
from graf.ops import OpSet

__all__ = ["simplified"]

CALL = "call_id"
FACTS = ("zero", "identity", "stateless", "linear")


def simplified(batch: GraphBatch) -> GraphBatch:
    """What `ComputationGraph.simplified` makes of each graph, a few microseconds each.

    Examples
    --------
    >>> from graf import get_space
    >>> batch = get_space("nasbench201").batch(["|skip_connect~0|+|none~0|none~1|+|skip_connect~0|none~1|none~2|"])
    >>> simplified(batch)[0].edges.tolist()
    [[0, 1]]
    """
    from graf.kernels.simplify import simplify

    weights = np.nan_to_num(batch.attribute("n_parameters"))
    offset, sources, indptr, preds = simplify(*batch.arrays, _facts(batch.ops), weights, _kinds(batch))
    return replace(
        batch,
        offset=offset,
        node_op=batch.node_op[sources],
        flags=batch.flags[sources] & np.uint8(INPUT | OUTPUT) | np.uint8(STATION),
        pred_indptr=indptr,
        preds=preds,
        attributes={name: values[sources] for name, values in batch.attributes.items()},
        cells={name: mask[sources] for name, mask in batch.cells.items()},
    )


def _kinds(batch: GraphBatch) -> NDArray[np.int64]:
    """The same number for nodes of the same operation and call, (n_nodes,)."""
    if CALL not in batch.attributes:
        return batch.node_op.astype(np.int64)
    calls = np.nan_to_num(batch.attributes[CALL])
    _, kinds = np.unique(np.stack([batch.node_op, calls]), axis=1, return_inverse=True)
    return kinds.ravel()


def _facts(ops: OpSet) -> NDArray[np.bool_]:
    """What holds of operations, (4, n_ops + 2); nothing does of foreign ones and junctions."""
    rows = [[getattr(op, fact) for op in ops.operations] + [False, False] for fact in FACTS]
    return np.array(rows, bool)
