"""ComputationGraph: what its constructors accept, refuse and derive."""

import pickle
from dataclasses import FrozenInstanceError, replace

import naive
import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import dags, graphs, json_values

import graf
from graf import ComputationGraph, OpSet
from graf.exceptions import GraphError, InputError, UnknownNameError, UnsupportedError

CHAIN = [(0, 1), (1, 2)]
THREE = ["conv3x3", None, "skip"]


def build(**changes):
    return ComputationGraph.from_edges(**{"operations": THREE, "edges": CHAIN, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"operations": []}, "at least one node, but `operations` is empty"),
        ({"operations": None}, "`operations` must be a list, got None"),
        ({"operations": "abc"}, "`operations` must be a list, got 'abc'"),
        ({"operations": ["skip", 3, None]}, "`operations` must be strings or None, got 3 at index 1"),
        ({"operations": ["skip", ["a"], None]}, r"got \['a'\] at index 1"),
        ({"operations": ["skip", "a b", None]}, "'a b' at index 1"),
        ({"edges": None}, "`edges` must be a list, got None"),
        ({"edges": "ab"}, "`edges` must be a list, got 'ab'"),
        ({"edges": [(0, 3)]}, r"`edges` must join nodes 0 to 2, got \(0, 3\) at index 0"),
        ({"edges": [(0, 1), (-1, 2)]}, r"got \(-1, 2\) at index 1"),
        ({"edges": [(0, 2**31)]}, "must join nodes 0 to 2"),
        ({"edges": [(0, 2**80)]}, "must be pairs of node numbers"),
        ({"edges": [(0.0, 1.0)]}, "must be pairs of node numbers"),
        ({"edges": [("0", "1")]}, "must be pairs of node numbers"),
        ({"edges": [(False, True)]}, "must be pairs of node numbers"),
        ({"edges": [(0, 1, 2)]}, "must be pairs of node numbers"),
        ({"edges": [(0, 1), (1,)]}, "must be a list of equal entries"),
        ({"edges": [0, 1]}, "must be pairs of node numbers"),
        ({"edges": [(1, 1)]}, "`edges` must have no cycle, got 1 -> 1"),
        ({"edges": [(0, 1), (1, 2), (2, 0)]}, r"no cycle, got (0 -> 1 -> 2 -> 0|1 -> 2 -> 0 -> 1|2 -> 0 -> 1 -> 2)"),
        ({"edges": [(1, 2), (2, 1)], "names": ["a", "b", "c"]}, r"no cycle, got (b -> c -> b|c -> b -> c)"),
        ({"inputs": []}, "`inputs` must hold at least one node"),
        ({"inputs": [0, 0]}, r"`inputs` must be distinct, got \[0, 0\]"),
        ({"outputs": [3]}, "`outputs` must lie between 0 and 2, got 3 at index 0"),
        ({"outputs": [-1]}, "`outputs` must lie between 0 and 2, got -1 at index 0"),
        ({"outputs": [1.5]}, "`outputs` must be a list of integers"),
        ({"outputs": 2}, "`outputs` must be a list of integers, got 2"),
        ({"outputs": [[2], [1, 2]]}, "`outputs` must be a list of equal entries"),
        ({"outputs": [2**40]}, "`outputs` must fit into 32 bits"),
        ({"ops": OpSet(("skip",))}, "unknown operation 'conv3x3'"),
        ({"ops": ["skip", "conv3x3"]}, "`ops` must be an OpSet"),
        ({"ops_on": "both"}, "`ops_on` must be 'nodes' or 'edges', got 'both'"),
        ({"ops_on": ["nodes"]}, "`ops_on` must be 'nodes' or 'edges'"),
        ({"names": ["a", "b"]}, "`names` must have 3 entries, got 2"),
        ({"names": "abc"}, "`names` must be a list"),
        ({"attributes": {"n_macs": [1, 2]}}, "attribute 'n_macs' must have 3 entries"),
        ({"attributes": {"n_macs": 3}}, "attribute 'n_macs' must have 3 entries, got 3"),
        ({"attributes": {"shape": [[1], [2, 3], [4]]}}, "must be a list of equal entries"),
        ({"attributes": {"n_macs": [1, None, 2]}}, "must hold 64-bit numbers or strings"),
        ({"attributes": {"n_macs": [2**63] * 3}}, "must hold 64-bit numbers or strings"),
        ({"attributes": {"n_macs": [1, 2, 2**80]}}, "must hold 64-bit numbers or strings"),
        ({"attributes": [1, 2, 3]}, "`attributes` must be a dict"),
        ({"attributes": {0: [1, 2, 3]}}, "`attributes` must be a dict with names as keys"),
        ({"attributes": {"MACs [M]": [1, 2, 3]}}, r"names of `attributes` .* got 'MACs \[M\]'"),
        ({"attributes": {"": [1, 2, 3]}}, "names of `attributes` .* got ''"),
        ({"cells": {"cell 1": [0]}}, "names of `cells` .* got 'cell 1'"),
        ({"cells": {"simplified": [0]}}, "names of `cells` .* not be 'simplified'"),
        ({"cells": {"normal": [5]}}, r"`cells\['normal'\]` must lie between 0 and 2, got 5"),
        ({"cells": {"normal": [1, 1]}}, "must be distinct"),
        ({"cells": {"normal": None}}, "must be a list of integers"),
        ({"cells": [0]}, "`cells` must be a dict"),
    ],
)  # fmt: skip
def test_bad_arguments(changes, message):
    with pytest.raises(InputError, match=message):
        build(**changes)


