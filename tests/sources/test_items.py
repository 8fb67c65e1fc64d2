"""read_batch: what counts as items, and what they are indexed by."""

import networkx as nx
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import graphs, json_values

from graf import ComputationGraph, GraphBatch, OpSet, get_space
from graf.exceptions import ArchitectureError, GraphError, InputError, UnknownNameError
from graf.sources import read_batch
from graf.spaces import SPACES

TRANSNAS = ["64-41414-1_02_333", "64-41414-0_00_111", "64-41414-1_02_333"]
GRAPH = ComputationGraph.from_edges(["conv3x3", "mystery"], [(0, 1)])
PLAIN = nx.DiGraph([("a", "b")])


def same(first, second):
    assert first.ops == second.ops
    for name in ("offset", "node_op", "flags", "pred_indptr", "preds"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


CONTAINERS = {
    "list": list,
    "tuple": tuple,
    "array": np.array,
    "array of objects": lambda items: np.array(items, object),
    "series": pd.Series,
    "categories": lambda items: pd.Series(items, dtype="category"),
    "index": pd.Index,
    "array of pandas": lambda items: pd.array(items, dtype="str"),  # as unique() of a Series gives
}


@pytest.mark.parametrize("container", CONTAINERS.values(), ids=CONTAINERS)
def test_containers_of_strings(container):
    index, batch, space = read_batch(container(TRANSNAS))
    assert index.tolist() == TRANSNAS
    assert space == get_space("transnas_micro")
    same(batch, space.batch(TRANSNAS))


def test_a_series_with_labels_of_its_own():
    index, _, _ = read_batch(pd.Series(TRANSNAS, index=[7, 8, 9]))
    assert index.tolist() == TRANSNAS


def test_a_frame_keeps_its_index():
    frame = pd.DataFrame({"proxy": [1.0, 2.0, 3.0]}, index=pd.Index(TRANSNAS, name="architecture"))
    index, batch, space = read_batch(frame)
    pd.testing.assert_index_equal(index, frame.index, exact=True)
    same(batch, space.batch(TRANSNAS))


def test_tuples_become_text():
    items = [(4, 0, 3, 1, 4, 3), tuple(np.arange(6) % 3)]
    index, batch, space = read_batch(items)
    assert index.tolist() == ["(4, 0, 3, 1, 4, 3)", "(0, 1, 2, 0, 1, 2)"]
    assert space.name == "nasbench201"
    same(read_batch(index)[1], batch)


def test_strings_and_tuples_mix():
    cell = get_space("nasbench201").sample(1)[0]
    index, batch, _ = read_batch([cell, (4, 0, 3, 1, 4, 3)])
    assert index.tolist() == [cell, "(4, 0, 3, 1, 4, 3)"]
    assert len(batch) == 2


def test_a_space_can_be_named():
    _, batch, space = read_batch([(1, 0, 2, 3, 3, 3)], "transnas_micro")
    assert space.name == "transnas_micro"
    same(batch, read_batch(TRANSNAS[:1])[1])
    small = get_space("transnas_micro", channels=4)
    assert read_batch(TRANSNAS, small)[2] is small
    with pytest.raises(UnknownNameError, match="did you mean 'transnas_micro'"):
        read_batch(TRANSNAS, "transnas")


@given(st.lists(graphs(), min_size=1, max_size=4))
def test_graphs(items):
    index, batch, space = read_batch(items)
    assert space is None
    assert index.tolist() == list(range(len(items)))
    same(batch, GraphBatch.from_graphs(items))
    same(read_batch(batch)[1], batch)


def test_graphs_of_a_series_keep_their_names():
    assert read_batch(pd.Series([GRAPH, PLAIN], ["b.onnx", "a.onnx"]))[0].tolist() == ["b.onnx", "a.onnx"]


def test_networkx_graphs_among_graphs():
    _, batch, _ = read_batch([GRAPH, PLAIN, GRAPH.to_networkx()])
    assert [graph.op_names for graph in batch] == [
        ("conv3x3", "mystery"),
        (None, None),
        ("conv3x3", "mystery"),
    ]


def test_the_vocabulary_is_that_asked_for():
    ops = OpSet(("mystery", "skip"))
    for items in ([GRAPH], GraphBatch.from_graphs([GRAPH]), TRANSNAS):
        assert read_batch(items, ops=ops)[1].ops == ops
    assert read_batch([GRAPH], ops=ops)[1].node_op.tolist() == [-2, 0]
    assert read_batch([PLAIN], ops=OpSet(()))[1].ops == OpSet(())


def test_graphs_of_a_named_space_take_its_vocabulary():
    for items in ([GRAPH], GraphBatch.from_graphs([GRAPH])):
        index, batch, space = read_batch(items, "nasbench201")
        assert isinstance(index, pd.RangeIndex)
        assert batch.ops == space.ops == get_space("nasbench201").ops
        assert batch.node_op.tolist() == [space.ops.index("conv3x3"), -2]


@pytest.mark.parametrize(
    ("items", "message"),
    [
        ([], "at least one architecture or graph, got none"),
        (np.array([]), "at least one"),
        (pd.DataFrame(), "at least one"),
        (TRANSNAS[0], "must be a list, got one str; wrap it in a list"),
        (GRAPH, "got one ComputationGraph; wrap it in a list"),
        (PLAIN, "got one DiGraph; wrap it in a list"),
        ((4, 0, 3, 1, 4, 3), "item 0 must be .* got 4; wrap a single architecture in a list"),
        (None, "must be a list, an array or a DataFrame, got NoneType"),
        (3, "must be a list, an array or a DataFrame, got int"),
        ({"a": 1}, "must be a list, an array or a DataFrame, got dict"),
        ([pd.Series([1])], "item 0 must be an .* got 0 1 dtype: int64; wrap"),
        (pa.table({"a": [1]}), "must be a list, an array or a DataFrame, got pyarrow.Table"),
        (iter(TRANSNAS), "must be a list, an array or a DataFrame, got list_iterator"),
        (np.array([TRANSNAS]).T, r"must have one dimension, got shape \(3, 1\); pass one column of it"),
        (np.array(3), r"must have one dimension, got shape \(\)"),
        (
            [*TRANSNAS, None],
            r"item 3 must be an architecture \(a string, tuple or dictionary\), as item 0 is, got None",
        ),
        (
            pd.Series([*TRANSNAS, None]),
            r"item 3 must be an architecture \(a string, tuple or dictionary\), as item 0 is, got nan",
        ),
        ([*TRANSNAS, GRAPH], "item 3 must be an architecture .* got <ComputationGraph"),
        ([GRAPH, PLAIN, TRANSNAS[0]], "item 2 must be a graph, as item 0 is, got '64-"),
        (
            [None, TRANSNAS[0]],
            r"item 0 must be an architecture \(a string, tuple or dictionary\) or a graph, got None",
        ),
        ([{4, 0}], r"item 0 must be .* or a graph, got \{0, 4"),
        (pd.DataFrame({"arch": TRANSNAS}), "item 0 must be .* got 0; .* index a DataFrame by architecture"),
    ],
)
def test_other_items(items, message):
    with pytest.raises(InputError, match=message):
        read_batch(items)


def test_what_has_lines_is_refused_in_one():
    class Module:
        def __repr__(self):
            return "Module(\n  (0): Linear()\n)"

    with pytest.raises(
        InputError, match=r"got Module\( \(0\): Linear\(\) \); .*read networks with `graf.read_graph`$"
    ):
        read_batch([Module()])


def test_a_faulty_item_is_named():
    with pytest.raises(
        ArchitectureError, match="architecture 1: choice 5 must be an integer between 0 and 3, got 9"
    ):
        read_batch([TRANSNAS[0], "64-41414-1_02_339"])
    with pytest.raises(GraphError, match="item 1: `edges` must have no cycle, got a -> a"):
        read_batch([GRAPH, nx.DiGraph([("a", "a")])])


@given(json_values() | st.lists(st.text() | st.tuples(st.integers())), st.sampled_from([None, *SPACES]))
def test_any_items_are_a_batch_or_an_input_error(items, space):
    try:
        index, batch, _ = read_batch(items, space)
    except InputError:
        return
    assert len(index) == len(batch) == len(items)


def test_architectures_as_python_objects():
    wanted = {"ks": [3] * 20, "e": (4,) * 20, "d": [2] * 5}
    index, batch, space = read_batch([wanted])
    assert space.name == "mobilenetv3"
    assert index.tolist() == [space.format(space.parse(wanted))]
    assert read_batch([[4, 0, 3, 1, 4, 3]])[0].tolist() == ["(4, 0, 3, 1, 4, 3)"]
    assert len(batch) == 1


def test_arrays_stand_for_lists():
    settings = {"ks": [3] * 20, "e": [4] * 20, "d": [2] * 5}
    arrays = {key: np.array(values) for key, values in settings.items()}
    assert read_batch([arrays])[0].tolist() == read_batch([settings])[0].tolist()
    rows = np.array([[4, 0, 3, 1, 4, 3], [0, 1, 2, 0, 1, 2]])
    index, batch, space = read_batch(pd.Series(list(rows)))
    assert index.tolist() == ["(4, 0, 3, 1, 4, 3)", "(0, 1, 2, 0, 1, 2)"]
    assert (len(batch), space.name) == (2, "nasbench201")
