"""The columns of whole networks: their names, and that they do not depend on the corpus."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import OF_NETWORKS, VALUES, networks, renumbered

from graf import ComputationGraph, GraphFeatures, OpSet, PerformancePredictor, get_space, load_predictor
from graf.exceptions import UnknownNameError
from graf.features import FEATURES, parse_column
from graf.features.defaults import columns_of
from graf.features.networks import ATTRIBUTES, CHOSEN, GROUPS, SINGLES, network_columns
from graf.ops import is_known

NAMES = [str(column) for column in network_columns()]
KINDS = {"conv": ["conv3x3", "relu", "conv9x9"], "tokens": ["linear", "attention", "layer_norm"]}


def network(kind, length, seed=0):
    """A chain with random attributes, one of them of strings."""
    rng = np.random.default_rng(seed)
    operations = [KINDS[kind][i % 3] for i in range(length)]
    return ComputationGraph.from_edges(
        [None, *operations],
        [(i, i + 1) for i in range(length)],
        attributes={name: rng.choice(values, length + 1) for name, values in VALUES.items()}
        | {"shape": ["1x8"] * (length + 1), "module": [""] * (length + 1)},
    )


def test_names_are_distinct_and_parse_back():
    assert len(set(NAMES)) == len(NAMES) < 500
    assert [str(parse_column(name)) for name in NAMES] == NAMES
    assert all(is_known(name) for name in (*GROUPS, *SINGLES))
    assert not [name for name in NAMES if ".at" in name and name.split(".")[1][2:].isdigit()]


@pytest.mark.parametrize("kind", KINDS)
def test_every_corpus_gets_the_same_columns(kind):
    fitted = GraphFeatures().fit([network(kind, 5)])
    assert fitted.get_feature_names_out().tolist() == NAMES
    alone = GraphFeatures().fit_transform([network("conv", 7), network("tokens", 7)])
    pd.testing.assert_frame_equal(fitted.transform([network("conv", 7), network("tokens", 7)]), alone)


def test_groups_hold_operations_that_fit_did_not_see():
    fitted = GraphFeatures().fit([network("tokens", 5)])
    found = fitted.transform([network("conv", 9)])
    assert found["op_count(convolution)"].tolist() == [6]
    assert found["op_count(conv3x3)"].tolist() == [3]
    assert found["path_ops(activation).max"].tolist() == [3]


def test_names_that_are_given_back():
    chosen = NAMES[::7]
    graphs = [network("conv", 5), network("tokens", 8)]
    table = GraphFeatures().fit_transform(graphs)
    pd.testing.assert_frame_equal(GraphFeatures(columns=chosen).fit_transform(graphs), table[chosen])
    with pytest.raises(UnknownNameError, match="operation 'normalization'"):
        GraphFeatures(columns=["op_count(normalization)"]).fit(graphs)
    with pytest.raises(UnknownNameError, match="attribute of nodes 'chanels'"):
        GraphFeatures(columns=["depth_mean(chanels).q1"]).fit(graphs)


def test_groups_of_a_search_space_are_its_own():
    space = get_space("darts")
    found = GraphFeatures(space, columns=["op_count(pool)@normal"]).fit_transform(space.sample(3))
    singly = [f"op_count({op})@normal" for op in ("max_pool3x3", "avg_pool3x3")]
    expected = GraphFeatures(space, columns=singly).fit_transform(space.sample(3)).sum(axis=1)
    assert found.iloc[:, 0].tolist() == expected.tolist()
    with pytest.raises(UnknownNameError, match="operation 'normalisation'"):
        GraphFeatures(space, columns=["op_count(normalisation)@normal"]).fit(space.sample(1))


def test_a_group_counts_what_its_operations_do():
    graph = network("conv", 9)
    for family, joined in (("op_count", False), ("node_degree", True), ("path_ops", True), ("op_depth", True),
                           ("depth_count", True)):  # fmt: skip
        stats = [f".{stat}" if stat else "" for stat in FEATURES[family].stats]
        by_group = [f"{family}(convolution){stat}" for stat in stats]
        names = ["conv3x3+conv9x9"] if joined else ["conv3x3", "conv9x9"]
        singly = [f"{family}({name}){stat}" for name in names for stat in stats]
        found = GraphFeatures(columns=[*by_group, *singly]).fit_transform([graph]).to_numpy()[0]
        expected = found[len(stats) :].reshape(len(names), -1).sum(axis=0)
        np.testing.assert_array_equal(found[: len(stats)], expected, err_msg=family)


def test_flows_between_groups_add_up():
    graph = ComputationGraph.from_edges(
        ["conv1x1", "relu", "conv3x3", "gelu"], [(0, 1), (1, 2), (2, 3), (1, 3)]
    )
    columns = ["n_follow(convolution+activation)", "n_first(convolution)", "n_last(activation)",
               "n_adjacent(convolution+activation)", "branching(activation).in"]  # fmt: skip
    assert GraphFeatures(columns=columns).fit_transform([graph]).iloc[0].tolist() == [3, 2, 2, 2, 2]


def test_cells_without_a_space_get_both_kinds_of_columns():
    graph = ComputationGraph.from_edges(["conv1x1", "relu", "add"], [(0, 1), (1, 2), (0, 2)])
    names = GraphFeatures().fit([graph]).get_feature_names_out().tolist()
    assert {"n_paths(conv1x1+add)", "log_paths", "shortcut(add).n"} <= set(names)
    assert not [name for name in names if name.startswith(("attention", "depth_mean", "peak_memory"))]


def test_simplified_features_leave_out_counts():
    columns = network_columns(simplified=True)
    assert not {c.attribute for c in columns if c.attribute.startswith("n_")}
    assert "peak_memory" not in {column.family for column in columns}


def test_every_attribute_asked_for_is_one_that_readers_give():
    over = {c.attribute for c in network_columns() if c.attribute}
    needed = set().union(*(FEATURES[family].needs for family in CHOSEN)) - {"branches", "widths"}
    assert over | needed <= set(ATTRIBUTES)
    assert set(VALUES) == set(ATTRIBUTES)


@given(st.lists(networks(max_nodes=6), min_size=1, max_size=3))
def test_a_batch_gives_what_each_network_gives(several):
    features = GraphFeatures(columns=[name for name in NAMES if "laplacian" not in name]).fit(several)
    alone = [features.transform([graph]) for graph in several]
    np.testing.assert_array_equal(features.transform(several), np.concatenate(alone))


@given(networks(max_nodes=8), st.randoms(use_true_random=False))
def test_columns_do_not_depend_on_the_numbering(graph, random):
    ordered = ("peak_memory",)  # of the order in which nodes run
    columns = [name for name in NAMES if not name.startswith(ordered)]
    first, second = (
        GraphFeatures(columns=columns).fit_transform([graph, renumbered(graph, random)]).to_numpy()
    )
    np.testing.assert_allclose(first, second, rtol=1e-9, atol=1e-9)


def test_a_predictor_of_networks_is_saved_and_read_back(tmp_path):
    graphs = [network(kind, n, n) for n in range(3, 13) for kind in KINDS]
    predictor = PerformancePredictor(model="random_forest", random_state=0)
    predictor.fit(graphs, [graph.n_nodes for graph in graphs]).save(tmp_path / "p.graf")
    read = load_predictor(tmp_path / "p.graf")
    np.testing.assert_array_equal(read.predict(graphs), predictor.predict(graphs))
    assert read.feature_names_.tolist() == NAMES


# how many columns the default of a space has, and a digest of their names
SPACES = {
    "nasbench201": (238, "2fdee41d9cc5"),
    "darts": (512, "0018ebe97e27"),
    "fbnet": (246, "caad3ac1d508"),
    "autoformer": (118, "82e39a907f07"),
}


@pytest.mark.parametrize("name", SPACES)
def test_search_spaces_keep_their_columns(name):
    names = [str(column) for column in columns_of(get_space(name))]
    digest = hashlib.sha256("\n".join(names).encode()).hexdigest()[:12]
    assert (len(names), digest) == SPACES[name]


def test_no_group_is_named_like_one_of_several_operations():
    ops = OpSet(tuple(dict.fromkeys((*SINGLES, *OF_NETWORKS, "grid_sample", "fft"))))
    assert not [group for group in ops.groups if group in ops]
