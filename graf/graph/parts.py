"""Parts of graphs: what is live, and named cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graf.exceptions import check_known

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["cell", "live_nodes"]


def live_nodes(graph: ComputationGraph) -> np.ndarray:
    """Mask of the nodes on a path from an input to an output without zero operations."""
    zero = np.array([op.zero for op in graph.ops.operations] + [False])
    usable = ~zero[graph.node_op]
    forward, backward = np.zeros((2, graph.n_nodes), bool)
    forward[graph.inputs] = True
    for node in range(graph.n_nodes):
        forward[node] = usable[node] and (forward[node] or forward[graph.predecessors(node)].any())
    backward[graph.outputs] = True
    for node in reversed(range(graph.n_nodes)):
        backward[node] = usable[node] and (backward[node] or backward[graph.successors(node)].any())
    return forward & backward


def cell(graph: ComputationGraph, name: str) -> ComputationGraph:
    """The subgraph of one named cell; its ends are the graph's, or its own border."""
    from graf.graph.computation_graph import ComputationGraph

    check_known("cell", name, graph.cells)
    kept = np.sort(graph.cells[name])
    number = {int(node): i for i, node in enumerate(kept)}
    return ComputationGraph.from_edges(
        [graph.op_names[node] for node in kept],
        [(number[u], number[v]) for u, v in graph.edges.tolist() if u in number and v in number],
        inputs=[number[u] for u in graph.inputs.tolist() if u in number] or None,
        outputs=[number[u] for u in graph.outputs.tolist() if u in number] or None,
        ops=graph.ops,
        ops_on=graph.ops_on,
        names=None if graph.names is None else [graph.names[node] for node in kept],
        attributes={key: values[kept] for key, values in graph.attributes.items()},
    )