@pytest.mark.parametrize(
    ("n_junctions", "edges", "message"),
    [
        (0, [], "`n_junctions` must be a positive integer, got 0"),
        (2.0, [], "`n_junctions` must be a positive integer"),
        ("2", [], "`n_junctions` must be a positive integer"),
        (2, None, "`edges` must be a list"),
        (2, [(0, 1)], r"`edges` must be \(u, v, operation\) with junctions 0 to 1, got \(0, 1\) at index 0"),
        (2, [(0, 1, "skip"), (0, 2, "skip")], r"got \(0, 2, 'skip'\) at index 1"),
        (2, [(-1, 1, "skip")], "at index 0"),
        (2, [(0, 1, None)], "at index 0"),
        (2, [(0.0, 1, "skip")], "at index 0"),
        (2, [3], "got 3 at index 0"),
        (2, [(1, 1, "skip")], "no cycle, got 1 -> 1"),
        (2, [(0, 1, "skip"), (1, 0, "skip")], r"no cycle, got (0 -> 1 -> 0|1 -> 0 -> 1)"),
    ],
)
def test_bad_edge_operations(n_junctions, edges, message):
    with pytest.raises(GraphError, match=message):
        ComputationGraph.from_edge_operations(n_junctions, edges)


def test_a_long_cycle_is_cut():
    n = 500
    with pytest.raises(GraphError, match=r"\.\.\. \(500 nodes\) -> ") as error:
        ComputationGraph.from_edges([None] * n, [(i, (i + 1) % n) for i in range(n)])
    assert len(str(error.value)) < 150


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"node_op": [0, 5, -1]}, "`node_op` must lie between -1 and 1, got 5 at index 1"),
        ({"node_op": []}, "at least one node"),
        ({"pred_indptr": [0, 0, 2, 1]}, "`pred_indptr` must rise from 0 in 3 steps"),
        ({"pred_indptr": [0, 0, 1]}, "`pred_indptr` must rise from 0 in 3 steps"),
        ({"preds": [0]}, "`preds` must have 2 entries, got 1"),
        ({"preds": [0, 2]}, "must be numbered in topological order"),
        ({"ops": "skip"}, "`ops` must be an OpSet"),
        ({"names": ("a",)}, "`names` must have 3 entries"),
        ({"attributes": {"x": [1]}}, "must have 3 entries"),
    ],
)
def test_the_plain_constructor_checks_too(changes, message):
    with pytest.raises(GraphError, match=message):
        replace(build(), **changes)


@given(json_values(), json_values(), json_values(), json_values())
def test_any_values_make_a_graph_or_an_input_error(operations, edges, inputs, attributes):
    for wrap in (operations, [operations], ["skip", operations]):
        try:
            graph = ComputationGraph.from_edges(wrap, edges, inputs=inputs, attributes=attributes)
        except InputError:
            continue
        assert graph.n_nodes == len(wrap)


@given(st.integers(1, 4), st.lists(st.tuples(st.integers(-2, 5), st.integers(-2, 5)), max_size=8))
def test_any_edges_make_a_graph_exactly_if_they_have_no_cycle(n, edges):
    try:
        graph = ComputationGraph.from_edges(["skip"] * n, edges)
    except GraphError:
        valid = all(0 <= u < n and 0 <= v < n for u, v in edges)
        assert not valid or not nx.is_directed_acyclic_graph(nx.DiGraph(edges))
        return
    assert nx.is_directed_acyclic_graph(nx.DiGraph(edges))
    assert graph.n_edges == len(edges)


@given(dags(max_nodes=10))
def test_numbering_is_topological_and_keeps_the_graph(parts):
    operations, edges = parts
    labels = [f"n{i}" for i in range(len(operations))]
    graph = ComputationGraph.from_edges(
        operations, edges, names=labels, attributes={"was": range(len(labels))}
    )
    assert np.all(graph.edges[:, 0] < graph.edges[:, 1])
    assert [f"n{i}" for i in graph.attributes["was"]] == list(graph.names)
    assert list(graph.op_names) == [operations[i] for i in graph.attributes["was"]]
    named = sorted((graph.names[u], graph.names[v]) for u, v in graph.edges.tolist())
    assert named == sorted((labels[u], labels[v]) for u, v in edges)


