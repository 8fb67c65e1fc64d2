"""Slow and obvious twins of what graf computes fast."""

import math
from collections import Counter
from itertools import pairwise

import networkx as nx
import numpy as np

WIDTH = 3
RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(64, WIDTH))
POOL = RNG.normal(size=(WIDTH, WIDTH)) / 2
WEIGHTS = RNG.normal(size=(64, WIDTH, WIDTH))


def live_nodes(graph):
    """Nodes on a path from an input to an output that holds no zero operation."""
    usable = graph.to_networkx()
    usable.remove_nodes_from([node for node, op in enumerate(graph.op_names) if op == "none"])
    inputs, outputs = (set(ends.tolist()) & set(usable) for ends in (graph.inputs, graph.outputs))
    after = {node for start in inputs for node in nx.descendants(usable, start) | {start}}
    before = {node for end in outputs for node in nx.ancestors(usable, end) | {end}}
    return sorted(after & before)


def outputs(graph, weights):
    """What the network returns at its outputs, as (n_runs, n_outputs, WIDTH).

    Operations act on vectors: pooling is a fixed matrix, a convolution a random matrix and a
    function of its kind. `weights` (n_runs, n_nodes) says which matrix each node uses.
    """
    inputs = {node: i for i, node in enumerate(graph.inputs.tolist())}
    values = []
    for node, op in enumerate(graph.op_names):
        read = [values[u] for u in graph.predecessors(node).tolist()]
        x = sum(read, np.zeros((len(weights), WIDTH)))
        if node in inputs:
            x = x + INPUTS[inputs[node]]
        values.append(_applied(op, x, WEIGHTS[weights[:, node]]))
    return np.stack([values[node] for node in graph.outputs.tolist()], axis=1)


def _applied(op, x, weights):
    if op is None or op == "skip":
        return x
    if op == "none":
        return 0 * x
    if op == "avg_pool3x3":
        return x @ POOL
    if op == "max_pool3x3":
        return np.tanh(x)
    return {"conv1x1": np.sin, "conv3x3": np.arctan}[op]((weights @ x[:, :, None])[:, :, 0])


def isomorphic(a, b):
    """Whether networkx finds a renumbering of one graph that gives the other."""
    match = nx.algorithms.isomorphism.categorical_node_match(["op", "is_input", "is_output"], [None] * 3)
    return nx.is_isomorphic(a.to_networkx(), b.to_networkx(), node_match=match)


def operation_sequences(graph):
    """Operations along every path from an input to an output, with the number of such paths."""
    found = Counter()
    for start in graph.inputs.tolist():
        pending = [(start, ())]
        while pending:
            node, done = pending.pop()
            done = done if graph.op_names[node] is None else (*done, graph.op_names[node])
            found[done] += node in graph.outputs
            pending += [(v, done) for v in graph.successors(node).tolist()]
    return +found


def all_paths(graph):
    """Every path from an input to an output as a list of nodes, parallel edges told apart."""
    outputs = set(graph.outputs.tolist())

    def onward(node):
        if node in outputs:
            yield [node]
        for after in graph.successors(node).tolist():
            for rest in onward(after):
                yield [node, *rest]

    return [path for start in graph.inputs.tolist() for path in onward(start)]


def path_lengths(graph, allowed):
    """Numbers of operations on the paths whose operations are all allowed."""
    named = [[graph.op_names[v] for v in path if graph.op_names[v] is not None] for path in all_paths(graph)]
    return [len(names) for names in named if set(names) <= set(allowed)]


def traded_path_len(graph, allowed):
    """Allowed operations on the path of least (other - allowed, operations)."""
    weighed = []
    for path in all_paths(graph):
        names = [graph.op_names[v] for v in path if graph.op_names[v] is not None]
        good = sum(name in allowed for name in names)
        weighed.append((len(names) - 2 * good, len(names), good))
    return min(weighed)[2] if weighed else math.nan


