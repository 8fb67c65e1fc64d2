"""Cells of NAS-Bench-101: pruned, packed, hashed and enumerated.

A cell has seven nodes: 0 is the input, 6 the output, 1 to 5 carry operations. Its choices are one
bit per edge, in the order of `EDGES`, then one operation per inner node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from hashlib import md5
from itertools import combinations, permutations, product
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.graph import GraphBatch
from graf.graph.batch import INPUT, OUTPUT, STATION
from graf.graph.computation_graph import JUNCTION
from graf.graph.csr import offsets
from graf.ops import OpSet

__all__ = [
    "EDGES",
    "INNER",
    "LAST",
    "MAX_EDGES",
    "Edge",
    "Edges",
    "classes",
    "packed",
    "pruned",
    "pruned_stack",
    "published_hash",
    "representative",
    "stacked",
]

Edge = tuple[int, int]
Edges = NDArray[np.bool_]  # (source, target, cell): cells last, so that a step runs over all of them

N_NODES = 7
LAST = N_NODES - 1
INNER = range(1, LAST)
EDGES: tuple[Edge, ...] = tuple(combinations(range(N_NODES), 2))
MAX_EDGES = 9
N_OPERATIONS = 3


def pruned(choices: Sequence[int]) -> tuple[list[int], list[Edge]]:
    """Nodes of one cell on a path from input to output, and the edges numbered among them."""
    edges = [edge for edge, bit in zip(EDGES, choices, strict=False) if bit]
    reached, wanted = {0}, {LAST}
    for u, v in edges:  # ordered by source, so what reaches u came before
        if u in reached:
            reached.add(v)
    for u, v in reversed(edges):
        if v in wanted:
            wanted.add(u)
    nodes = sorted(reached & wanted)
    number = {node: i for i, node in enumerate(nodes)}
    return nodes, [(number[u], number[v]) for u, v in edges if u in number and v in number]


def stacked(choices: NDArray[np.integer]) -> Edges:
    """Adjacency (7, 7, n) of n cells from their choices (n, 26)."""
    edges = np.zeros((N_NODES, N_NODES, len(choices)), bool)
    edges[tuple(np.transpose(EDGES))] = choices[:, : len(EDGES)].T
    return edges


def pruned_stack(edges: Edges) -> tuple[Edges, NDArray[np.bool_]]:
    """The edges on a path from input to output, and the nodes (7, n) on one."""
    reached, wanted = np.zeros((2, N_NODES, edges.shape[2]), bool)
    reached[0] = wanted[LAST] = True
    for node in range(1, N_NODES):
        reached[node] = (reached[:node] & edges[:node, node]).any(axis=0)
    for node in reversed(range(LAST)):
        wanted[node] = (wanted[node + 1 :] & edges[node, node + 1 :]).any(axis=0)
    return edges & reached[:, None] & wanted, reached & wanted


def packed(
    ops: OpSet,
    choices: NDArray[np.integer],
    edges: Edges,
    kept: NDArray[np.bool_],
    attributes: Mapping[str, NDArray[Any]],
) -> GraphBatch:
    """The batch of cells with the given edges, nodes `kept` (7, n) and attributes (n, 7)."""
    nodes = np.ascontiguousarray(kept.T)
    node_op = np.full(nodes.shape, JUNCTION, np.int32)
    node_op[:, 1:LAST] = choices[:, len(EDGES) :]
    flags = np.full(nodes.shape, STATION, np.uint8)
    flags[:, 0] |= INPUT
    flags[:, LAST] |= OUTPUT
    number = np.cumsum(nodes, axis=1, dtype=np.int32) - 1
    entry = np.flatnonzero(np.ascontiguousarray(edges.T))  # ordered by cell, target, source
    return GraphBatch(
        ops=ops,
        offset=offsets(kept.sum(axis=0)),
        node_op=node_op[nodes],
        flags=flags[nodes],
        pred_indptr=offsets(edges.sum(axis=0).T[nodes]),
        preds=number.ravel()[entry // N_NODES**2 * N_NODES + entry % N_NODES],
        attributes={name: values[nodes].astype(np.float64) for name, values in attributes.items()},
    )


def published_hash(edges: Sequence[Edge], labels: Sequence[int]) -> str:
    """The hash of a pruned cell that the published tables are keyed by.

    Each node starts from the MD5 digest of its out-degree, in-degree and label (-1 input, -2
    output, else the number of the operation); as many times as there are nodes, it takes the
    digest of the sorted digests before it, those after it, and its own. The hash digests the
    sorted list of all.
    """
    before: list[list[int]] = [[u for u, v in edges if v == node] for node in range(len(labels))]
    after: list[list[int]] = [[v for u, v in edges if u == node] for node in range(len(labels))]
    states = [_md5(str((len(after[i]), len(before[i]), label))) for i, label in enumerate(labels)]
    for _ in labels:
        states = [
            _md5("|".join([*("".join(sorted(states[i] for i in near)) for near in (sources, targets)), own]))
            for sources, targets, own in zip(before, after, states, strict=True)
        ]
    return _md5(str(sorted(states)))


def _md5(text: str) -> str:
    return md5(text.encode(), usedforsecurity=False).hexdigest()


def representative(edges: Sequence[Edge], labels: Sequence[int]) -> tuple[list[Edge], list[int]]:
    """The cell that `classes` gives for a pruned cell, with the labels of its inner nodes."""
    inner = range(1, len(labels) + 1)
    found = []
    for order in permutations(inner):
        number = (0, *order, len(labels) + 1)
        if all(number[u] < number[v] for u, v in edges):
            moved = [(number[u], number[v]) for u, v in edges]
            code = sum(1 << v * (v - 1) // 2 + u for u, v in moved)
            found.append((code, [labels[order.index(node)] for node in inner], moved))
    _, labels, edges = min(found)
    return edges, labels


def classes(n_nodes: int) -> Iterator[tuple[list[Edge], list[int]]]:
    """One cell per isomorphism class, as edges and as the places of its labellings.

    The cells have `n_nodes` nodes, all on a path from input to output. The representative has
    the smallest matrix, read column by column as a binary number with the first entry last, and
    of its labellings the first in lexicographic order, where 0, 1, 2 are the labels of the inner
    nodes; both are as in the published table.
    """
    pairs = sorted(combinations(range(n_nodes), 2), key=lambda pair: pair[::-1])
    codes = _full_cells(n_nodes, pairs)
    orders = list(permutations(range(1, n_nodes - 1)))
    for order in orders:
        codes = codes[_reordered(codes, order, pairs) >= codes]
    inner = n_nodes - 2
    labels = np.array(list(product(range(N_OPERATIONS), repeat=inner)), int)
    weights = N_OPERATIONS ** np.arange(inner)[::-1]
    first = np.ones((len(codes), len(labels)), bool)
    for order in orders:
        same = _reordered(codes, order, pairs) == codes
        first[same] &= labels @ weights[np.array(order, int) - 1] >= np.arange(len(labels))
    for code, row in zip(codes.tolist(), first, strict=True):
        yield [pair for i, pair in enumerate(pairs) if code >> i & 1], np.flatnonzero(row).tolist()


def _full_cells(n_nodes: int, pairs: Sequence[Edge]) -> NDArray[np.int64]:
    """Codes of the matrices with at most nine edges in which no node hangs loose."""
    codes = np.arange(1 << len(pairs))
    codes = codes[np.bitwise_count(codes) <= MAX_EDGES]
    for node in range(n_nodes - 1):
        leaving = sum(1 << i for i, (u, _) in enumerate(pairs) if u == node)
        entering = sum(1 << i for i, (_, v) in enumerate(pairs) if v == node + 1)
        codes = codes[(codes & leaving > 0) & (codes & entering > 0)]
    return codes


def _reordered(codes: NDArray[np.int64], order: Sequence[int], pairs: Sequence[Edge]) -> NDArray[np.int64]:
    """Codes after renumbering the inner nodes; too large to be one if an edge then runs backwards."""
    number = [0, *order, len(order) + 1]
    place = {pair: i for i, pair in enumerate(pairs)}
    moved = np.zeros_like(codes)
    for i, (u, v) in enumerate(pairs):
        moved |= (codes >> i & 1) << place.get((number[u], number[v]), len(pairs))
    return moved
