"""GraphBatch: packing, unpacking and changing the vocabulary."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import OPS, edge_graphs, graphs, node_graphs

from graf import ComputationGraph, GraphBatch, OpSet
from graf.exceptions import InputError, UnknownNameError
from graf.graph.batch import FOREIGN, INPUT, OUTPUT, STATION

CHAIN = ComputationGraph.from_edges(["conv3x3", None, "skip"], [(0, 1), (1, 2)], names=["a", "b", "c"])
PAIR = ComputationGraph.from_edges(["mystery", "skip"], [(0, 1), (0, 1)])


FORK = ComputationGraph.from_edges(["skip"] * 3, [(0, 1), (0, 2)], outputs=[1, 2])


@pytest.mark.parametrize(
    ("packed", "expected"),
    [([CHAIN, CHAIN], True), ([FORK], False), ([CHAIN, FORK], False), ([CHAIN, PAIR], False)],
)
def test_chains_have_no_branches(packed, expected):
    assert GraphBatch.from_graphs(packed).is_chains == expected


@given(st.lists(graphs(), min_size=1, max_size=5))
def test_unpacking_gives_the_graphs_back(packed):
    batch = GraphBatch.from_graphs(packed, OPS)
    assert len(batch) == len(packed)
    for graph, copy in zip(packed, batch, strict=True):
        assert copy.op_names == graph.op_names
        assert copy.canonical_hash == graph.canonical_hash
        np.testing.assert_array_equal(copy.edges, graph.edges)
        np.testing.assert_array_equal(copy.stations, graph.stations)
    assert batch[-1].canonical_hash == packed[-1].canonical_hash


@pytest.mark.parametrize("kind", [node_graphs, edge_graphs])
def test_layout(kind):
    @given(st.lists(kind(), min_size=1, max_size=4))
    def check(packed):
        batch = GraphBatch.from_graphs(packed)
        assert batch.offset.tolist() == [sum(g.n_nodes for g in packed[:i]) for i in range(len(packed) + 1)]
        for start, graph in zip(batch.offset, packed, strict=False):
            for node in range(graph.n_nodes):
                first, last = batch.pred_indptr[start + node : start + node + 2]
                assert batch.preds[first:last].tolist() == graph.predecessors(node).tolist()
                flags = batch.flags[start + node]
                assert bool(flags & INPUT) == (node in graph.inputs)
                assert bool(flags & OUTPUT) == (node in graph.outputs)
                assert bool(flags & STATION) == graph.stations[node]

    check()


def test_a_template_gives_the_same_batch_as_graphs():
    node_op = np.array([[0, -1, 1], [1, -1, 0]])
    batch = GraphBatch.from_template(CHAIN, node_op)
    other = ComputationGraph.from_edges(["skip", None, "conv3x3"], [(0, 1), (1, 2)], ops=CHAIN.ops)
    expected = GraphBatch.from_graphs([CHAIN, other], CHAIN.ops)
    for name in ("offset", "node_op", "flags", "pred_indptr", "preds"):
        np.testing.assert_array_equal(getattr(batch, name), getattr(expected, name))
        assert getattr(batch, name).dtype == getattr(expected, name).dtype


def test_a_template_with_other_predecessors_and_attributes():
    node_op = np.array([[0, -1, 1], [1, -1, 0]])
    batch = GraphBatch.from_template(
        CHAIN, node_op, preds=np.array([[0, 1], [0, 0]]), attributes={"n_macs": [[1, 0, 2], [3, 0, 4]]}
    )
    assert [graph.edges.tolist() for graph in batch] == [[[0, 1], [1, 2]], [[0, 1], [0, 2]]]
    assert [graph.n_macs for graph in batch] == [3, 7]


def test_attributes_that_some_graphs_lack_are_nan():
    heavy = ComputationGraph.from_edges(["skip"], [], attributes={"kernel": [3.0]})
    batch = GraphBatch.from_graphs([heavy, PAIR])
    np.testing.assert_array_equal(batch.attributes["kernel"], [3, np.nan, np.nan])


def test_strings_are_left_out():
    named = ComputationGraph.from_edges(
        ["skip", "skip"],
        [(0, 1)],
        attributes={"shape": ["1x8", "1x4"], "kernel": [1, 3], "causal": [True, False]},
    )
    numbered = ComputationGraph.from_edges(["skip"], [], attributes={"shape": [7]})
    assert set(GraphBatch.from_graphs([named]).attributes) == {"kernel", "causal"}
    mixed = GraphBatch.from_graphs([named, numbered])
    np.testing.assert_array_equal(mixed.attribute("shape"), [np.nan, np.nan, 7])
    np.testing.assert_array_equal(mixed.rows(["kernel", "causal"]), [[1, 3, np.nan], [1, 0, np.nan]])
    assert np.isnan(mixed.attribute("stride")).all()


@st.composite
def graphs_with_a_cell(draw):
    graph = draw(node_graphs())
    nodes = draw(st.sets(st.integers(0, graph.n_nodes - 1), min_size=1))
    weights = np.arange(graph.n_nodes)
    return ComputationGraph.from_edges(
        graph.op_names, graph.edges.tolist(), inputs=graph.inputs.tolist(), outputs=graph.outputs.tolist(),
        ops=OPS, cells={"part": sorted(nodes)}, attributes={"n_macs": weights},
    )  # fmt: skip


@given(st.lists(graphs_with_a_cell(), min_size=1, max_size=4))
def test_the_cell_of_a_batch_is_the_batch_of_cells(packed):
    batch = GraphBatch.from_graphs(packed)
    cells = batch.cell("part")
    expected = GraphBatch.from_graphs([graph.cell("part") for graph in packed], batch.ops)
    for name in ("offset", "node_op", "flags", "pred_indptr", "preds"):
        np.testing.assert_array_equal(getattr(cells, name), getattr(expected, name))
        assert getattr(cells, name).dtype == getattr(expected, name).dtype
    np.testing.assert_array_equal(cells.attributes["n_macs"], expected.attributes["n_macs"])
    assert batch[0].cell("part").n_macs == packed[0].cell("part").n_macs


@given(st.lists(graphs_with_a_cell(), min_size=2, max_size=5), st.data())
def test_a_slice_holds_some_of_the_graphs(packed, data):
    batch = GraphBatch.from_graphs(packed)
    start = data.draw(st.integers(0, len(packed) - 1))
    stop = data.draw(st.integers(start + 1, len(packed)))
    assert list(batch.slice(start, stop)) == list(batch)[start:stop]
    assert list(batch.slice(start, len(packed) + 3)) == list(batch)[start:]


def test_an_unknown_cell_is_refused():
    with pytest.raises(UnknownNameError, match="cell 'norml'"):
        GraphBatch.from_graphs([CHAIN]).cell("norml")


def test_vocabulary_defaults_to_all_operations():
    batch = GraphBatch.from_graphs([CHAIN, PAIR])
    assert batch.ops == OpSet(("conv3x3", "skip", "mystery"))
    assert batch.node_op.tolist() == [0, -1, 1, 2, 1]


def test_operations_outside_the_vocabulary_are_foreign():
    ops = OpSet(("skip",))
    for batch in (
        GraphBatch.from_graphs([CHAIN, PAIR], ops),
        GraphBatch.from_graphs([CHAIN, PAIR]).with_ops(ops),
    ):
        assert batch.ops == ops
        assert batch.node_op.tolist() == [FOREIGN, -1, 0, FOREIGN, 0]
    assert batch[1].op_names == ("foreign", "skip")
    again = GraphBatch.from_graphs(list(batch), ops)
    assert again.node_op.tolist() == batch.node_op.tolist()
    assert batch.with_ops(OpSet(("conv3x3", "skip"))).node_op.tolist() == [FOREIGN, -1, 1, FOREIGN, 1]


def test_no_graphs():
    with pytest.raises(InputError, match="at least one graph, got none"):
        GraphBatch.from_graphs([])


@pytest.mark.parametrize("index", [2, -3])
def test_an_index_out_of_range(index):
    with pytest.raises(IndexError):
        GraphBatch.from_graphs([CHAIN, PAIR])[index]


def test_memory_is_linear_in_the_number_of_graphs():
    sizes = [GraphBatch.from_graphs([CHAIN] * n).nbytes for n in (1, 2, 3, 1001)]
    per_graph = sizes[1] - sizes[0]
    assert sizes == [sizes[0] + i * per_graph for i in (0, 1, 2, 1000)]
