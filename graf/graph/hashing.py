"""A hash of a graph that does not depend on how its nodes are numbered."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["SHAPES", "canonical_hash"]

SHAPES = (
    "channels", "dilation", "expansion", "groups", "head_dim", "heads", "kernel", "mlp_ratio", "stride",
)  # fmt: skip


def canonical_hash(graph: ComputationGraph) -> str:
    """Hash of operations with their settings, edges, cells, inputs and outputs, whatever the numbering.

    Colour refinement in both directions (Weisfeiler and Leman, 1968): a node's label is
    refined by the sorted labels of its predecessors and of its successors until the number of
    distinct labels stops growing. Isomorphic graphs always agree; graphs that refinement
    cannot tell apart, none among the cells of NAS-Bench-101, agree too. Inputs are a set, and so
    are outputs: graphs that differ only in which input is which agree. Names, unused
    vocabulary and attributes that are no settings of an operation (`SHAPES`) do not count.
    O((V + E) log V) per round, at most V rounds.
    """
    inputs, outputs = set(graph.inputs.tolist()), set(graph.outputs.tolist())
    shapes = [(name, graph.attributes[name]) for name in SHAPES if _is_numeric(graph, name)]
    cells = _cells(graph)
    labels = [
        _digest(f"{name or ''}|{node in inputs}|{node in outputs}|{_shape(shapes, node)}|{cells[node]}")
        for node, name in enumerate(graph.op_names)
    ]
    before = [graph.predecessors(node).tolist() for node in range(graph.n_nodes)]
    after = [graph.successors(node).tolist() for node in range(graph.n_nodes)]
    n_labels = 0
    while len(set(labels)) > n_labels:
        n_labels = len(set(labels))
        labels = [
            _digest(f"{own}<{sorted(labels[u] for u in preds)}>{sorted(labels[v] for v in succs)}")
            for own, preds, succs in zip(labels, before, after, strict=True)
        ]
    return _digest("".join(sorted(labels)))


def _is_numeric(graph: ComputationGraph, name: str) -> bool:
    return name in graph.attributes and graph.attributes[name].dtype.kind != "U"


def _cells(graph: ComputationGraph) -> list[list[str]]:
    """Names of the cells that each node belongs to."""
    found: list[list[str]] = [[] for _ in range(graph.n_nodes)]
    for name in sorted(graph.cells):
        for node in graph.cells[name].tolist():
            found[node].append(name)
    return found


def _shape(attributes: list[tuple[str, NDArray[Any]]], node: int) -> str:
    """What the attributes say of a node; those that do not apply to it leave no trace."""
    return ",".join(
        f"{name}:{v[node].astype(float).tolist()}" for name, v in attributes if not np.isnan(v[node]).all()
    )


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
