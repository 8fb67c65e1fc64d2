"""Which columns there are without being asked for."""

import numpy as np
import pytest

from graf import ComputationGraph, GraphFeatures, get_space
from graf.features.defaults import columns_of
from graf.spaces import SPACES


@pytest.mark.parametrize("name", SPACES)
def test_columns_say_something_of_their_own(name):
    space = get_space(name)
    table = GraphFeatures(space).fit_transform(space.sample(256))
    assert 0 < table.shape[1] < 700
    assert all(len(np.unique(table[column])) > 1 for column in table)
    assert not table.T.duplicated().any()


def test_columns_do_not_depend_on_the_items():
    space = get_space("transnas_macro")
    one, many = (GraphFeatures(space).fit(space.sample(n, seed=n)) for n in (1, 40))
    assert one.get_feature_names_out().tolist() == many.get_feature_names_out().tolist()


def test_features_of_cells_name_their_cell():
    names = [str(column) for column in columns_of(get_space("darts"))]
    assert [name for name in names if not name.endswith(("@normal", "@reduce"))] == [
        "total(n_parameters)",
        "total(n_macs)",
    ]
    assert {"op_count(sep_conv3x3)@reduce", "total(n_macs)@reduce"} <= set(names)


@pytest.mark.parametrize("name", SPACES)
def test_only_graphs_with_branches_have_features_of_branches(name):
    space = get_space(name)
    branches = any(
        graph.predecessors(v).size > 1 for graph in space.batch(space.sample(8)) for v in range(graph.n_nodes)
    )
    families = {column.family for column in columns_of(space)}
    assert ("node_degree" in families) == ("path_ops" in families) == branches
    assert ("op_count" in families) or ("profile" in families)


@pytest.mark.parametrize(
    ("name", "expected"), [("darts", {"first"}), ("nasbench201", set()), ("fbnet", set())]
)
def test_cells_of_two_inputs_tell_what_reads_the_first(name, expected):
    stats = {column.stat for column in columns_of(get_space(name)) if column.family == "input_degree"}
    assert stats == expected


def test_what_reads_an_input_that_is_not_there_is_undefined():
    one = ComputationGraph.from_edges(["conv3x3", "conv3x3"], [(0, 1)])
    two = ComputationGraph.from_edges(["conv3x3", "conv3x3", "skip"], [(0, 2), (1, 2)])
    columns = ["input_degree(conv3x3+skip).first", "input_degree(conv3x3+skip).second"]
    found = GraphFeatures(columns=columns).fit_transform([two, one])
    np.testing.assert_array_equal(found, [[1, 1], [1, np.nan]])


def test_graphs_of_no_space_have_features_of_branches():
    chain = ComputationGraph.from_edges(["conv3x3", "skip"], [(0, 1)])
    assert "n_paths(skip)" in GraphFeatures().fit([chain]).get_feature_names_out()


@pytest.mark.parametrize(
    ("space", "plain"),
    [("flexibert", "live.nodes"), ("fbnet", "op_count(skip)"), ("nasbench201", "live.edges")],
)
def test_of_equal_columns_the_plainest_stays(space, plain):
    assert plain in map(str, columns_of(get_space(space)))


def test_simplified_features_leave_out_counts_of_the_network():
    plain, simple = (map(str, columns_of(get_space("fbnet"), simplified)) for simplified in (False, True))
    assert "total(n_macs)" in plain
    assert not [name for name in simple if "(n_" in name]
