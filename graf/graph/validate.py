"""What makes a computation graph valid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from graf.exceptions import GraphError
from graf.graph.checks import (
    as_attributes,
    as_cells,
    as_indices,
    as_labels,
    check_nodes,
    check_op_set,
    check_range,
    short,
)

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["check_graph", "frozen_fields"]

INDEX_FIELDS = ("node_op", "pred_indptr", "preds", "inputs", "outputs")


def frozen_fields(graph: ComputationGraph) -> dict[str, Any]:
    """The fields of a graph that hold arrays or labels, as read-only arrays and tuples."""
    fields: dict[str, Any] = {name: as_indices(name, getattr(graph, name)) for name in INDEX_FIELDS}
    n = len(fields["node_op"])
    return {
        **fields,
        "names": None if graph.names is None else tuple(as_labels(graph.names, n)),
        "attributes": as_attributes(graph.attributes, n),
        "cells": as_cells(graph.cells),
    }


def check_graph(graph: ComputationGraph) -> None:
    """Raise `GraphError` unless the arrays describe a numbered acyclic graph."""
    n = graph.n_nodes
    if n == 0:
        raise GraphError("a graph must have at least one node, got none")
    check_op_set(graph.ops)
    if graph.ops_on not in ("nodes", "edges"):
        raise GraphError(f"`ops_on` must be 'nodes' or 'edges', got {short(graph.ops_on)}")
    check_range("node_op", graph.node_op, -1, len(graph.ops))
    if len(graph.pred_indptr) != n + 1 or graph.pred_indptr[0] != 0 or np.any(np.diff(graph.pred_indptr) < 0):
        raise GraphError(f"`pred_indptr` must rise from 0 in {n} steps, got {short(graph.pred_indptr)}")
    if graph.pred_indptr[-1] != len(graph.preds):
        raise GraphError(f"`preds` must have {graph.pred_indptr[-1]} entries, got {len(graph.preds)}")
    check_range("preds", graph.preds, 0, n)
    if np.any(graph.edges[:, 0] >= graph.edges[:, 1]):
        raise GraphError("nodes must be numbered in topological order; use `ComputationGraph.from_edges`")
    for name, ends in (("inputs", graph.inputs), ("outputs", graph.outputs)):
        if not len(ends):
            raise GraphError(f"`{name}` must hold at least one node, got none")
        check_nodes(name, ends, n)
    for name, nodes in graph.cells.items():
        check_nodes(f"cells[{name!r}]", nodes, n)
