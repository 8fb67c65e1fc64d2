"""Graphs without what cannot change their function, and parts of graphs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graf.exceptions import UnknownNameError

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["cell", "simplified"]


def simplified(graph: ComputationGraph) -> ComputationGraph:
    """A graph of the same function without dead, zero, identity and repeated parts.

    In order: zero operations and everything that no longer lies between an input and an output
    go; identities and inner junctions are contracted, so that an operation reads the sum of its
    predecessors (an edge occurs twice where a tensor is added twice); linear operations are
    applied to each term of a sum, since pool(a + b) = pool(a) + pool(b); operations without
    parameters that read the same tensors are merged, unless the attribute `call_id` tells them apart, as
    in networks that were read: what they slice, and along which axes they work, is not in the graph. Inputs and outputs always stay, so a cell
    that passes nothing on becomes an input and an output without a path. Sums stay junctions
    where a reader may do something else than add them to what else it reads: operations on nodes,
    and junctions that read junctions, as where a cell concatenates. An operation whose node has
    parameters (a pool behind a projection) is not merged. Names are
    dropped; attributes and cells are kept for the nodes that stay.

    A skip counts as an identity also where it changes the shape and so has weights, as those that
    read the input of a reduction cell: cells that differ in such weights alone are not told apart.

    Cells of NAS-Bench-201 and TransNAS-Bench-101-micro that compute the same function, up to
    the names of their weights, get graphs with the same `canonical_hash`. Contracted sums are
    written out, so the number of edges can grow to the number of paths.

    Examples
    --------
    >>> from graf import ComputationGraph
    >>> g = ComputationGraph.from_edge_operations(
    ...     3, [(0, 1, "skip"), (1, 2, "conv3x3"), (0, 2, "none")], inputs=[0], outputs=[2])
    >>> g.simplified().op_names
    (None, 'conv3x3', None)
    """
    from graf.graph.computation_graph import ComputationGraph

    ends = set(graph.inputs.tolist()) | set(graph.outputs.tolist())
    live, kept_sums = graph.live, _kept_sums(graph)
    weights, calls = (
        np.nan_to_num(graph.attributes.get(name, np.zeros(graph.n_nodes)))
        for name in ("n_parameters", "call_id")
    )
    sources: list[int] = []  # node of `graph` behind each new node
    reads: list[list[int]] = []  # new nodes that each new node reads
    merged: dict[tuple[int, float, tuple[int, ...]], int] = {}
    carried: dict[int, list[int]] = {}  # new nodes whose sum each node of `graph` carries

    def add(node: int, terms: list[int]) -> int:
        sources.append(node)
        reads.append(terms)
        return len(sources) - 1

    def add_once(node: int, terms: list[int]) -> int:
        key = (int(graph.node_op[node]), float(calls[node]), tuple(terms))
        if key not in merged:
            merged[key] = add(node, terms)
        return merged[key]

    for node in range(graph.n_nodes):
        if not live[node] and node not in ends:
            continue
        readable = [u for u in graph.predecessors(node).tolist() if live[u]] if live[node] else []
        terms = sorted(term for u in readable for term in carried[u])
        op = None if graph.node_op[node] < 0 else graph.ops.operation(graph.node_op[node])
        passes = op is None or op.identity
        stateful = op is not None and not passes and (not op.stateless or weights[node] > 0)
        if node in ends or stateful or (passes and kept_sums[node] and len(terms) != 1):
            carried[node] = [add(node, terms)]
        elif passes:
            carried[node] = terms
        elif op is not None and op.linear:
            carried[node] = [add_once(node, [term]) for term in terms]
        else:
            carried[node] = [add_once(node, terms)]
    new_number = {node: i for i, node in enumerate(sources)}
    return ComputationGraph.from_edges(
        [graph.op_names[node] for node in sources],
        [(u, v) for v, terms in enumerate(reads) for u in terms],
        inputs=[new_number[node] for node in graph.inputs.tolist()],
        outputs=[new_number[node] for node in graph.outputs.tolist()],
        ops=graph.ops,
        attributes={name: values[sources] for name, values in graph.attributes.items()},
        cells={name: np.flatnonzero(np.isin(sources, nodes)).tolist() for name, nodes in graph.cells.items()},
    )


def _kept_sums(graph: ComputationGraph) -> np.ndarray:
    """Mask of the nodes whose sum must stay, since a reader may not simply add it up."""
    if graph.ops_on == "nodes":
        return np.ones(graph.n_nodes, bool)
    kept = np.zeros(graph.n_nodes, bool)
    sources, targets = graph.edges.T
    kept[sources[(graph.node_op[sources] < 0) & (graph.node_op[targets] < 0)]] = True
    return kept


def live_nodes(graph: ComputationGraph) -> np.ndarray:
    """Mask of the nodes on a path from an input to an output without zero operations."""
    zero = np.array([ops.zero for ops in map(graph.ops.operation, range(len(graph.ops)))] + [False])
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

    if name not in graph.cells:
        raise UnknownNameError("cell", name, graph.cells)
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