def node_degree(graph, allowed):
    """in, out, mean in, mean out, edge by edge."""
    good = [name in allowed for name in graph.op_names]
    inputs, outputs = set(graph.inputs.tolist()), set(graph.outputs.tolist())
    stations = graph.stations.tolist()
    edges = graph.edges.tolist()
    return [
        sum(u in inputs and good[v] for u, v in edges),
        sum(v in outputs and good[u] for u, v in edges),
        sum(stations[v] and good[u] for u, v in edges) / sum(stations) if any(stations) else math.nan,
        sum(stations[u] and good[v] for u, v in edges) / sum(stations) if any(stations) else math.nan,
    ]


def live_paths(graph):
    """Every path without zero operations, as a list of nodes."""
    return [path for path in all_paths(graph) if not any(graph.op_names[v] == "none" for v in path)]


def live_size(graph):
    """Nodes, edges, depth and width of what lies on paths without zero operations."""
    paths = live_paths(graph)
    nodes = {v for path in paths for v in path}
    is_op = [name is not None for name in graph.op_names]
    stations = graph.stations.tolist()
    edges = sum(not stations[v] for v in nodes)
    # an edge between two live nodes need not lie on a path that ends there, but it lies on one
    edges += sum(u in nodes and v in nodes and stations[u] and stations[v] for u, v in graph.edges.tolist())
    depth_of = {v: max(sum(is_op[u] for u in p[: p.index(v) + 1]) for p in paths if v in p) for v in nodes}
    at_depth = [depth_of[v] for v in nodes if is_op[v]]
    return [
        sum(stations[v] for v in nodes),
        edges,
        max((sum(is_op[v] for v in p) for p in paths), default=math.nan),
        max((at_depth.count(d) for d in at_depth), default=0),
    ]


def _active(graph, nodes):
    return [graph.op_names[v] for v in nodes if graph.op_names[v] not in (None, "skip", "none")]


def op_depth(graph, allowed):
    """Fewest and most active operations before, then behind, an operation of the set."""
    before, behind = [], []
    for path in live_paths(graph):
        for i, v in enumerate(path):
            if graph.op_names[v] in allowed:
                before.append(len(_active(graph, path[:i])))
                behind.append(len(_active(graph, path[i + 1 :])))
    if not before:
        return [math.nan] * 4
    return [min(before), max(before), min(behind), max(behind)]


def junction_degree(graph, allowed):
    """Live operations of the set beside the first and last three junctions."""
    live = {v for path in live_paths(graph) for v in path}
    good = {v for v in live if graph.op_names[v] in allowed}
    junctions = [v for v, op in enumerate(graph.op_names) if op is None]
    edges = graph.edges.tolist()
    out = [sum(u == j and v in good for u, v in edges) for j in junctions[:3]]
    back = [sum(v == j and u in good for u, v in edges) for j in junctions[::-1][:3]]
    return [found[k] if k < len(found) else math.nan for found in (out, back) for k in range(3)]


def path_ops(graph, allowed):
    """Fewest, mean and most operations of the set on live paths."""
    counts = [sum(graph.op_names[v] in allowed for v in path) for path in live_paths(graph)]
    return [min(counts), sum(counts) / len(counts), max(counts)] if counts else [math.nan] * 3


def followers(graph):
    """How often active operations follow each other on live paths; None is an end."""
    found = Counter()
    for path in live_paths(graph):
        names = [None, *_active(graph, path), None]
        found.update(pairwise(names))
    return found


def branching(graph, op):
    """Most active operations before, and behind, one live operation of the kind."""
    live = {v for path in live_paths(graph) for v in path}
    edges = [(u, v) for u, v in graph.edges.tolist() if u in live and v in live]

    def ways(node, step):
        found = 0
        for edge in edges:
            if edge[step] == node:
                other = edge[1 - step]
                found += 1 if _active(graph, [other]) else ways(other, step)
        return found

    nodes = [v for v in live if graph.op_names[v] == op]
    return [max((ways(v, step) for v in nodes), default=0) for step in (1, 0)]
