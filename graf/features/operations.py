"""How often each operation occurs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.features.registry import GRAF, OperationSets, feature, membership
from graf.graph import GraphBatch

__all__ = ["op_count"]


@feature(over="operation", unit="operations", cost="O(V)", reference=GRAF)
def op_count(batch: GraphBatch, sets: OperationSets, out: NDArray[np.float64]) -> None:
    """Number of nodes with the operation, or with one of the group, live or not."""
    from graf.kernels.degrees import count_operations

    counts = np.empty((len(batch), len(batch.ops)))
    count_operations(batch.offset, batch.node_op, counts)
    out[:] = counts @ membership(batch.ops, sets)[:-2]
