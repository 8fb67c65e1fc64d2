"""Graphs to and from JSON and networkx."""

import json
from contextlib import suppress

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import damaged, graphs, json_values, networkx_graphs

from graf import ComputationGraph
from graf.exceptions import GraphError, InputError

FULL = ComputationGraph.from_edges(
    ["conv3x3", None, "skip"],
    [(0, 1), (0, 1), (1, 2)],
    names=["in", "sum", "out"],
    attributes={"n_macs": [1, 0, 2], "cost": [0.1, 1e300, 2.0], "shape": [[3, 4]] * 3, "path": ["a", "b", "c"],
                "frozen": [True, False, True]},
    cells={"normal": [1, 2]},
)  # fmt: skip
FIELDS = json.loads(FULL.to_json())
LABELS = st.text(max_size=5)
NAMES = st.from_regex(r"\w{1,5}", fullmatch=True).filter(str.isprintable)


@given(graphs(), st.data())
def test_json_gives_the_same_graph_back(graph, data):
    n = graph.n_nodes
    numbers = st.integers(-(2**63), 2**63 - 1)
    columns = [st.lists(kind, min_size=n, max_size=n) for kind in (numbers, st.floats(), st.booleans())]
    attributes = data.draw(st.dictionaries(NAMES, st.one_of(columns), max_size=3))
    names = data.draw(st.none() | st.lists(LABELS, min_size=n, max_size=n))
    cells = data.draw(st.dictionaries(NAMES, st.lists(st.integers(0, n - 1), unique=True), max_size=2))
    graph = ComputationGraph.from_edges(
        graph.op_names, graph.edges, inputs=graph.inputs, outputs=graph.outputs, ops=graph.ops,
        ops_on=graph.ops_on, names=names, attributes=attributes, cells=cells,
    )  # fmt: skip
    copy = ComputationGraph.from_json(graph.to_json())
    assert copy == graph
    for name, values in attributes.items():
        assert copy.attributes[name].dtype == graph.attributes[name].dtype
        np.testing.assert_array_equal(copy.attributes[name], values)
    np.testing.assert_array_equal(copy.node_op, graph.node_op)
    np.testing.assert_array_equal(copy.edges, graph.edges)


def test_json_keeps_types():
    kinds = {
        name: values.dtype.kind
        for name, values in ComputationGraph.from_json(FULL.to_json()).attributes.items()
    }
    assert kinds == {"n_macs": "i", "cost": "f", "shape": "i", "path": "U", "frozen": "b"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "`text` must be JSON"),
        ("{", "`text` must be JSON, got '{'"),
        ("[" * 100_000, "`text` must be JSON"),
        ("[" + "9" * 5000 + "]", "`text` must be JSON"),
        ("[]", "must be a JSON object with"),
        ('{"format": "other"}', "must be a JSON object with"),
        (None, "`text` must be a string, got NoneType"),
        (b"{}", "`text` must be a string, got bytes"),
    ],
)
def test_text_that_is_not_a_graph(text, message):
    with pytest.raises(GraphError, match=message):
        ComputationGraph.from_json(text)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, "`version` must be 1, got 2; a newer graf may read it"),
        ({"operations": None}, "field 'operations' is missing or of the wrong type, got None"),
        ({"edges": {}}, "field 'edges' is missing or of the wrong type"),
        ({"edges": [[0, 1.0]]}, "pairs of node numbers"),
        ({"edges": [[1, 0], [0, 1]]}, "no cycle"),
        ({"ops": ["skip", "skip"]}, "more than once"),
        ({"ops": ["skip"]}, "unknown operation 'conv3x3'"),
        ({"inputs": [None]}, "`inputs` must be a list of integers"),
        ({"attributes": {"n_macs": [1, [2], 3]}}, "must be a list of equal entries"),
    ],
)
def test_json_of_a_broken_graph(changes, message):
    with pytest.raises(InputError, match=message):
        ComputationGraph.from_json(json.dumps(FIELDS | changes))


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_json_without_a_field(field):
    with pytest.raises(GraphError):
        ComputationGraph.from_json(json.dumps({key: FIELDS[key] for key in FIELDS if key != field}))


@given(st.text() | damaged(FULL.to_json()) | json_values().map(json.dumps))
def test_any_text_is_a_graph_or_an_input_error(text):
    with suppress(InputError):
        ComputationGraph.from_json(text)