@given(graphs())
def test_predecessors_and_successors_agree_with_networkx(graph):
    expected = nx.MultiDiGraph()
    expected.add_nodes_from(range(graph.n_nodes))
    expected.add_edges_from(graph.edges.tolist())
    for node in range(graph.n_nodes):
        assert graph.predecessors(node).tolist() == sorted(u for u, _ in expected.in_edges(node))
        assert graph.successors(node).tolist() == sorted(v for _, v in expected.out_edges(node))
    assert graph.succ_indptr.tolist()[-1] == graph.n_edges == expected.number_of_edges()


@given(graphs())
def test_live_nodes_agree_with_networkx(graph):
    live = naive.live_nodes(graph)
    assert np.flatnonzero(graph.live).tolist() == live
    idle = {node for node, op in enumerate(graph.op_names) if op not in (None, "none")} - set(live)
    assert graph.connected == (not idle)


def test_ends_default_to_nodes_without_predecessors_and_successors():
    graph = ComputationGraph.from_edges(["skip"] * 5, [(0, 1), (3, 1), (1, 4)])
    assert graph.inputs.tolist() == [node for node in range(5) if not len(graph.predecessors(node))]
    assert graph.outputs.tolist() == [node for node in range(5) if not len(graph.successors(node))]


def test_an_output_need_not_be_reachable():
    graph = ComputationGraph.from_edges(["skip", "skip"], [], inputs=[0], outputs=[1])
    assert not graph.live.any()
    assert not graph.connected


def test_stations_are_the_junctions_where_operations_are_on_edges():
    edges = ComputationGraph.from_edge_operations(2, [(0, 1, "skip")])
    assert edges.stations.tolist() == [True, False, True]
    assert build().stations.all()


def test_a_graph_is_frozen():
    graph = build(attributes={"n_macs": [1, 2, 3]}, cells={"normal": [0]})
    with pytest.raises(FrozenInstanceError):
        graph.node_op = None
    for array in (graph.node_op, graph.preds, graph.attributes["n_macs"], graph.cells["normal"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_graph_does_not_change_with_its_arguments():
    values = np.array([1, 2, 3])
    graph = build(attributes={"n_macs": values})
    values[0] = 100
    assert graph.n_macs == 6


def test_totals():
    graph = build(attributes={"n_parameters": [10, 0, 2**40], "n_macs": [1.5, 0.0, np.nan]})
    assert graph.n_parameters == 10 + 2**40
    with pytest.raises(UnsupportedError, match="attribute `n_macs` must hold integers, got float64"):
        graph.n_macs
    with pytest.raises(UnsupportedError, match=r"no attribute `n_parameters`; it has \[\]"):
        build().n_parameters


def test_equality_is_of_the_whole_graph():
    graph = build(attributes={"a": [1, 2, 3], "b": [4, 5, 6]})
    assert graph == build(attributes={"b": [4, 5, 6], "a": [1, 2, 3]})
    assert hash(graph) == hash(build(attributes={"b": [4, 5, 6], "a": [1, 2, 3]}))
    for other in (build(), build(attributes={"a": [1, 2, 3], "b": [4, 5, 7]}), "graph"):
        assert graph != other
    assert build(names=["x", "y", "z"]) != build()
    assert build(outputs=[1]) != build()


@given(graphs())
def test_pickle(graph):
    graph.succs, graph.live, graph.canonical_hash
    assert pickle.loads(pickle.dumps(graph)) == graph


def test_repr_counts():
    assert repr(build()) == "<ComputationGraph: 3 nodes (2 operations), 2 edges>"


def test_html_is_the_picture():
    html = build()._repr_html_()
    assert html == str(build().plot())
    assert html.startswith("<svg")


def test_cell():
    graph = build(names=["a", "b", "c"], attributes={"n_macs": [1, 2, 3]}, cells={"normal": [2, 1]})
    cell = graph.cell("normal")
    assert cell.names == ("b", "c")
    assert cell.edges.tolist() == [[0, 1]]
    assert cell.n_macs == 5
    assert (cell.inputs.tolist(), cell.outputs.tolist()) == ([0], [1])
    with pytest.raises(UnknownNameError, match="did you mean 'normal'"):
        graph.cell("norma")


@settings(max_examples=20)
@given(graphs())
def test_order_is_topological(graph):
    position = np.argsort(graph.order)
    assert all(position[u] < position[v] for u, v in graph.edges.tolist())


def test_attributes_may_have_several_numbers_per_node():
    kernels = [[[3, 3], [1, 1]], [[3, 5], [1, 1]], [[3, 3], [1, 1]]]
    first, second, third = (
        ComputationGraph.from_edges(
            ["conv", "skip"], [(0, 1)], attributes={"kernel": kernel, "channels": [8, 8]}
        )
        for kernel in kernels
    )
    assert first.canonical_hash == third.canonical_hash != second.canonical_hash
    assert "kernel: [3, 5]" in str(second.plot())
    table = graf.GraphFeatures().fit_transform([first, second])
    assert "total(channels)" in table
    assert not [name for name in table if "(kernel)" in name]


def test_totals_do_not_overflow():
    graph = ComputationGraph.from_edges(["conv", "conv"], [(0, 1)], attributes={"n_macs": [2**62] * 2})
    assert graph.n_macs == 2**63
