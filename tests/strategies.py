"""Random graphs and other inputs for property tests."""

import networkx as nx
import numpy as np
from hypothesis import strategies as st

from graf import ComputationGraph, OpSet

OPS = OpSet(("none", "skip", "conv3x3", "avg_pool3x3", "max_pool3x3"))
OF_NETWORKS = OpSet(
    (
        "conv1x1", "conv3x3", "dw_conv3x3", "conv_transpose2x2", "linear", "attention", "rotary", "relu", "gelu",
        "softmax", "layer_norm", "add", "multiply", "concat", "global_avg_pool", "resize", "lstm", "mystery",
    )
)  # fmt: skip
VALUES = {
    "n_parameters": [0, 0, 3, 50], "n_macs": [0, 7, 100, 10**9], "n_elementary": [0, 5, 1000],
    "n_activations": [1, 4, 64], "n_bytes": [0, 8, 100, 10**6], "n_output_bytes": [0, 4, 64, 256, 10**6],
    "kernel": [np.nan, 1, 3, 7], "stride": [np.nan, 1, 2], "dilation": [np.nan, 1, 2], "groups": [np.nan, 1, 8],
    "channels": [np.nan, 4, 8, 32], "resolution": [np.nan, 1, 7, 32], "sequence": [np.nan, np.nan, 16, 49],
    "heads": [np.nan, 4, 8], "kv_heads": [np.nan, 1, 4, 8], "head_dim": [np.nan, 16], "windows": [np.nan, 1, 4],
    "key_sequence": [np.nan, 16, 49], "self_attention": [np.nan, 0, 1], "relative_bias": [np.nan, 0, 1],
    "kernel_height": [np.nan, 1, 7], "kernel_width": [np.nan, 3, 7], "packing": [np.nan, 0.5, 2],
    "causal": [np.nan, 0, 1], "shared_id": [np.nan, 0, 1, 2], "folded_norms": [0, 0, 1],
}  # fmt: skip


@st.composite
def dags(draw, max_nodes=8, names=OPS.names):
    """(operations, edges) of a DAG in random numbering: junctions, repeated edges, dead nodes."""
    n = draw(st.integers(1, max_nodes))
    operations = draw(st.lists(st.sampled_from([None, *names]), min_size=n, max_size=n))
    pairs = st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda pair: pair[0] != pair[1])
    drawn = draw(st.lists(pairs, max_size=2 * n)) if n > 1 else []
    order = draw(st.permutations(range(n)))
    return operations, [(order[min(pair)], order[max(pair)]) for pair in drawn]


def node_sets(n):
    """A non-empty list of distinct nodes, for inputs and outputs, or None for the default."""
    return st.none() | st.lists(st.integers(0, n - 1), min_size=1, max_size=n, unique=True)


@st.composite
def node_graphs(draw, max_nodes=8):
    """Graphs with operations on nodes, several inputs and outputs."""
    operations, edges = draw(dags(max_nodes))
    ends = node_sets(len(operations))
    return ComputationGraph.from_edges(operations, edges, inputs=draw(ends), outputs=draw(ends), ops=OPS)


@st.composite
def edge_graphs(draw, max_nodes=8):
    """Graphs with operations on the edges between junctions, at most `max_nodes` nodes in all."""
    n = draw(st.integers(1, max(1, max_nodes // 2)))
    pairs = [(u, v) for u in range(n) for v in range(u + 1, n)]
    edge = st.tuples(st.sampled_from(pairs), st.sampled_from(OPS.names)) if pairs else st.nothing()
    drawn = draw(st.lists(edge, max_size=max_nodes - n)) if pairs else []
    order = draw(st.permutations(range(n)))
    edges = [(order[u], order[v], op) for (u, v), op in drawn]
    ends = node_sets(n)
    return ComputationGraph.from_edge_operations(n, edges, inputs=draw(ends), outputs=draw(ends), ops=OPS)


@st.composite
def networks(draw, max_nodes=10):
    """Graphs with operations of whole networks, and with the attributes that readers give."""
    operations, edges = draw(dags(max_nodes, OF_NETWORKS.names))
    n = len(operations)
    ends = node_sets(n)
    attributes = {
        name: draw(st.lists(st.sampled_from(values), min_size=n, max_size=n))
        for name, values in VALUES.items()
    }
    return ComputationGraph.from_edges(
        operations, edges, inputs=draw(ends), outputs=draw(ends), ops=OF_NETWORKS, attributes=attributes
    )


def renumbered(graph, random, **changes):
    """The same graph with nodes and edges in another order, and with other arguments of `from_edges` perhaps."""
    order = list(range(graph.n_nodes))
    random.shuffle(order)
    back = np.argsort(order)
    edges = [(order[u], order[v]) for u, v in graph.edges.tolist()]
    random.shuffle(edges)
    arguments = {
        "inputs": [order[v] for v in graph.inputs],
        "outputs": [order[v] for v in graph.outputs],
        "ops": graph.ops,
        "ops_on": graph.ops_on,
        "attributes": {name: values[back] for name, values in graph.attributes.items()},
    }
    return ComputationGraph.from_edges([graph.op_names[v] for v in back], edges, **arguments | changes)


def graphs(max_nodes=8):
    """Computation graphs of both kinds."""
    return st.one_of(node_graphs(max_nodes), edge_graphs(max_nodes))


def json_values():
    """Whatever JSON can hold."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    )


@st.composite
def networkx_graphs(draw):
    """Directed networkx graphs with arbitrary attributes, cycles and self-loops."""
    kind = draw(st.sampled_from([nx.DiGraph, nx.MultiDiGraph, nx.Graph]))
    labels = st.integers(0, 5) | st.sampled_from("ab")
    names = st.sampled_from(["op", "name", "is_input", "is_output", "n_parameters", "ops_on"])
    values = json_values() | st.sampled_from(OPS.names)
    attributes = st.dictionaries(names, values, max_size=3)
    graph = kind(**draw(attributes))
    graph.add_nodes_from(draw(st.lists(st.tuples(labels, attributes), max_size=5)))
    graph.add_edges_from(draw(st.lists(st.tuples(labels, labels, attributes), max_size=5)))
    return graph


@st.composite
def damaged(draw, text):
    """A text with a stretch of it replaced by something else, often by little."""
    start = draw(st.integers(0, len(text)))
    stop = draw(st.integers(start, min(len(text), start + 8)))
    return (
        text[:start]
        + draw(st.text(max_size=4) | st.text("|+~-_()[]{},: 0123456789", max_size=4))
        + text[stop:]
    )