@given(st.dictionaries(st.sampled_from(sorted(FIELDS)), json_values(), min_size=1, max_size=3))
def test_any_fields_are_a_graph_or_an_input_error(changes):
    try:
        graph = ComputationGraph.from_json(json.dumps(FIELDS | changes))
    except InputError:
        return
    assert ComputationGraph.from_json(graph.to_json()) == graph


@given(graphs())
def test_networkx_gives_the_same_graph_back(graph):
    copy = ComputationGraph.from_networkx(graph.to_networkx(), ops=graph.ops, names=None)
    assert copy == graph


def test_networkx_keeps_labels_and_numbers():
    copy = ComputationGraph.from_networkx(FULL.to_networkx())
    assert copy.names == FULL.names
    for name in ("n_macs", "cost", "shape"):
        np.testing.assert_array_equal(copy.attributes[name], FULL.attributes[name])


def test_networkx_with_an_attribute_named_like_a_field():
    graph = ComputationGraph.from_edges(["skip"], [], attributes={"op": [1], "name": [2], "is_input": [3]})
    assert graph.to_networkx().nodes[0] == {"op": "skip", "name": 2, "is_input": True, "is_output": True}


def test_operations_on_edges():
    source = nx.MultiDiGraph([("a", "b", {"op": "skip"}), ("a", "b", {"op": "conv3x3"})])
    graph = ComputationGraph.from_networkx(source)
    assert graph.ops_on == "edges"
    assert sorted(graph.names) == ["a", "a->b", "a->b", "b"]
    assert sorted(filter(None, graph.op_names)) == ["conv3x3", "skip"]


def test_another_attribute_can_hold_the_operation():
    source = nx.DiGraph()
    source.add_node("a", kind="skip", op="conv3x3", weight=2)
    graph = ComputationGraph.from_networkx(source, op="kind")
    assert graph.op_names == ("skip",)
    assert graph.attributes["weight"].tolist() == [2]


def test_marked_ends():
    source = nx.DiGraph([(0, 1), (1, 2)])
    source.nodes[1].update(is_input=True, is_output=np.True_)
    graph = ComputationGraph.from_networkx(source)
    assert (graph.inputs.tolist(), graph.outputs.tolist()) == ([1], [1])


def labelled(**attributes):
    graph = nx.DiGraph([("a", "b")])
    graph.nodes["a"].update(attributes)
    return graph


@pytest.mark.parametrize(
    ("graph", "message"),
    [
        (nx.Graph([(0, 1)]), "must be a directed networkx graph, got Graph"),
        ("graph", "must be a directed networkx graph, got str"),
        (nx.DiGraph(), "at least one node"),
        (nx.DiGraph([("a", "b"), ("b", "a")]), "no cycle, got (a -> b -> a|b -> a -> b)"),
        (nx.DiGraph([("a", "a")]), "no cycle, got a -> a"),
        (nx.DiGraph([("a", "b", {"op": "skip"}), ("b", "c")]), r"edge \('b', 'c'\) has none"),
        (nx.DiGraph([("a", "b", {"op": 3})]), r"got \(0, 1, 3\) at index 0"),
        (labelled(op=3), "must be strings or None, got 3 at index 0"),
        (labelled(is_input="False"), "`is_input` must be true or false, got 'False' at node 'a'"),
    ],
)
def test_bad_networkx_graphs(graph, message):
    with pytest.raises(GraphError, match=message):
        ComputationGraph.from_networkx(graph)


def test_operations_under_another_name_are_not_passed_over():
    graph = nx.DiGraph()
    graph.add_node(0, operation="conv3x3", kernel=3)
    graph.add_node(1, operation="skip")
    graph.add_edge(0, 1)
    with pytest.raises(GraphError, match=r"'op' of nodes or edges, but these have 'operation'; name"):
        ComputationGraph.from_networkx(graph)
    assert ComputationGraph.from_networkx(graph, op="operation").op_names == ("conv3x3", "skip")


def test_operations_on_both_nodes_and_edges():
    graph = labelled(op="skip")
    graph.edges["a", "b"]["op"] = "conv3x3"
    with pytest.raises(GraphError, match="on edges or on nodes, but node 'a' has one as well"):
        ComputationGraph.from_networkx(graph)


@given(networkx_graphs())
def test_any_networkx_graph_is_a_graph_or_an_input_error(source):
    try:
        graph = ComputationGraph.from_networkx(source)
    except InputError:
        return
    assert graph.n_nodes >= source.number_of_nodes()
