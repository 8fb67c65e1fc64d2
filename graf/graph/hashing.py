"""A hash of a graph that does not depend on how its nodes are numbered."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["canonical_hash"]


def canonical_hash(graph: ComputationGraph) -> str:
    """Hash of operations, edges, inputs and outputs, invariant under renumbering.

    Colour refinement in both directions (Weisfeiler and Leman, 1968): a node's label is
    refined by the sorted labels of its predecessors and of its successors until the number of
    distinct labels stops growing. Isomorphic graphs always agree; graphs that refinement
    cannot tell apart, none among the cells of the supported spaces, agree too. Names,
    attributes and unused vocabulary do not count. O((V + E) log V) per round, at most V
    rounds.
    """
    inputs, outputs = set(graph.inputs.tolist()), set(graph.outputs.tolist())
    labels = [
        _digest(f"{name or ''}|{node in inputs}|{node in outputs}")
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


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
