"""How much of the input the positions of a network see."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import parallel_jit

__all__ = ["receptive_fields"]

Array = NDArray[Any]


@parallel_jit
def receptive_fields(
    offset: Array, pred_indptr: Array, preds: Array, reach: Array, step: Array, sees_all: Array, out: Array
) -> None:
    """Largest receptive field that is not the whole input into out (n_graphs,).

    A node adds reach (n_nodes,), in positions of its own input, to the field of what it reads,
    and multiplies the distance of its positions by step (n_nodes,); where branches meet, the
    largest of both counts. What a node that sees_all (n_nodes,) gives has no field, and where it
    meets what has one, neither it nor the strides before it count. 1 if no node has any. O(V + E) per graph.
    """
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        field, distance = np.zeros(n), np.zeros(n)
        out[g] = 1.0
        for v in range(n):
            first, last = pred_indptr[start + v], pred_indptr[start + v + 1]
            if first == last:
                field[v], distance[v] = 1.0, 1.0
            for e in range(first, last):
                field[v] = max(field[v], field[preds[e]])
                distance[v] = max(distance[v], distance[preds[e]])
            if sees_all[start + v] or field[v] == 0.0:
                field[v] = distance[v] = 0.0  # of the whole input
                continue
            field[v] += reach[start + v] * distance[v]
            distance[v] *= step[start + v]
            out[g] = max(out[g], field[v])
