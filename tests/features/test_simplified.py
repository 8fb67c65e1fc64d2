"""Columns of the simplified graph, and the kernel that simplifies many graphs at once."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import graphs

from graf import GraphFeatures, get_space
from graf.exceptions import InputError
from graf.features import parse_column
from graf.features.simplified import simplified
from graf.graph import GraphBatch
from graf.ops import OpSet

SPACES = ("nasbench201", "darts", "nasbench101", "nasbench_nlp", "fbnet", "autoformer")
BY_SKIP = "|skip_connect~0|+|none~0|nor_conv_3x3~1|+|none~0|none~1|skip_connect~2|"
DIRECT = "|none~0|+|nor_conv_3x3~0|none~1|+|none~0|none~1|skip_connect~2|"


def assert_same(found, expected):
    for mine, other in zip(found.arrays, expected.arrays, strict=True):
        np.testing.assert_array_equal(mine, other)
    for name, values in expected.attributes.items():
        np.testing.assert_array_equal(found.attributes[name], values)
    for name, mask in expected.cells.items():
        np.testing.assert_array_equal(found.cells[name], mask)


@given(graphs(max_nodes=10))
def test_a_batch_is_simplified_as_each_graph_is(graph):
    batch = GraphBatch.from_graphs([graph, graph])
    assert_same(simplified(batch), GraphBatch.from_graphs([graph.simplified()] * 2, batch.ops))


@given(graphs(max_nodes=10), st.lists(st.sampled_from([np.nan, 0, 1]), min_size=10, max_size=10))
def test_calls_are_told_apart_in_a_batch_as_in_each_graph(graph, calls):
    graph = replace(graph, attributes={"call_id": np.array(calls[: graph.n_nodes])})
    batch = GraphBatch.from_graphs([graph, graph])
    assert_same(simplified(batch), GraphBatch.from_graphs([graph.simplified()] * 2, batch.ops))


@pytest.mark.parametrize("name", SPACES)
def test_architectures_are_simplified_as_each_graph_is(name):
    batch = get_space(name).batch(get_space(name).sample(20, seed=2))
    assert_same(simplified(batch), GraphBatch.from_graphs([g.simplified() for g in batch], batch.ops))


def test_foreign_operations_stay():
    batch = get_space("nasbench201").batch([BY_SKIP]).with_ops(OpSet(("skip",)))
    assert_same(simplified(batch), GraphBatch.from_graphs([g.simplified() for g in batch], batch.ops))


@pytest.mark.parametrize("name", ["live.depth@simplified", "op_count(skip)@simplified.normal"])
def test_names_of_simplified_columns_parse_back(name):
    column = parse_column(name)
    assert column.simplified
    assert str(column) == name


def test_only_simplified_stands_before_a_cell():
    with pytest.raises(InputError, match="before a cell may stand 'simplified' only, got 'normal'"):
        parse_column("live.depth@normal.reduce")


@pytest.mark.parametrize("name", ["nasbench201", "darts"])
def test_both_holds_plain_columns_and_those_of_the_simplified_graph(name):
    cells = get_space(name).sample(30, seed=4)
    plain, simple, both = (
        GraphFeatures(name, simplified=simplified).fit_transform(cells)
        for simplified in (False, True, "both")
    )
    assert both[plain.columns].equals(plain)
    added = both.columns.difference(plain.columns)
    assert len(added) > 20
    for column in added:
        assert parse_column(column).simplified
        values = simple.get(column.replace("@simplified.", "@").replace("@simplified", ""))
        if values is not None:  # a column may be the twin of a plainer one among simplified ones alone
            np.testing.assert_array_equal(both[column], values)


def test_cells_of_one_function_agree_in_the_simplified_columns():
    table = GraphFeatures(simplified="both").fit_transform([BY_SKIP, DIRECT])
    same = [column for column in table if parse_column(column).simplified]
    np.testing.assert_array_equal(table[same].iloc[0], table[same].iloc[1])
    assert not table.iloc[0].equals(table.iloc[1])


def test_true_may_come_from_an_array_of_settings():
    expected = GraphFeatures(simplified=True).fit_transform([BY_SKIP, DIRECT])
    assert GraphFeatures(simplified=np.array([True])[0]).fit_transform([BY_SKIP, DIRECT]).equals(expected)


def test_simplified_is_one_of_three():
    with pytest.raises(InputError, match="`simplified` must be True, False or 'both', got 'yes'"):
        GraphFeatures(simplified="yes").fit([BY_SKIP])
