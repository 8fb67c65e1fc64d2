"""Graphs without what cannot change their function."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["simplified"]


def simplified(graph: ComputationGraph) -> ComputationGraph:
    """A graph of the same function without dead, zero, identity and repeated parts.

    In order:

    1. Zero operations go, and everything that no longer lies between an input and an output.
    2. Identities and inner junctions are contracted: an operation reads the sum of its predecessors,
       one of them twice where a tensor is added twice.
    3. Linear operations are applied to each term of a sum, since pool(a + b) = pool(a) + pool(b).
    4. Operations without parameters that read the same tensors are merged. Those whose node has
       parameters (a pool behind a projection) are not, nor those that the attribute `call_id` tells
       apart, as in networks that were read: what they slice, and along which axes they work, is not in
       the graph.

    Inputs and outputs always stay, so a cell that passes nothing on becomes an input and an output
    without a path. A sum stays a junction where a reader may do something else than add it to what else
    it reads: among operations on nodes, and where junctions read junctions, as a concatenation does.
    Names are dropped; attributes and cells are kept for the nodes that stay. Sums are written out, so the
    number of edges can grow to the number of paths.

    A skip counts as an identity also where it changes the shape and so has weights, as those that read
    the input of a reduction cell: cells that differ in such weights alone are not told apart. A norm inside
    of an operation, as behind the pools of DARTS in NASLib's network, counts as linear where the operation
    does; what it makes of zeros, its bias, counts as nothing.

    Cells of NAS-Bench-201 and TransNAS-Bench-101-micro that compute the same function, up to the names of
    their weights, get graphs with the same `canonical_hash`. A few cells of DARTS and LHD that compute the
    same do not: sums that a concatenation reads stay as they are written, equal ones too, and it counts
    which of these is read.

    Examples
    --------
    >>> from graf import ComputationGraph
    >>> g = ComputationGraph.from_edge_operations(
    ...     3, [(0, 1, "skip"), (1, 2, "conv3x3"), (0, 2, "none")], inputs=[0], outputs=[2])
    >>> g.simplified().op_names
    (None, 'conv3x3', None)
    """
    from graf.graph.computation_graph import ComputationGraph

    new = _contracted(graph)
    number = {node: i for i, node in enumerate(new.sources)}
    return ComputationGraph.from_edges(
        [graph.op_names[node] for node in new.sources],
        [(u, v) for v, terms in enumerate(new.reads) for u in terms],
        inputs=[number[node] for node in graph.inputs.tolist()],
        outputs=[number[node] for node in graph.outputs.tolist()],
        ops=graph.ops,
        attributes={name: values[new.sources] for name, values in graph.attributes.items()},
        cells={
            name: np.flatnonzero(np.isin(new.sources, nodes)).tolist() for name, nodes in graph.cells.items()
        },
    )


class _NewNodes:
    """Nodes of the simplified graph: the node of the graph behind each, and the new nodes that it reads."""

    def __init__(self) -> None:
        self.sources: list[int] = []
        self.reads: list[list[int]] = []
        self._merged: dict[tuple[int, float, tuple[int, ...]], int] = {}

    def add(self, node: int, terms: list[int]) -> int:
        self.sources.append(node)
        self.reads.append(terms)
        return len(self.sources) - 1

    def add_once(self, node: int, terms: list[int], op: int, call: float) -> int:
        key = (op, call, tuple(terms))
        if key not in self._merged:
            self._merged[key] = self.add(node, terms)
        return self._merged[key]


def _contracted(graph: ComputationGraph) -> _NewNodes:
    ends = set(graph.inputs.tolist()) | set(graph.outputs.tolist())
    live, kept_sums, new = graph.live, _kept_sums(graph), _NewNodes()
    weights, calls = (_known(graph, name) for name in ("n_parameters", "call_id"))
    carried: dict[int, list[int]] = {}  # new nodes whose sum each node of the graph carries
    for node, kind in enumerate(graph.node_op.tolist()):
        if not live[node] and node not in ends:
            continue
        readable = [u for u in graph.predecessors(node).tolist() if live[u]] if live[node] else []
        terms = sorted(term for u in readable for term in carried[u])
        op = None if kind < 0 else graph.ops.operation(kind)
        passes = op is None or op.identity
        stateful = op is not None and not passes and (not op.stateless or weights[node] > 0)
        if node in ends or stateful or (passes and kept_sums[node] and len(terms) != 1):
            carried[node] = [new.add(node, terms)]
        elif passes:
            carried[node] = terms
        else:
            read = [[term] for term in terms] if op is not None and op.linear else [terms]
            carried[node] = [new.add_once(node, some, kind, calls[node]) for some in read]
    return new


def _known(graph: ComputationGraph, name: str) -> list[float]:
    """An attribute of each node, 0 where it is not known."""
    found: list[float] = np.nan_to_num(graph.attributes.get(name, np.zeros(graph.n_nodes))).tolist()
    return found


def _kept_sums(graph: ComputationGraph) -> np.ndarray:
    """Mask of the nodes whose sum must stay, since a reader may not simply add it up."""
    if graph.ops_on == "nodes":
        return np.ones(graph.n_nodes, bool)
    kept = np.zeros(graph.n_nodes, bool)
    sources, targets = graph.edges.T
    kept[sources[(graph.node_op[sources] < 0) & (graph.node_op[targets] < 0)]] = True
    return kept
