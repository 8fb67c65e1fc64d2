"""Every check on a computation graph, and the numbering of its nodes."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import GraphError
from graf.graph.csr import offsets
from graf.ops import OpSet
from graf.ops.op_set import FORBIDDEN, is_name

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["check_graph", "expanded_edges", "frozen_fields", "number_nodes"]

INDEX_FIELDS = ("node_op", "pred_indptr", "preds", "inputs", "outputs")
ATTRIBUTE_TYPES = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float64, "U": np.str_}
SHOWN_OF_CYCLE = 8


def frozen_fields(graph: ComputationGraph) -> dict[str, Any]:
    """The fields of a graph that hold arrays or labels, as read-only arrays and tuples."""
    fields: dict[str, Any] = {name: _indices(name, getattr(graph, name)) for name in INDEX_FIELDS}
    n = len(fields["node_op"])
    attributes, cells = _checked_attributes(graph.attributes), _checked_cells(graph.cells)
    return {
        **fields,
        "names": None if graph.names is None else tuple(_labels(graph.names, n)),
        "attributes": {name: _attribute(name, values, n) for name, values in attributes.items()},
        "cells": {name: _indices(f"cells[{name!r}]", nodes) for name, nodes in cells.items()},
    }


def check_graph(graph: ComputationGraph) -> None:
    """Raise `GraphError` unless the arrays describe a numbered acyclic graph."""
    n = graph.n_nodes
    if n == 0:
        raise GraphError("a graph must have at least one node, got none")
    _check_op_set(graph.ops)
    if graph.ops_on not in ("nodes", "edges"):
        raise GraphError(f"`ops_on` must be 'nodes' or 'edges', got {_short(graph.ops_on)}")
    _check_range("node_op", graph.node_op, -1, len(graph.ops))
    if len(graph.pred_indptr) != n + 1 or graph.pred_indptr[0] != 0 or np.any(np.diff(graph.pred_indptr) < 0):
        raise GraphError(f"`pred_indptr` must rise from 0 in {n} steps, got {_short(graph.pred_indptr)}")
    if graph.pred_indptr[-1] != len(graph.preds):
        raise GraphError(f"`preds` must have {graph.pred_indptr[-1]} entries, got {len(graph.preds)}")
    _check_range("preds", graph.preds, 0, n)
    if np.any(graph.edges[:, 0] >= graph.edges[:, 1]):
        raise GraphError("nodes must be numbered in topological order; use `ComputationGraph.from_edges`")
    for name, ends in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if not len(ends):
            raise GraphError(f"`{name}` must hold at least one node, got none")
        _check_nodes(name, ends, n)
    for name, nodes in graph.cells.items():
        _check_nodes(f"cells[{name!r}]", nodes, n)


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
    labels = None if names is None else _labels(names, n)
    if ops is None:
        ops = OpSet(tuple(dict.fromkeys(name for name in operations if name is not None)))
    _check_op_set(ops)
    pairs = _edge_array(edges, n)
    try:
        order = _topological_order(n, pairs)
    except CycleError as error:
        cycle = error.args[1][:-1]
        junctions = [node for node in cycle if operations[node] is None]
        shown = junctions if junctions and ops_on == "edges" else cycle
        raise GraphError(f"`edges` must have no cycle, got {_cycle(shown, labels)}") from None
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
        "attributes": {
            name: _attribute(name, values, n)[order]
            for name, values in _checked_attributes(attributes).items()
        },
        "cells": {
            name: _renumbered(f"cells[{name!r}]", nodes, rank)
            for name, nodes in _checked_cells(cells).items()
        },
    }


def expanded_edges(n_junctions: int, edges: Sequence[tuple[int, int, str]]) -> dict[str, Any]:
    """Operations on edges (u, v, operation) as nodes between junctions, for `from_edges`."""
    if not isinstance(n_junctions, (int, np.integer)) or n_junctions < 1:
        raise GraphError(f"`n_junctions` must be a positive integer, got {_short(n_junctions)}")
    operations: list[str | None] = [None] * n_junctions
    plain: list[tuple[int, int]] = []
    for i, edge in enumerate(_listed("edges", edges)):
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
        f"`edges` must be (u, v, operation) with junctions 0 to {n_junctions - 1}, got {_short(edge)}"
        f" at index {position}"
    )


def _topological_order(n: int, pairs: NDArray[np.int32]) -> NDArray[np.intp]:
    if np.all(pairs[:, 0] < pairs[:, 1]):
        return np.arange(n)
    sorter: TopologicalSorter[int] = TopologicalSorter({node: [] for node in range(n)})
    for u, v in pairs.tolist():
        sorter.add(v, u)
    return np.fromiter(sorter.static_order(), np.intp, n)


def _cycle(nodes: list[int], labels: list[str] | None) -> str:
    shown = [str(node) if labels is None else labels[node] for node in nodes[:SHOWN_OF_CYCLE]]
    if len(nodes) > SHOWN_OF_CYCLE:
        shown.append(f"... ({len(nodes)} nodes)")
    return " -> ".join([*shown, shown[0]])


def _operations(operations: Any) -> list[str | None]:
    found = _listed("operations", operations)
    if not found:
        raise GraphError("a graph must have at least one node, but `operations` is empty")
    for i, name in enumerate(found):
        if name is not None and not isinstance(name, str):
            raise GraphError(f"`operations` must be strings or None, got {_short(name)} at index {i}")
    return found


def _check_op_set(ops: Any) -> None:
    if not isinstance(ops, OpSet):
        raise GraphError(f"`ops` must be an OpSet, got {_short(ops)}")


def _edge_array(edges: Any, n: int) -> NDArray[np.int32]:
    pairs = _array("edges", edges if isinstance(edges, np.ndarray) else _listed("edges", edges))
    if pairs.size == 0 and pairs.ndim <= 2:
        return np.empty((0, 2), np.int32)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or pairs.dtype.kind not in "iu":
        raise GraphError(f"`edges` must be pairs of node numbers, got {_short(edges)}")
    wrong = np.flatnonzero(((pairs < 0) | (pairs >= n)).any(axis=1))
    if len(wrong):
        got = f"{tuple(pairs[wrong[0]].tolist())} at index {wrong[0]}"
        raise GraphError(f"`edges` must join nodes 0 to {n - 1}, got {got}")
    return pairs.astype(np.int32)


def _renumbered(name: str, given: Any, rank: NDArray[np.int32]) -> NDArray[np.int32]:
    nodes = _indices(name, given)
    _check_nodes(name, nodes, len(rank))
    return np.sort(rank[nodes])


def _check_nodes(name: str, nodes: NDArray[np.int32], n: int) -> None:
    _check_range(name, nodes, 0, n)
    if len(set(nodes.tolist())) != len(nodes):
        raise GraphError(f"`{name}` must be distinct, got {_short(nodes)}")


def _check_range(name: str, values: NDArray[np.int32], low: int, high: int) -> None:
    if len(values) and (values.min() < low or values.max() >= high):
        wrong = np.flatnonzero((values < low) | (values >= high))[0]
        raise GraphError(
            f"`{name}` must lie between {low} and {high - 1}, got {values[wrong]} at index {wrong}"
        )


def _indices(name: str, values: Any) -> NDArray[np.int32]:
    array = _array(name, values)
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise GraphError(f"`{name}` must be a list of integers, got {_short(values)}")
    if array.size and (array.min() < -(2**31) or array.max() >= 2**31):
        raise GraphError(f"`{name}` must fit into 32 bits, got {_short(values)}")
    return _frozen(array.astype(np.int32))


def _attribute(name: str, values: Any, n: int) -> NDArray[Any]:
    array = _array(f"attributes[{name!r}]", values)
    if array.ndim == 0 or len(array) != n:
        raise GraphError(f"attribute {name!r} must have {n} entries, got {_short(values)}")
    kind = array.dtype.kind
    if kind not in ATTRIBUTE_TYPES or (kind == "u" and np.any(array >= 2**63)):
        raise GraphError(f"attribute {name!r} must hold 64-bit numbers or strings, got {_short(values)}")
    return _frozen(array.astype(ATTRIBUTE_TYPES[kind]))


def _labels(names: Any, n: int) -> list[str]:
    labels = [str(name) for name in _listed("names", names)]
    if len(labels) != n:
        raise GraphError(f"`names` must have {n} entries, got {len(labels)}")
    return labels


def _checked_attributes(values: Any) -> Mapping[str, Any]:
    """Attributes by name; columns are called after them."""
    found = _mapping("attributes", values)
    for name in found:
        if not is_name(name):
            raise GraphError(
                "names of `attributes` must be non-empty printable strings without any of"
                f" {FORBIDDEN!r}, got {_short(name)}"
            )
    return found


def _checked_cells(values: Any) -> Mapping[str, Any]:
    """Cells by name; columns are called after them, and after the simplified graph in the same place."""
    found = _mapping("cells", values)
    for name in found:
        if not re.fullmatch(r"\w+", name) or name == "simplified":
            raise GraphError(
                "names of `cells` must consist of letters, digits and underscores, and not be"
                f" 'simplified', got {_short(name)}"
            )
    return found


def _mapping(name: str, values: Any) -> Mapping[str, Any]:
    if not isinstance(values, Mapping) or not all(isinstance(key, str) for key in values):
        raise GraphError(f"`{name}` must be a dict with names as keys, got {_short(values)}")
    return values


def _listed(name: str, values: Any) -> list[Any]:
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise GraphError(f"`{name}` must be a list, got {_short(values)}")
    return list(values)


def _array(name: str, values: Any) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except (TypeError, ValueError, OverflowError):
        raise GraphError(f"`{name}` must be a list of equal entries, got {_short(values)}") from None


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def _short(value: Any) -> str:
    return reprlib.repr(value.tolist() if isinstance(value, np.ndarray) else value)
