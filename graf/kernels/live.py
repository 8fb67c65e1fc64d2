"""The live part of graphs: its size, what sits at its junctions, and how its paths run.

Live is what lies on a path from an input to an output without zero operations. Active are live
operations that are no identities.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import jit, parallel_jit

__all__ = ["branching", "follow_counts", "junction_degrees", "structure", "through_counts"]

Array = NDArray[Any]
N_JUNCTIONS = 3  # from either end


@jit
def _paths(
    start: int, n: int, node_op: Array, flags: Array, pred_indptr: Array, preds: Array, zero: Array
) -> tuple[Array, Array]:
    """Number of paths from an input to each of n nodes, and from each to an output, the node included."""
    before, after = np.empty(n), np.empty(n)
    for v in range(n):
        before[v] = 1.0 if flags[start + v] & 1 else 0.0
        after[v] = 1.0 if flags[start + v] & 2 else 0.0
        for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
            before[v] += before[preds[e]]
        if zero[node_op[start + v]]:
            before[v] = 0.0
    for v in range(n - 1, -1, -1):
        if zero[node_op[start + v]]:
            after[v] = 0.0
        for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
            after[preds[e]] += after[v]
    return before, after


@parallel_jit
def structure(
    offset: Array, node_op: Array, flags: Array, pred_indptr: Array, preds: Array, zero: Array, out: Array
) -> None:
    """Nodes, edges, depth and width of the live part into out (n_graphs, 4).

    zero is bool (n_ops + 2,). Depth is NaN where nothing is live. O(V + E) per graph.
    """
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        before, after = _paths(start, n, node_op, flags, pred_indptr, preds, zero)
        level = np.full(n, -1)  # most operations up to a live node
        per_level = np.zeros(n + 1, np.int64)
        nodes, edges, depth = 0, 0, -1
        for v in range(n):
            if before[v] == 0 or after[v] == 0:
                continue
            station = flags[start + v] & 4 > 0
            level[v] = 0
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                u = preds[e]
                level[v] = max(level[v], level[u])
                edges += station and level[u] >= 0 and flags[start + u] & 4 > 0
            if node_op[start + v] != -1:
                level[v] += 1
                per_level[level[v]] += 1
            if station:
                nodes += 1
            else:
                edges += 1
            if flags[start + v] & 2:
                depth = max(depth, level[v])
        out[g, 0], out[g, 1] = nodes, edges
        out[g, 2] = depth if depth >= 0 else np.nan
        out[g, 3] = per_level.max()


@parallel_jit
def through_counts(
    offset: Array, node_op: Array, flags: Array, pred_indptr: Array, preds: Array, zero: Array, out: Array
) -> None:
    """Live paths, then how often they pass through each operation, into out (n_graphs, 1 + n_ops).

    zero is bool (n_ops + 2,). O(V + E) per graph.
    """
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        before, after = _paths(start, n, node_op, flags, pred_indptr, preds, zero)
        out[g] = 0.0
        for v in range(n):
            op = node_op[start + v]
            if flags[start + v] & 2:
                out[g, 0] += before[v]
            if op >= 0 and before[v] > 0 and after[v] > 0:
                out[g, 1 + op] += before[v] * after[v]


@parallel_jit
def follow_counts(
    offset: Array,
    node_op: Array,
    flags: Array,
    pred_indptr: Array,
    preds: Array,
    zero: Array,
    active: Array,
    out: Array,
) -> None:
    """How often active operations follow each other on live paths, (n_graphs, (1 + n_ops)^2).

    Row a, column b of the flat table: operation a - 1 (0: the input) is followed by operation
    b - 1 (0: the output), with nothing active between them. Operations outside the vocabulary are
    passed over. O((V + E) n_ops) per graph.
    """
    n_states = active.shape[0] - 1
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        _, after = _paths(start, n, node_op, flags, pred_indptr, preds, zero)
        last = np.zeros((n, n_states))  # paths to the node by the last active operation on them
        out[g] = 0.0
        for v in range(n):
            op = node_op[start + v]
            if zero[op]:
                continue
            if flags[start + v] & 1:
                last[v, 0] = 1.0
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                for a in range(n_states):
                    last[v, a] += last[preds[e], a]
            if op >= 0 and active[op]:
                total = 0.0
                for a in range(n_states):
                    total += last[v, a]
                    if last[v, a] > 0 and after[v] > 0:
                        out[g, a * n_states + 1 + op] += last[v, a] * after[v]
                    last[v, a] = 0.0
                last[v, 1 + op] = total
            if flags[start + v] & 2:
                for a in range(n_states):
                    out[g, a * n_states] += last[v, a]


@parallel_jit
def branching(
    offset: Array,
    node_op: Array,
    flags: Array,
    pred_indptr: Array,
    preds: Array,
    zero: Array,
    active: Array,
    out: Array,
) -> None:
    """Most active operations before, then behind, one operation into out (n_graphs, 2 n_ops).

    Counted are live paths without other active operations between the two; 0 for operations that
    do not occur. zero and active are bool (n_ops + 2,). O(V + E) per graph.
    """
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        before, after = _paths(start, n, node_op, flags, pred_indptr, preds, zero)
        ways = np.zeros((n, 2))  # from the nearest active operations before, to those behind
        for v in range(n):
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                u = preds[e]
                if before[u] > 0:
                    ways[v, 0] += 1.0 if active[node_op[start + u]] else ways[u, 0]
        for v in range(n - 1, -1, -1):
            if after[v] > 0:
                onward = 1.0 if active[node_op[start + v]] else ways[v, 1]
                for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                    ways[preds[e], 1] += onward
        out[g] = 0.0
        for v in range(n):
            op = node_op[start + v]
            if op >= 0 and before[v] > 0 and after[v] > 0:
                for k in range(2):
                    out[g, 2 * op + k] = max(out[g, 2 * op + k], ways[v, k])


@parallel_jit
def junction_degrees(
    offset: Array,
    node_op: Array,
    flags: Array,
    pred_indptr: Array,
    preds: Array,
    zero: Array,
    allowed: Array,
    out: Array,
) -> None:
    """Live operations beside the outermost junctions into out (n_graphs, 6 n_sets).

    Per set: operations that read the first, second and third junction, then operations that the
    last, second and third last junction read; NaN where there are not as many junctions. zero is
    bool (n_ops + 2,), allowed is bool (n_ops + 2, n_sets). O((V + E) sets) per graph.
    """
    n_sets = allowed.shape[1]
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        before, after = _paths(start, n, node_op, flags, pred_indptr, preds, zero)
        rank = np.full(n, -1)
        n_junctions = 0
        for v in range(n):
            if node_op[start + v] == -1:
                rank[v] = n_junctions
                n_junctions += 1
        for s in range(n_sets):
            for k in range(2 * N_JUNCTIONS):
                out[g, 6 * s + k] = 0.0 if k % N_JUNCTIONS < n_junctions else np.nan
        for v in range(n):
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                u = preds[e]
                back = n_junctions - 1 - rank[v]
                reads = 0 <= rank[u] < N_JUNCTIONS and rank[v] < 0 and before[v] > 0 and after[v] > 0
                is_read = rank[u] < 0 <= rank[v] and back < N_JUNCTIONS and before[u] > 0 and after[u] > 0
                for s in range(n_sets):
                    if reads and allowed[node_op[start + v], s]:
                        out[g, 6 * s + rank[u]] += 1.0
                    if is_read and allowed[node_op[start + u], s]:
                        out[g, 6 * s + N_JUNCTIONS + back] += 1.0
