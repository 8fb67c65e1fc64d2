"""The numbering of nodes: operations and edges in any order become arrays in topological order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from operator import index
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import GraphError
from graf.graph.checks import (
    as_array,
    as_attributes,
    as_cells,
    as_indices,
    as_labels,
    as_list,
    check_nodes,
    check_op_set,
    short,
)
from graf.graph.csr import offsets
from graf.ops import OpSet

__all__ = ["expanded_edges", "number_nodes"]

SHOWN_OF_CYCLE = 8


def number_nodes(
    operations: Sequence[str | None],
    edges: Sequence[tuple[int, int]],
    inputs: Sequence[int] | None,
    outputs: Sequence[int] | None,
    ops: OpSet | None,
    ops_on: str,
    names: Sequence[str] | None,
    attributes: Mapping[str, Any],
    cells: Mapping[str, Any],
) -> dict[str, Any]:
    """The arguments of `ComputationGraph` with nodes in topological order."""
    operations = _operations(operations)
    n = len(operations)
    labels = None if names is None else as_labels(names, n)
    if ops is None:
        ops = OpSet(tuple(dict.fromkeys(name for name in operations if name is not None)))
    check_op_set(ops)
    pairs = _edge_array(edges, n)
    order = _topological_order(pairs, operations, ops_on, labels)
    rank = np.empty(n, np.int32)
    rank[order] = np.arange(n)
    pairs = rank[pairs]
    pairs = pairs[np.lexsort((pairs[:, 0], pairs[:, 1]))]
    degree = np.bincount(pairs[:, 1], minlength=n)
    sources = np.flatnonzero(degree == 0)
    sinks = np.flatnonzero(np.bincount(pairs[:, 0], minlength=n) == 0)
    return {
        "ops": ops,
        "node_op": [-1 if name is None else ops.index(name) for name in (operations[i] for i in order)],
        "pred_indptr": offsets(degree),
        "preds": pairs[:, 0],
        "inputs": sources if inputs is None else _renumbered("inputs", inputs, rank),
        "outputs": sinks if outputs is None else _renumbered("outputs", outputs, rank),
        "ops_on": ops_on,
        "names": None if labels is None else [labels[i] for i in order],
        "attributes": {name: values[order] for name, values in as_attributes(attributes, n).items()},
        "cells": {
            name: _renumbered(f"cells[{name!r}]", nodes, rank) for name, nodes in as_cells(cells).items()
        },
    }


def expanded_edges(n_junctions: int, edges: Sequence[tuple[int, int, str]]) -> dict[str, Any]:
    """Operations on edges (u, v, operation) as nodes between junctions, for `from_edges`."""
    if not isinstance(n_junctions, (int, np.integer)) or n_junctions < 1:
        raise GraphError(f"`n_junctions` must be a positive integer, got {short(n_junctions)}")
    operations: list[str | None] = [None] * n_junctions
    plain: list[tuple[int, int]] = []
    for i, edge in enumerate(as_list("edges", edges)):
        u, v, name = _edge_operation(edge, i, n_junctions)
        plain += [(u, len(operations)), (len(operations), v)]
        operations.append(name)
    return {"operations": operations, "edges": plain}


def _edge_operation(edge: Any, position: int, n_junctions: int) -> tuple[int, int, str]:
    try:
        u, v, name = edge
        if isinstance(name, str) and 0 <= index(u) < n_junctions and 0 <= index(v) < n_junctions:
            return index(u), index(v), name
    except (TypeError, ValueError):
        pass
    raise GraphError(
        f"`edges` must be (u, v, operation) with junctions 0 to {n_junctions - 1}, got {short(edge)}"
        f" at index {position}"
    )


def _topological_order(
    pairs: NDArray[np.int32], operations: list[str | None], ops_on: str, labels: list[str] | None
) -> NDArray[np.intp]:
    n = len(operations)
    if np.all(pairs[:, 0] < pairs[:, 1]):
        return np.arange(n)
    sorter: TopologicalSorter[int] = TopologicalSorter({node: [] for node in range(n)})
    for u, v in pairs.tolist():
        sorter.add(v, u)
    try:
        return np.fromiter(sorter.static_order(), np.intp, n)
    except CycleError as error:
        cycle = error.args[1][:-1]
        junctions = [node for node in cycle if operations[node] is None]
        shown = junctions if junctions and ops_on == "edges" else cycle
        raise GraphError(f"`edges` must have no cycle, got {_cycle(shown, labels)}") from None


def _cycle(nodes: list[int], labels: list[str] | None) -> str:
    shown = [str(node) if labels is None else labels[node] for node in nodes[:SHOWN_OF_CYCLE]]
    if len(nodes) > SHOWN_OF_CYCLE:
        shown.append(f"... ({len(nodes)} nodes)")
    return " -> ".join([*shown, shown[0]])


def _operations(operations: Any) -> list[str | None]:
    found = as_list("operations", operations)
    if not found:
        raise GraphError("a graph must have at least one node, but `operations` is empty")
    for i, name in enumerate(found):
        if name is not None and not isinstance(name, str):
            raise GraphError(f"`operations` must be strings or None, got {short(name)} at index {i}")
    return found


def _edge_array(edges: Any, n: int) -> NDArray[np.int32]:
    pairs = as_array("edges", edges if isinstance(edges, np.ndarray) else as_list("edges", edges))
    if pairs.size == 0 and pairs.ndim <= 2:
        return np.empty((0, 2), np.int32)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise GraphError(f"`edges` must be pairs of node numbers, got {short(edges)}")
    wrong = np.flatnonzero(((pairs < 0) | (pairs >= n)).any(axis=1))
    if len(wrong):
        got = f"{tuple(pairs[wrong[0]].tolist())} at index {wrong[0]}"
        raise GraphError(f"`edges` must join nodes 0 to {n - 1}, got {got}")
    return pairs.astype(np.int32)


def _renumbered(name: str, given: Any, rank: NDArray[np.int32]) -> NDArray[np.int32]:
    nodes = as_indices(name, given)
    check_nodes(name, nodes, len(rank))
    return np.sort(rank[nodes])
