"""Witnesses of every column: they lie in the graph, and what they hold gives the value back."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from module_graphs import resnet, vit
from strategies import graphs, networks

from graf import ComputationGraph, GraphFeatures, get_space
from graf.exceptions import InputError, UnknownNameError
from graf.explainers.witnesses import Witnesses, witness
from graf.explainers.witnesses.witness import FINDERS
from graf.features import FEATURES, parse_column
from graf.features.columns import column_of

SPACES = [
    "nasbench201",
    "darts",
    "nasbench101",
    "transnas_macro",
    "mnasnet",
    "flexibert",
    "lhd",
    "nasbench_nlp",
]
PATHS = ("min_path_len", "max_path_len", "input_path_len", "traded_path_len")
WHOLE = ("laplacian",)


def every_column(graph):
    """Every statistic of every family over what it can run over, as far as the graph has the attributes."""
    named = [name for name, values in graph.attributes.items() if values.dtype.kind != "U"]
    return [
        str(column_of(family, arguments, stat, "", simplified))
        for family, declared in FEATURES.items()
        for arguments in declared.sets(graph.ops, named)[:12]
        for stat in declared.stats
        for simplified in (False, True)
    ]


def values_of(graph, columns, space=None):
    return GraphFeatures(space, columns, simplified="both").fit_transform([graph]).iloc[0]


def check(graph, values):
    """The witness of each column lies in the graph, and its amounts add up to the value."""
    edges, found = {tuple(edge) for edge in graph.edges.tolist()}, Witnesses(graph)
    for name, value in values.items():
        seen = found.of(name)
        assert set(seen.nodes) <= set(range(graph.n_nodes)), name
        assert set(seen.edges) <= edges, name
        assert {v for edge in seen.edges for v in edge} <= set(seen.nodes), name
        assert {place for place in seen.amounts if isinstance(place, int)} <= set(seen.nodes), name
        assert {place for place in seen.amounts if isinstance(place, tuple)} <= set(seen.edges), name
        assert seen.words
        if seen:
            assert sum(seen.shares().values()) == pytest.approx(1), name
        if seen.column.family in WHOLE:
            assert not seen, name
            continue
        np.testing.assert_allclose(seen.value, value, rtol=1e-6, atol=1e-9, err_msg=name)
        if seen:
            np.testing.assert_allclose(sum(seen.amounts.values()), value, rtol=1e-6, atol=1e-9, err_msg=name)
        if seen and seen.column.family in PATHS and not seen.column.simplified:
            check_path(graph, seen)


def check_path(graph, seen):
    """The nodes are a path from an input to an output, of allowed operations as far as these are asked for."""
    assert seen.edges == tuple(pairwise(seen.nodes))
    assert seen.nodes[0] in graph.inputs
    assert seen.nodes[-1] in graph.outputs
    names = [graph.op_names[v] for v in seen.nodes if graph.op_names[v] is not None]
    allowed = {name for op in seen.column.ops for name in graph.ops.members(op)}
    counted = [name for name in names if name in allowed]
    assert len(counted) == seen.value
    assert seen.column.family == "traded_path_len" or counted == names


def test_every_feature_has_a_finder():
    assert set(FINDERS) == set(FEATURES)


@pytest.mark.parametrize("name", SPACES)
def test_default_columns_of_spaces(name):
    space = get_space(name)
    for architecture in space.sample(3, seed=3):
        graph = space.graph(architecture)
        check(graph, values_of(graph, None, space))


@settings(max_examples=12)
@given(graphs())
def test_every_column_of_any_graph(graph):
    check(graph, values_of(graph, every_column(graph)))


@settings(max_examples=12)
@given(networks())
def test_every_column_of_any_network(graph):
    check(graph, values_of(graph, every_column(graph)))


@pytest.mark.parametrize("make", [resnet, vit])
def test_default_columns_of_whole_networks(make):
    graph = make()
    check(graph, values_of(graph, None))


def test_strides_in_front_of_what_sees_everything_do_not_count_behind_it():
    graph = ComputationGraph.from_edges(
        ["relu", "conv3x3", "global_avg_pool", "conv3x3", "add", "conv3x3"],
        [(0, 1), (1, 2), (0, 3), (2, 4), (3, 4), (4, 5)],
        attributes={"kernel": [1, 3, np.nan, 3, np.nan, 3], "stride": [1, 8, np.nan, 1, np.nan, 1]},
    )
    assert values_of(graph, ["receptive_field.size"]).tolist() == [5]
    check(graph, values_of(graph, ["receptive_field.size"]))


def test_paths_that_cannot_be_counted_in_floats():
    n = 1200  # residual blocks: 2^1200 paths
    graph = ComputationGraph.from_edges(
        ["conv3x3", *["conv3x3", "add"] * n],
        [(2 * i, 2 * i + 1) for i in range(n)] + [(2 * i + j, 2 * i + 2) for i in range(n) for j in (0, 1)],
    )
    check(graph, values_of(graph, ["log_paths", "effective_depth.std", "path_ops(conv3x3).mean"]))


def cell(notation="|nor_conv_3x3~0|+|none~0|skip_connect~1|+|nor_conv_3x3~0|nor_conv_1x1~1|nor_conv_3x3~2|"):
    return get_space("nasbench201").graph(notation)


def operations(graph, seen):
    return [graph.op_names[v] for v in seen.nodes if graph.op_names[v] is not None]


def test_known_witnesses_of_a_cell():
    graph = cell()
    longest = witness("max_path_len(skip+conv3x3)", graph)
    assert operations(graph, longest) == ["conv3x3", "skip", "conv3x3"]
    assert longest.words == "longest path over {skip, conv3x3}"
    assert witness("min_path_len(conv3x3)", graph).value == 1
    ways = witness("n_paths(skip+conv3x3)", graph)
    assert ways.value == 2
    assert sorted(operations(graph, ways)) == ["conv3x3"] * 3 + ["skip"]
    follows = witness("n_follow(conv3x3+conv3x3)", graph)
    assert operations(graph, follows) == ["conv3x3", "skip", "conv3x3"]
    assert follows.amounts == dict.fromkeys([follows.nodes[0], follows.nodes[-1]], 0.5)
    at_output = witness("node_degree(conv1x1).out", graph)
    assert [graph.op_names[u] for u, _ in at_output.edges] == ["conv1x1"]
    most = witness("branching(conv3x3).out", graph)
    assert sorted(graph.op_names[v] for v in most.amounts) == ["conv1x1", "conv3x3"]


def test_paths_counted_within_the_witness_are_the_value():
    for architecture in get_space("darts").sample(4, seed=1):
        graph = get_space("darts").graph(architecture).cell("normal")
        seen = witness(f"n_paths({'+'.join(graph.ops.nonzero)})", graph)
        inside = graph.to_networkx().subgraph(seen.nodes)
        n, order = {}, sorted(inside)
        for v in order:
            n[v] = (v in graph.inputs) + sum(n[u] for u, _ in inside.in_edges(v))
        assert sum(n[v] for v in graph.outputs.tolist() if v in n) == seen.value > 0


def test_nodes_of_a_cell_are_numbered_in_the_whole_graph():
    space = get_space("darts")
    graph = space.graph(space.sample(1)[0])
    column = parse_column("live.nodes@reduce")
    assert set(witness(column, graph).nodes) <= set(graph.cells["reduce"].tolist())


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("op_count(avg_pool3x3)", 0, "no avg_pool3x3"),
        ("max_path_len(avg_pool3x3)", np.nan, "no longest path over avg_pool3x3"),
        ("laplacian.e1", np.nan, "whole graph"),
    ],
)
def test_where_there_is_nothing_to_point_at(column, value, words):
    seen = witness(column, cell())
    assert not seen
    assert seen.nodes == seen.edges == ()
    assert seen.shares() == {}
    np.testing.assert_equal(seen.value, value)
    assert words in seen.words


def test_equal_shares_where_nothing_is_counted():
    seen = witness("path_ops(conv1x1).min", cell())
    assert seen.value == 0
    assert seen.shares() == dict.fromkeys(seen.nodes, 1 / len(seen.nodes))


def test_what_is_no_column_or_no_graph_is_refused():
    with pytest.raises(UnknownNameError, match="op_count"):
        witness("op_cuont(skip)", cell())
    with pytest.raises(UnknownNameError, match="cell"):
        witness("op_count(skip)@normal", cell())
    with pytest.raises(UnknownNameError, match="conv3x3"):
        witness("op_count(convv3x3)", cell())
    with pytest.raises(InputError, match="`graph`"):
        witness("op_count(skip)", "|none~0|")
