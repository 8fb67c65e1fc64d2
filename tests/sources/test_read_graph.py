"""read_graph: every format, and a clear refusal of everything else."""

import json
from contextlib import suppress
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import damaged, graphs, json_values, networkx_graphs

from graf import ComputationGraph, read_graph
from graf.exceptions import ArchitectureError, GraphError, InputError, UnknownNameError, UnsupportedError
from graf.sources.read_graph import READERS
from graf.spaces import SPACES, get_space

NB201 = "|avg_pool_3x3~0|+|skip_connect~0|nor_conv_1x1~1|+|nor_conv_3x3~0|none~1|nor_conv_3x3~2|"
GRAPH = ComputationGraph.from_edges(["conv3x3", "skip"], [(0, 1)], attributes={"n_macs": [1, 2]})


@pytest.mark.parametrize(
    ("source", "space"),
    [
        (NB201, "nasbench201"),
        ("(4, 0, 2, 3, 1, 2)", "nasbench201"),
        ((4, 0, 2, 3, 1, 2), "nasbench201"),
        ("64-41414-1_02_333", "transnas_micro"),
        ("1-0-2-3-3-3", "transnas_micro"),
    ],
)
def test_cells(source, space):
    expected = get_space(space).graph(source)
    assert read_graph(source) == read_graph(source, format=space) == expected
    assert read_graph(source, n_classes=7) == get_space(space, n_classes=7).graph(source)


def test_both_tuple_notations_are_the_same_cell():
    assert read_graph((4, 0, 2, 3, 1, 2)) == read_graph(NB201)


def test_a_format_is_forced():
    ids = (1, 0, 2, 3, 3, 3)
    assert read_graph(ids, format="transnas_micro") == read_graph("64-41414-1_02_333")
    with pytest.raises(ArchitectureError, match="not a NAS-Bench-201 cell"):
        read_graph("64-41414-1_02_333", format="nasbench201")


def test_a_graph_is_returned_as_it_is():
    assert read_graph(GRAPH) is GRAPH


def test_networkx():
    source = nx.DiGraph()
    source.add_node("a", kind="conv3x3", n_macs=1)
    source.add_node("b", kind="skip", n_macs=2)
    source.add_edge("a", "b")
    graph = read_graph(source, op="kind")
    assert graph.canonical_hash == GRAPH.canonical_hash
    assert graph.n_macs == 3
    assert read_graph(
        nx.MultiDiGraph(source), format="networkx", op="kind", outputs=[0]
    ).outputs.tolist() == [0]


def test_json_text_and_files(tmp_path):
    file = tmp_path / "Graph.JSON"
    file.write_text("\n " + GRAPH.to_json())
    other = tmp_path / "graph.txt"
    other.write_text(GRAPH.to_json())
    for source in (GRAPH.to_json(), "\n " + GRAPH.to_json(), file, str(file), other):
        assert read_graph(source) == GRAPH
        assert read_graph(source, format="json") == GRAPH


@pytest.mark.parametrize(
    "content", ["", "[1]", "{", json.dumps({"format": "graf.ComputationGraph", "version": 1})]
)
def test_a_broken_file_is_named(tmp_path, content):
    file = tmp_path / "graph.json"
    file.write_text(content)
    with pytest.raises(GraphError, match=r"graph\.json: "):
        read_graph(file)


@pytest.mark.parametrize(
    "name", ["missing.json", "folder.json", "binary.json", "a\0b.json", "x" * 300 + ".json"]
)
def test_files_that_cannot_be_read(tmp_path, name):
    (tmp_path / "folder.json").mkdir()
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(InputError, match=r"cannot read .* as JSON"):
        read_graph(str(tmp_path / name))


@pytest.mark.parametrize("source", ["", None, 3, 2.5, True, [], {}, b"{}", (), object()])
def test_sources_of_no_format(source):
    with pytest.raises(
        InputError, match="`source` must be an architecture, a graph, JSON text or a path, got "
    ):
        read_graph(source)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        ("resnet", ArchitectureError, "'resnet' is not in the notation of any search space"),
        (" ", ArchitectureError, "not in the notation"),
        (NB201[:-2], ArchitectureError, "not a NAS-Bench-201 cell"),
        ((1, 2), ArchitectureError, "expected 6 choices"),
        (nx.Graph(), GraphError, "must be a directed networkx graph"),
        ("{}", GraphError, "must be a JSON object with"),
        ("model.onnx", InputError, "cannot read 'model.onnx' as ONNX: No such file"),
        (Path("model.ONNX"), InputError, "cannot read 'model.ONNX' as ONNX"),
    ],
)
def test_faulty_sources(source, error, message):
    with pytest.raises(error, match=message):
        read_graph(source)


@pytest.mark.parametrize("name", ["nasbench", "", 3, ["json"]])
def test_unknown_formats(name):
    with pytest.raises(UnknownNameError, match="unknown format"):
        read_graph(NB201, format=name)


@pytest.mark.parametrize("source", [None, 3, "x", [], ["a"], GRAPH.to_networkx(), {"a": 1}, (1, 2)])
@pytest.mark.parametrize("name", READERS)
def test_a_forced_format_does_not_fit(source, name):
    if name == "networkx" and isinstance(source, nx.Graph):
        return
    with pytest.raises(InputError):
        read_graph(source, format=name)


def test_settings_must_belong_to_the_format():
    with pytest.raises(
        UnknownNameError, match="unknown setting of nasbench201 'chanels'; did you mean 'channels'"
    ):
        read_graph(NB201, chanels=8)
    with pytest.raises(InputError, match="JSON takes no settings, got `channels`"):
        read_graph(GRAPH.to_json(), channels=8)
    with pytest.raises(InputError, match="a ComputationGraph takes no settings, got `channels`"):
        read_graph(GRAPH, channels=8)


VALID = [NB201, "64-41414-1_02_333", "1-0-2-3-3-3", "(4, 0, 2, 3, 1, 2)", GRAPH.to_json()]


@given(
    st.text() | st.sampled_from(VALID).flatmap(damaged), st.sampled_from([None, "json", "networkx", *SPACES])
)
def test_any_text_is_a_graph_or_an_error(text, name):
    with suppress(InputError, UnsupportedError):
        assert isinstance(read_graph(text, format=name), ComputationGraph)


@given(json_values(), st.sampled_from([None, *READERS]))
def test_any_value_is_a_graph_or_an_error(value, name):
    for source in (value, json.dumps(value), tuple(value) if isinstance(value, list) else value):
        with suppress(InputError, UnsupportedError):
            assert isinstance(read_graph(source, format=name), ComputationGraph)


@settings(max_examples=50)
@given(networkx_graphs())
def test_any_networkx_graph_is_a_graph_or_an_error(source):
    with suppress(InputError):
        assert isinstance(read_graph(source), ComputationGraph)


@given(graphs())
def test_any_graph_comes_back_from_its_json(graph):
    assert read_graph(graph.to_json()) == graph


@pytest.mark.parametrize("name", SPACES)
def test_samples_of_every_space_are_read_without_naming_it(name):
    text = get_space(name).sample(1, seed=2)[0]
    if name != "autoformer_tiny":
        assert read_graph(text) == get_space(name).graph(text)
    assert read_graph(text, format=name) == get_space(name).graph(text)
