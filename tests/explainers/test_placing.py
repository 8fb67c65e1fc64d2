"""Attributions on the graph: totals, where they go, and the picture."""

import xml.etree.ElementTree as ElementTree

import numpy as np
import pandas as pd
import pytest
from module_graphs import resnet
from sklearn.ensemble import RandomForestRegressor

from graf import ComputationGraph, PerformancePredictor, explain, get_space
from graf.exceptions import InputError, UnknownNameError, UnsupportedError
from graf.explainers import Explanation
from graf.explainers.witnesses import witness
from graf.features import parse_column
from graf.graph.drawing.marks import signed

SVG = "{http://www.w3.org/2000/svg}"


def fitted(items, y, **kwargs):
    return PerformancePredictor(RandomForestRegressor(5, random_state=0), **kwargs).fit(items, y)


@pytest.fixture(scope="module")
def network():
    """Networks of residual blocks, whose number is the target."""
    depths = [(a, b, 1, 1) for a in (1, 2, 3, 4) for b in (1, 2, 3)]
    graphs = [resnet(depth) for depth in depths]
    return explain(fitted(graphs, [sum(depth) for depth in depths]), graphs[:3])


def only(column, value, cell):
    """An explanation in which one column earned everything."""
    return Explanation(
        values=np.array([[value]]), base_values=np.array([1.0]), predictions=np.array([1.0 + value]),
        data=pd.DataFrame([[0.0]], index=[cell], columns=[column]), target_names=("accuracy",),
        columns={column: parse_column(column)}, graph_of=lambda row: get_space("nasbench201").graph(cell),
    )  # fmt: skip


def test_totals_are_what_the_prediction_is_above_the_base(explanation):
    for row, cell in enumerate(explanation.architectures[:8]):
        table = explanation.place(cell)
        gained = explanation.predictions[row] - explanation.base_values[row]
        np.testing.assert_allclose(table[["up", "down"]].sum(), gained, rtol=1e-9, atol=1e-9)


def test_places_are_nodes_and_edges_of_the_graph(explanation):
    cell = explanation.architectures[0]
    graph, table = explanation.graph(cell), explanation.place(cell)
    edges = {tuple(edge) for edge in graph.edges.tolist()}
    for kind, node, to, operation in table[["kind", "node", "to", "operation"]].itertuples(index=False):
        if kind == "node":
            assert operation == (graph.op_names[node] or "junction")
            assert to is pd.NA
        elif kind == "edge":
            assert (node, to) in edges
    assert (table["kind"] == "elsewhere").sum() == 1


def test_points_of_a_longest_path_go_to_its_operations():
    cell = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
    table = only("max_path_len(conv3x3)", 1.5, cell).place(cell)
    assert table["operation"].tolist() == ["conv3x3"] * 3 + [""]
    assert table["accuracy"].tolist() == pytest.approx([0.5, 0.5, 0.5, 0.0])


@pytest.mark.parametrize("column", ["op_count(avg_pool3x3)", "laplacian.e1"])
def test_what_has_no_place_is_elsewhere(column):
    cell = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|"
    table = only(column, -2.0, cell).place(cell)
    assert table[["kind", "accuracy"]].to_numpy().tolist() == [["elsewhere", -2.0]]


@pytest.mark.parametrize("options", [{"compat": "zc_combine"}, {"simplified": True}])
def test_published_and_simplified_columns_have_places(options, cells, targets):
    explanation = explain(fitted(cells, targets["up"], **options), cells[:2])
    for row, cell in enumerate(cells[:2]):
        table = explanation.place(cell)
        assert table["up"].sum() == pytest.approx(explanation.predictions[row] - explanation.base_values[row])
        assert table.loc[table["kind"] != "elsewhere", "up"].abs().sum() > 0


def test_the_picture_marks_the_witness_of_the_leading_column(explanation):
    cell = explanation.architectures[0]
    root = ElementTree.fromstring(str(explanation.plot_graph(cell, "up", n=3)))
    keys = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "key"]
    assert len(keys) == 3
    values = pd.Series(explanation.select("up").values[0], explanation.feature_names)
    assert abs(values[keys[0].get("data-column")]) == values.abs().max()
    for key in keys:
        seen = witness(key.get("data-column"), explanation.graph(cell))
        assert set(key.get("data-nodes").split()) <= set(map(str, seen.nodes))
        assert key.get("data-edges").split() == [f"{u}-{v}" for u, v in seen.edges]
    used = {mark.get("stroke") for mark in root.iter() if mark.get("class") == "mark"}
    assert used == {key.get("fill") for key in keys}


def test_a_whole_network_is_drawn_folded(network):
    root = ElementTree.fromstring(str(network.plot_graph(2)))
    graph = network.graph(2)
    known = {f"{u}-{v}" for u, v in graph.edges.tolist()}
    keys = [rect for rect in root.iter(f"{SVG}rect") if rect.get("class") == "key"]
    assert len(keys) == 4
    assert all(set(key.get("data-edges").split()) <= known for key in keys)
    table = network.place(2)
    gained = network.predictions[2] - network.base_values[2]
    assert table["target"].sum() == pytest.approx(gained)
    heading = root.find(f"{SVG}title").text
    assert heading.startswith(f"target: {network.predictions[2]:.4g} predicted, {signed(gained)} against")


def test_what_is_not_there_is_refused(explanation, cells, targets):
    with pytest.raises(UnknownNameError, match="architecture"):
        explanation.place("|none~0|")
    with pytest.raises(InputError, match="`target`"):
        explanation.plot_graph(explanation.architectures[0])
    given = fitted(pd.DataFrame({"a": range(len(cells))}, cells), targets["up"], features="given")
    with pytest.raises(UnsupportedError, match="no graphs"):
        explain(given, pd.DataFrame({"a": [1]}, cells[:1])).place(cells[0])


def test_a_graph_may_lack_operations_that_others_have():
    graphs = [ComputationGraph.from_edges(["dense"] * n + ["spike"] * n, edges(2 * n)) for n in (1, 2, 3, 4)]
    small = ComputationGraph.from_edges(["dense", "dense"], [(0, 1)])
    explanation = explain(fitted([*graphs, small], [1, 2, 3, 4, 0]), [small])
    placed = explanation.place(0)
    off = explanation.predictions[0] - explanation.base_values[0]
    assert placed["target"].sum() == pytest.approx(off)
    assert explanation.plot_graph(0)


def edges(n):
    return [(i, i + 1) for i in range(n - 1)]
