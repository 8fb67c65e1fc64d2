"""The columns of whole networks against their twins through networkx."""

import naive
import naive_networks
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from strategies import OF_NETWORKS, networks, node_graphs

from graf import ComputationGraph, GraphBatch
from graf.features import FEATURES
from graf.features.networks import CHOSEN
from graf.features.registry import are_zero
from graf.kernels._jit import threads_for
from graf.kernels.path_moments import path_shares

SETS = {"graph": [()], "attribute": [("channels",), ("n_macs",)]}
PAIRS = [("conv3x3", "relu"), ("activation", "linear"), ("convolution", "elementwise")]
OPERATIONS = ["conv3x3", "add", "convolution", "activation", "attention", "other", "concat", "normalisation"]


def chain(*operations, extra=(), **attributes):
    edges = [(i, i + 1) for i in range(len(operations) - 1)]
    return ComputationGraph.from_edges(operations, [*edges, *extra], ops=OF_NETWORKS, attributes=attributes)


CASES = {
    "one operation": chain("conv3x3"),
    "one junction": chain(None),
    "chain": chain(
        None, "conv3x3", "relu", "linear", n_output_bytes=[4, 8, 8, 2], kernel=[np.nan, 3, np.nan, 1]
    ),
    "diamond": ComputationGraph.from_edges(
        ["conv1x1", "relu", "gelu", "add"], [(0, 1), (0, 2), (1, 3), (2, 3)], ops=OF_NETWORKS
    ),
    "disconnected": ComputationGraph.from_edges(
        ["conv1x1", "relu", "gelu", "linear"], [(0, 1), (2, 3)], inputs=[0], outputs=[3], ops=OF_NETWORKS
    ),
    "parts": ComputationGraph.from_edges(["conv1x1"] * 9, [(0, 1), (2, 3), (3, 4)], ops=OF_NETWORKS),
    "an edge twice": chain("conv1x1", "multiply", extra=[(0, 1)]),
    "an edge twice beside another": chain("conv1x1", "relu", "add", extra=[(0, 2), (0, 2)]),
}


def check(graph, families=tuple(naive_networks.TWINS)):
    facts = naive_networks.as_networkx(graph)
    batch = GraphBatch.from_graphs([graph])
    for family in families:
        declared, twin = FEATURES[family], naive_networks.TWINS[family]
        singles = [(name,) for name in OPERATIONS]
        sets = SETS.get(declared.over, PAIRS if declared.over == "pair" else singles)
        if declared.over == "set":
            sets = [*singles, ("linear", "convolution", "batch_norm")]
        found = np.empty((1, len(sets) * len(declared.stats)))
        with threads_for(1):
            declared.compute(batch, sets, found)
        expected = np.array(twin(facts, sets), float)
        rows = found.reshape(len(sets), -1)[:, : expected.shape[1]]
        np.testing.assert_allclose(rows, expected, rtol=1e-9, atol=1e-9, err_msg=family)


@pytest.mark.parametrize("name", CASES)
def test_edge_cases(name):
    check(CASES[name])


@settings(max_examples=150)
@given(networks())
def test_random_networks(graph):
    check(graph)


@settings(max_examples=100)
@given(node_graphs(max_nodes=9))
def test_random_cells(graph):
    check(graph)


def test_a_large_random_network():
    check(layered(700))


def layered(size, seed=0):
    """A random network of some depth, with forks and merges far beyond one word of bits."""
    rng = np.random.default_rng(seed)
    edges = [(v - 1, v) for v in range(1, size)]
    edges += [(int(rng.integers(max(0, v - 40), v)), v) for v in range(1, size) if rng.random() < 0.4]
    return ComputationGraph.from_edges(rng.choice(OF_NETWORKS.names, size).tolist(), edges, ops=OF_NETWORKS)


@given(node_graphs(max_nodes=9))
def test_shares_of_paths_are_what_counts_give(graph):
    batch = GraphBatch.from_graphs([graph])
    shares = np.empty((1, len(graph.ops)))
    path_shares(*batch.arrays, are_zero(graph.ops), shares)
    expected = naive_networks.path_ops(naive_networks.as_networkx(graph), [(name,) for name in graph.ops])
    np.testing.assert_allclose(shares[0], [mean for _, mean, _ in expected], rtol=1e-12, atol=1e-12)


@pytest.mark.filterwarnings("ignore:overflow")  # numpy warns where the kernel runs uncompiled
def test_a_network_of_more_paths_than_floats_hold():
    of_paths = ("path_ops", "log_paths", "effective_depth", "gradient_path", "branching")
    check(layered(2500), of_paths)


def test_every_column_of_networks_has_a_twin():
    assert set(CHOSEN) == set(naive_networks.TWINS)


@given(node_graphs(max_nodes=8))
def test_the_twins_count_as_one_path_after_the_other_does(graph):
    facts = naive_networks.as_networkx(graph)
    lengths = [sum(graph.op_names[v] is not None for v in path) for path in naive.live_paths(graph)]
    found = naive_networks.effective_depth(facts, [()])[0]
    assert 10 ** naive_networks.log_paths(facts, [()])[0][0] == pytest.approx(
        len(lengths) or np.nan, nan_ok=True
    )
    assert found[4] == pytest.approx(np.mean(lengths) if lengths else np.nan, nan_ok=True)
    assert found[5] == pytest.approx(np.std(lengths) if lengths else np.nan, nan_ok=True)


@given(node_graphs(max_nodes=9))
def test_shortcuts_are_what_a_transitive_reduction_leaves_out(graph):
    plain = nx.DiGraph(graph.edges.tolist())
    left_out = plain.number_of_edges() - nx.transitive_reduction(plain).number_of_edges()
    once = ComputationGraph.from_edges(["add"] * graph.n_nodes, list(plain.edges))
    found = np.empty((1, 4))
    FEATURES["shortcut"].compute(GraphBatch.from_graphs([once]), [("add",)], found)
    assert found[0, 0] == left_out
