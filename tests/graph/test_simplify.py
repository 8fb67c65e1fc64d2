"""simplified(): the same function, and one form for every function."""

from dataclasses import replace
from itertools import permutations

import naive
import numpy as np
import pytest
from hypothesis import example, given
from strategies import graphs

from graf import ComputationGraph, get_space

ORDERS = np.array(list(permutations(range(6))))


@given(graphs(max_nodes=10))
def test_the_function_stays_the_same(graph):
    weights = np.arange(graph.n_nodes)
    graph = replace(graph, attributes={"weights": weights})
    simple = graph.simplified()
    before = naive.outputs(graph, weights[None])
    after = naive.outputs(simple, simple.attributes["weights"][None])
    np.testing.assert_allclose(after, before, atol=1e-9, rtol=1e-9)


@given(graphs(max_nodes=10))
def test_simplifying_twice_changes_nothing(graph):
    simple = graph.simplified()
    assert simple.simplified() == simple
    assert simple.simplified().canonical_hash == simple.canonical_hash


@given(graphs(max_nodes=10))
@example(ComputationGraph.from_edges([None] * 3, [(0, 1), (0, 1), (1, 2)]))
def test_only_live_parts_and_ends_stay(graph):
    simple = graph.simplified()
    ends = set(simple.inputs.tolist()) | set(simple.outputs.tolist())
    assert set(naive.live_nodes(simple)) | ends == set(range(simple.n_nodes))
    inner = [node for node in range(simple.n_nodes) if node not in ends]
    assert "none" not in {simple.op_names[node] for node in inner}
    passing = [node for node in inner if simple.op_names[node] in (None, "skip")]
    # where operations are on nodes, a tensor that several add up to stays: its reader may not just sum
    assert all(simple.ops_on == "nodes" and len(simple.predecessors(node)) > 1 for node in passing)
    assert len(simple.inputs) == len(graph.inputs)
    assert len(simple.outputs) == len(graph.outputs)


@pytest.mark.parametrize("name", ["transnas_micro", "nasbench201"])
def test_one_hash_for_every_function(name):
    """Cells have the same hash exactly if some exchange of their weights makes them return the same."""
    space = get_space(name)
    cells = space.sample(1000, seed=1)
    found = {(fingerprint(graph), graph.simplified().canonical_hash) for graph in space.batch(cells)}
    prints, hashes = zip(*found, strict=True)
    assert len(set(prints)) == len(set(hashes)) == len(found) < 1000


def fingerprint(cell):
    """Two numbers that do not change when the weights of the six operations change places."""
    weights = np.zeros((len(ORDERS), cell.n_nodes), int)
    weights[:, ~cell.stations] = ORDERS
    returned = naive.outputs(cell, weights)[:, 0]
    return tuple(np.cos(returned @ [[1, 0.2], [0.7, -0.7], [0.3, 1.3]]).mean(axis=0).round(9))


def edge_cell(*edges):
    return ComputationGraph.from_edge_operations(4, edges, inputs=[0], outputs=[3])


@pytest.mark.parametrize(
    ("cell", "operations", "edges"),
    [
        (edge_cell((0, 3, "none")), [None, None], []),
        (edge_cell((0, 3, "skip")), [None, None], [[0, 1]]),
        (edge_cell((0, 3, "skip"), (0, 1, "skip"), (1, 3, "skip")), [None, None], [[0, 1], [0, 1]]),
        (edge_cell((0, 1, "conv3x3"), (0, 3, "skip")), [None, None], [[0, 1]]),
        (edge_cell((0, 1, "none"), (1, 3, "conv3x3"), (0, 3, "skip")), [None, None], [[0, 1]]),
        (
            edge_cell((0, 1, "max_pool3x3"), (0, 2, "max_pool3x3"), (1, 3, "conv1x1"), (2, 3, "conv3x3")),
            [None, "max_pool3x3", "conv1x1", "conv3x3", None],
            [[0, 1], [1, 2], [1, 3], [2, 4], [3, 4]],
        ),
        (
            edge_cell((0, 1, "conv1x1"), (0, 1, "conv3x3"), (1, 3, "avg_pool3x3")),
            [None, "conv1x1", "conv3x3", "avg_pool3x3", "avg_pool3x3", None],
            [[0, 1], [0, 2], [1, 3], [2, 4], [3, 5], [4, 5]],
        ),
    ],
    ids=["zero", "identity", "twice", "dead end", "cut off", "same pool", "linear pool"],
)  # fmt: skip
def test_rules(cell, operations, edges):
    expected = ComputationGraph.from_edges(operations, edges, inputs=[0], outputs=[len(operations) - 1])
    assert cell.simplified().canonical_hash == expected.canonical_hash


def test_operations_of_different_calls_stay_apart():
    graph = ComputationGraph.from_edges(
        [None, "max_pool3x3", "max_pool3x3", "conv1x1"], [(0, 1), (0, 2), (1, 3), (2, 3)]
    )
    calls = [replace(graph, attributes={"call_id": np.array(own)}) for own in ([0, 1, 1, 2], [0, 1, 2, 3])]
    assert [one.simplified().n_nodes for one in (graph, *calls)] == [3, 3, 4]


def test_a_zero_at_an_output_reads_nothing():
    graph = ComputationGraph.from_edges(["conv3x3", "skip", "none"], [(0, 1), (0, 2)])
    assert graph.simplified().edges.tolist() == [[0, 1]]


def test_published_classes_have_the_same_paths(nasbench201):
    """The published classes do not look at shared operations, so they agree on what paths hold."""
    classes = nasbench201.groupby("isomorph_id").groups.values()
    several = [cells for cells in classes if len(cells) > 1]
    rng = np.random.default_rng(0)
    for i in rng.choice(len(several), 200, replace=False):
        batch = get_space("nasbench201").batch(several[i][:5])
        sequences = [naive.operation_sequences(graph.simplified()) for graph in batch]
        assert all(other == sequences[0] for other in sequences[1:])
