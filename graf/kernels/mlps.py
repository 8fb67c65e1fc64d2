"""Multi-layer perceptrons inside of networks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import parallel_jit

__all__ = ["ACTIVATION", "DENSE", "GATE", "SUM", "mlp_ratios"]

Array = NDArray[Any]
DENSE, ACTIVATION, GATE, SUM = 1, 2, 3, 4


@parallel_jit
def mlp_ratios(
    offset: Array, pred_indptr: Array, preds: Array, role: Array, channels: Array, ratio: Array
) -> None:
    """Channels that go into the last layer of an MLP over those that come out, into ratio (n_nodes,).

    An MLP leads from a DENSE layer to the next. Between them is at least one ACTIVATION, and otherwise
    only GATEs, of which one branch must be of it, and SUMs, of which all branches must start at the same
    tensor: a shortcut ends it. NaN for nodes that are not its last layer. role is int
    (n_nodes,), 0 for what no MLP holds. O(V + E) per graph.
    """
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        inside = np.zeros(n, np.int8)  # 1 behind a dense layer, 2 also behind an activation
        origin = np.zeros(n, np.int64)  # what that layer, or one that it reads at once, reads
        for v in range(n):
            own, most, least, widest = role[start + v], 0, 2, np.nan
            u, first, is_one = -1, -1, True
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                u = preds[e]
                most, least = max(most, inside[u]), min(least, inside[u])
                if inside[u] > 0:
                    is_one = is_one and (first == -1 or first == origin[u])
                    first = origin[u]
                if inside[u] == 2 and not channels[start + u] <= widest:
                    widest = channels[start + u]
            ratio[start + v] = widest / channels[start + v] if own == DENSE else np.nan
            origin[v] = first
            if own == DENSE:
                inside[v] = 1
                origin[v] = first if most == 1 and role[start + u] == DENSE else u
            elif own == ACTIVATION:
                inside[v] = 2 if most > 0 else 0
            elif own == GATE or (own == SUM and least > 0 and is_one):
                inside[v] = most
