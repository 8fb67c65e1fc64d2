"""Graphs without dead, zero, identity and repeated parts, many at once."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.kernels._jit import jit

__all__ = ["simplify"]

Array = NDArray[Any]


@jit
def _live(
    start: int, n: int, node_op: Array, flags: Array, pred_indptr: Array, preds: Array, zero: Array
) -> Array:
    """Which of n nodes lie on a path from an input to an output without zero operations."""
    forward, backward = np.zeros(n, np.bool_), np.zeros(n, np.bool_)
    for v in range(n):
        reached = flags[start + v] & 1 > 0
        for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
            reached |= forward[preds[e]]
        forward[v] = reached and not zero[node_op[start + v]]
    for v in range(n - 1, -1, -1):
        backward[v] = (backward[v] or flags[start + v] & 2 > 0) and not zero[node_op[start + v]]
        if backward[v]:
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                backward[preds[e]] = True
    return forward & backward


@jit
def _kept_sums(start: int, n: int, node_op: Array, flags: Array, pred_indptr: Array, preds: Array) -> Array:
    """Which of n nodes keep their sum: all, or where operations are on edges, junctions that junctions read."""
    on_nodes = True
    for v in range(n):
        on_nodes &= flags[start + v] & 4 > 0
    kept = np.full(n, on_nodes)
    for v in range(n):
        if node_op[start + v] < 0:
            for e in range(pred_indptr[start + v], pred_indptr[start + v + 1]):
                kept[preds[e]] |= node_op[start + preds[e]] < 0
    return kept


@jit
def _grown(values: Array, size: int) -> Array:
    """The array, or a copy with room for more than `size` values."""
    if size <= len(values):
        return values
    larger = np.empty(2 * size, values.dtype)
    larger[: len(values)] = values
    return larger


@jit
def _carried(
    reads: Array, live: Array, begin: Array, end: Array, terms: Array, n_terms: int
) -> tuple[Array, int]:
    """The terms and their number, with those behind them that live predecessors carry, sorted."""
    mark = n_terms
    for u in reads:
        if live[u]:
            size = end[u] - begin[u]
            terms = _grown(terms, n_terms + size)
            terms[n_terms : n_terms + size] = terms[begin[u] : end[u]]
            n_terms += size
    terms[mark:n_terms].sort()
    return terms, n_terms


@jit
def _found(first: int, last: int, kind: int, terms: Array, kinds: Array, indptr: Array, reads: Array) -> int:
    """The new node, from `first` on, that does what the kind does to the terms; -1 if there is none."""
    for k in range(first, last):
        same = kinds[k] == kind and indptr[k + 1] - indptr[k] == len(terms)
        if same and np.all(reads[indptr[k] : indptr[k + 1]] == terms):
            return k
    return -1


@jit
def simplify(
    offset: Array,
    node_op: Array,
    flags: Array,
    pred_indptr: Array,
    preds: Array,
    facts: Array,
    weights: Array,
    kinds: Array,
) -> tuple[Array, Array, Array, Array]:
    """Offsets (n_graphs + 1,), old node behind each new one, and predecessors of these as CSR.

    What `graf.graph.simplify` does to one graph. facts is bool (4, n_ops + 2): which operations are
    zeros, identities, stateless, linear; weights are parameters (n_nodes,); nodes of one of the
    kinds (n_nodes,), none of them negative where an operation is, do the same to the same. Buffers
    grow with what is found, so graphs are worked on one after another.
    O(paths + V²) per graph at worst.
    """
    zero, identity, stateless, linear = facts
    new_offset = np.zeros(len(offset), np.int64)
    sources, new_kinds = np.empty(len(node_op) + 1, np.int64), np.empty(len(node_op) + 1, np.int64)
    indptr, reads = np.zeros(len(node_op) + 2, np.int64), np.empty(len(preds) + 1, np.int32)
    terms = np.empty(64, np.int32)  # new nodes whose sum each node of the graph carries
    n_new = 0
    for g in range(len(offset) - 1):
        start, n, first = offset[g], offset[g + 1] - offset[g], n_new
        live = _live(start, n, node_op, flags, pred_indptr, preds, zero)
        kept = _kept_sums(start, n, node_op, flags, pred_indptr, preds)
        begin, end = np.zeros(n, np.int64), np.zeros(n, np.int64)  # of what each node carries, in terms
        n_terms = 0
        for v in range(n):
            op, is_end, mark = node_op[start + v], flags[start + v] & 3 > 0, n_terms
            if live[v]:
                read = preds[pred_indptr[start + v] : pred_indptr[start + v + 1]]
                terms, n_terms = _carried(read, live, begin, end, terms, n_terms)
            elif not is_end:
                continue
            passes = op == -1 or identity[op]
            stateful = not passes and (not stateless[op] or weights[start + v] > 0)
            alone = is_end or stateful or (passes and kept[v] and n_terms - mark != 1)
            if alone or not passes:
                to_each = linear[op] and not alone  # term, not to their sum
                applied, width = (n_terms - mark, 1) if to_each else (1, n_terms - mark)
                kind = -1 if alone else kinds[start + v]  # like no other, or like those of its kind
                terms = _grown(terms, mark + applied)
                for i in range(applied):
                    summed = terms[mark + i : mark + i + width]
                    node = -1 if alone else _found(first, n_new, kind, summed, new_kinds, indptr, reads)
                    if node < 0:
                        node, n_new = n_new, n_new + 1
                        sources, new_kinds = _grown(sources, n_new), _grown(new_kinds, n_new)
                        sources[node], new_kinds[node] = start + v, kind
                        indptr = _grown(indptr, n_new + 1)
                        indptr[n_new] = indptr[node] + width
                        reads = _grown(reads, indptr[n_new])
                        reads[indptr[node] : indptr[n_new]] = summed
                    terms[mark + i] = node - first
                n_terms = mark + applied
            begin[v], end[v] = mark, n_terms
        new_offset[g + 1] = n_new
    return new_offset, sources[:n_new], indptr[: n_new + 1], reads[: indptr[n_new]]
