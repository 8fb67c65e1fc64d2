"""Edges that skip what other paths between the same nodes run through."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import jit, parallel_jit

__all__ = ["shortcuts"]

Array = NDArray[Any]
WORD = 64


@jit
def _forks(start: int, n: int, pred_indptr: Array, preds: Array) -> tuple[Array, Array]:
    """The nodes that are read more than once, and their number among these; -1 for others."""
    n_readers = np.zeros(n, np.int64)
    for e in range(pred_indptr[start], pred_indptr[start + n]):
        n_readers[preds[e]] += 1
    forks = np.flatnonzero(n_readers > 1)
    number = np.full(n, -1)
    for i in range(len(forks)):
        number[forks[i]] = i
    return forks, number


@jit
def _reached(preds: Array, first: int, last: int, u: int, reach: Array, bit: np.uint64) -> bool:
    """Whether one of the predecessors comes after u, which the bit stands for."""
    later = np.uint64(0)
    for e in range(first, last):
        if preds[e] > u:
            later |= reach[preds[e]]
    return later & bit != 0


@parallel_jit
def shortcuts(
    offset: Array, node_op: Array, pred_indptr: Array, preds: Array, level: Array, allowed: Array, out: Array
) -> None:
    """Number, mean, standard deviation and maximum length of shortcuts into out (n_graphs, 4 n_sets).

    Per set: edges u -> v into a node of the set, or into a junction, such that another path leads
    from u to v. Lengths are differences of level (n_nodes,), as from `levels`, without u itself;
    NaN without a shortcut. allowed is bool (n_ops + 2, n_sets). Nodes that come after a fork are
    marked bit by bit, 64 forks at once: O((V + E) (1 + forks / 64)) per graph.
    """
    n_sets = allowed.shape[1]
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        forks, number = _forks(start, n, pred_indptr, preds)
        out[g] = 0.0
        reach = np.zeros(n, np.uint64)  # the forks of the present word that come before a node
        for word in range((len(forks) + WORD - 1) // WORD):
            begin = forks[word * WORD]
            for v in range(begin, n):
                bits = np.uint64(0)
                first, last = pred_indptr[start + v], pred_indptr[start + v + 1]
                for e in range(first, last):
                    if preds[e] >= begin:
                        bits |= reach[preds[e]]
                if number[v] // WORD == word:
                    bits |= np.uint64(1) << np.uint64(number[v] % WORD)
                reach[v] = bits
                if last - first < 2:
                    continue
                for e in range(first, last):
                    u = preds[e]
                    if number[u] // WORD != word:
                        continue
                    bit = np.uint64(1) << np.uint64(number[u] % WORD)
                    if not _reached(preds, first, last, u, reach, bit):
                        continue
                    length = level[start + v] - level[start + u] - (node_op[start + u] != -1)
                    for s in range(n_sets):
                        if allowed[node_op[start + v], s]:
                            out[g, 4 * s] += 1.0
                            out[g, 4 * s + 1] += length
                            out[g, 4 * s + 2] += length * length
                            out[g, 4 * s + 3] = max(out[g, 4 * s + 3], length)
        for s in range(n_sets):
            size = out[g, 4 * s]
            if size == 0.0:
                for c in range(1, 4):
                    out[g, 4 * s + c] = np.nan
            else:
                mean = out[g, 4 * s + 1] / size
                out[g, 4 * s + 1] = mean
                out[g, 4 * s + 2] = np.sqrt(max(0.0, out[g, 4 * s + 2] / size - mean * mean))
