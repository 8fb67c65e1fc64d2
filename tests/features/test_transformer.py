"""GraphFeatures: shapes, names, vocabularies, and the invariances that features promise."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from strategies import graphs, renumbered

from graf import ComputationGraph, GraphFeatures, OpSet, get_space
from graf.exceptions import InputError, UnknownNameError
from graf.features import FEATURES, parse_column

CELL = "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|"


@pytest.mark.parametrize("space", ["nasbench201", "transnas_micro"])
def test_names_are_distinct_and_parse_back(space):
    names = GraphFeatures(space).fit(get_space(space).sample(1)).get_feature_names_out()
    assert len(set(names)) == len(names)
    assert [str(parse_column(name)) for name in names] == list(names)
    assert not set("[]<,") & set("".join(names))


@pytest.mark.parametrize("space", ["nasbench201", "transnas_micro"])
def test_any_columns_in_any_order_give_the_same_values(space):
    cells = get_space(space).sample(50, seed=3)
    table = GraphFeatures(space).fit_transform(cells)
    chosen = np.random.default_rng(0).permutation(table.columns)[:40].tolist()
    pd.testing.assert_frame_equal(GraphFeatures(space, columns=chosen).fit_transform(cells), table[chosen])


def test_a_cell_by_hand():
    row = GraphFeatures().fit_transform([CELL]).iloc[0]
    assert row["op_count(none)"] == 2
    assert row["min_path_len(avg_pool3x3)"] == 1
    assert row["max_path_len(conv3x3+conv1x1+avg_pool3x3)"] == 1
    assert np.isnan(row["min_path_len(conv3x3)"])
    assert row["n_paths(skip+conv3x3+conv1x1+avg_pool3x3)"] == 2
    assert row["node_degree(conv3x3).in"] == 1
    assert row["node_degree(conv3x3).out"] == 0
    assert row["node_degree(avg_pool3x3).mean_in"] == 0.25
    assert row[["live.nodes", "live.edges", "live.depth", "live.width"]].tolist() == [4, 4, 3, 2]


def test_index_is_the_architectures_and_graphs_agree_with_them():
    space = get_space("nasbench201")
    cells = space.sample(20, seed=1)
    by_name = GraphFeatures(space).fit_transform(cells)
    by_graph = GraphFeatures(space).fit_transform([space.graph(cell) for cell in cells])
    assert by_name.index.tolist() == cells
    np.testing.assert_array_equal(by_name, by_graph)


@settings(max_examples=60)
@given(graphs(max_nodes=9), st.randoms(use_true_random=False))
def test_features_do_not_depend_on_the_numbering(graph, random):
    sizes = {name: random.choices([8, 16], k=graph.n_nodes) for name in ("channels", "resolution", "n_macs")}
    graph = replace(graph, attributes=sizes)
    first, second = GraphFeatures().fit_transform([graph, renumbered(graph, random)]).to_numpy()
    np.testing.assert_allclose(first, second, rtol=1e-12)


def test_positions_are_told_of_chains_of_no_space():
    chain = ComputationGraph.from_edges(["conv3x3"] * 2, [(1, 0)], attributes={"channels": [16, 8]})
    assert GraphFeatures().fit_transform([chain])["profile(channels).at2"].tolist() == [16]
    fork = ComputationGraph.from_edges(["conv3x3"] * 3, [(0, 1), (0, 2)], attributes={"channels": [8, 8, 16]})
    assert "profile(channels).at2" not in GraphFeatures().fit_transform([chain, fork])
    assert GraphFeatures(columns=["profile(channels).at2"]).fit_transform([fork]).iloc[0, 0] == 8


def test_cells_of_the_same_function_get_the_same_simplified_features():
    by_skip = "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|"
    direct = "|none~0|+|none~0|none~1|+|nor_conv_3x3~0|none~1|none~2|"
    table = GraphFeatures(simplified=True).fit_transform([by_skip, direct])
    np.testing.assert_array_equal(table.iloc[0], table.iloc[1])
    plain = GraphFeatures().fit_transform([by_skip, direct])
    assert not plain.iloc[0].equals(plain.iloc[1])


def test_graphs_without_a_space_use_the_operations_seen_in_fit():
    seen = ComputationGraph.from_edges(["conv3x3", "skip"], [(0, 1)])
    unseen = ComputationGraph.from_edges(["conv3x3", "mystery"], [(0, 1)])
    features = GraphFeatures().fit([seen])
    assert features.ops_ == OpSet(("conv3x3", "skip"))
    assert features.transform([unseen])["op_count(conv3x3)"].tolist() == [1]
    assert np.isnan(features.transform([unseen])["max_path_len(conv3x3)"].item())


def test_many_operations_of_no_space_are_taken_by_group():
    names = ["conv1x1", "conv3x3", *(f"op{i}" for i in range(7))]
    graph = ComputationGraph.from_edges(names, [(i, i + 1) for i in range(8)])
    columns = GraphFeatures().fit([graph]).get_feature_names_out()
    assert {"op_count(convolution)", "path_ops(convolution).max"} <= set(columns)
    assert not [name for name in columns if name.startswith("n_paths")]
    assert len(columns) < 400


def test_bad_columns_name_the_near_ones():
    with pytest.raises(UnknownNameError, match="did you mean 'op_count'"):
        GraphFeatures(columns=["op_counts(skip)"]).fit([CELL])
    with pytest.raises(UnknownNameError, match="conv3x3"):
        GraphFeatures(columns=["op_count(conv3x4)"]).fit([CELL])
    for name in (
        "op_count",
        "op_count(skip+none)",
        "live.depth(skip)",
        "live(skip).depth",
        "",
        "a b",
        "live.x",
    ):
        with pytest.raises(InputError):
            GraphFeatures(columns=[name]).fit([CELL])
    with pytest.raises(InputError, match=r"must be a list of names, got 'live\.depth'; wrap it in a list"):
        GraphFeatures(columns="live.depth").fit([CELL])
    with pytest.raises(InputError, match="must be a list of names, got 3"):
        GraphFeatures(columns=3).fit([CELL])


def test_transform_before_fit_and_after_clone():
    with pytest.raises(NotFittedError):
        GraphFeatures().transform([CELL])
    fitted = GraphFeatures("nasbench201", ["live.depth"]).fit([CELL])
    assert clone(fitted).get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        clone(fitted).transform([CELL])


@pytest.mark.parametrize("family", FEATURES)
def test_every_feature_is_documented(family):
    declared = FEATURES[family]
    assert declared.description.endswith(".")
    assert all([declared.unit, declared.cost, declared.reference])
