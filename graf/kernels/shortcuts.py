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
def _bit(number: int) -> np.uint64:
    return np.uint64(1) << np.uint64(number % WORD)


@jit
def _mark(
    start: int, n: int, pred_indptr: Array, preds: Array, number: Array, word: int, begin: int, reach: Array
) -> None:
    """The forks of a word, of which the first is begin, that come before each node, itself included, into reach."""
    for v in range(begin, n):
        bits = _bit(number[v]) if number[v] // WORD == word else np.uint64(0)
        for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
            if preds[e] >= begin:
                bits |= reach[preds[e]]
        reach[v] = bits


@jit
def _is_bypassed(preds: Array, first: int, last: int, u: int, bit: np.uint64, reach: Array) -> bool:
    """Whether one of the predecessors comes after u, which the bit stands for."""
    later = np.uint64(0)
    for e in range(first, last):
        if preds[e] > u:
            later |= reach[preds[e]]
    return later & bit != 0


@jit
def _add(length: int, allowed: Array, found: Array) -> None:
    """Number, sum, sum of squares and maximum of lengths in the sets that allow it, with one more."""
    for s in range(len(allowed)):
        if allowed[s]:
            found[4 * s] += 1.0
            found[4 * s + 1] += length
            found[4 * s + 2] += length * length
            found[4 * s + 3] = max(found[4 * s + 3], length)


@jit
def _summarise(found: Array) -> None:
    """From sums to mean and standard deviation."""
    for s in range(len(found) // 4):
        size = found[4 * s]
        if size == 0.0:
            found[4 * s + 1 : 4 * s + 4] = np.nan
        else:
            mean = found[4 * s + 1] / size
            found[4 * s + 1] = mean
            found[4 * s + 2] = np.sqrt(max(0.0, found[4 * s + 2] / size - mean * mean))


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
    for g in prange(len(offset) - 1):
        start, n = offset[g], offset[g + 1] - offset[g]
        forks, number = _forks(start, n, pred_indptr, preds)
        out[g] = 0.0
        reach = np.zeros(n, np.uint64)  # the forks of the present word that come before a node
        for word in range((len(forks) + WORD - 1) // WORD):
            begin = forks[word * WORD]
            _mark(start, n, pred_indptr, preds, number, word, begin, reach)
            for v in range(begin, n):
                first, last = pred_indptr[start + v], pred_indptr[start + v + 1]
                for e in range(first, last if last - first > 1 else first):
                    u = preds[e]
                    if number[u] // WORD == word and _is_bypassed(
                        preds, first, last, u, _bit(number[u]), reach
                    ):
                        length = level[start + v] - level[start + u] - (node_op[start + u] != -1)
                        _add(length, allowed[node_op[start + v]], out[g])
        _summarise(out[g])
