"""NAS-Bench-NLP: recipes, their graphs, and the language model."""

import json
from dataclasses import replace
from math import prod

import networkx as nx
import numpy as np
import pytest
from recurrent import recipe

from graf.exceptions import ArchitectureError
from graf.spaces.nasbench_nlp import SOURCES, NASBenchNLP
from graf.spaces.parts import recurrent_recipe
from graf.spaces.parts.recurrent_recipe import ARITY, Node

SPACE = NASBenchNLP()


RNN = recipe(sum="linear x h_prev_0", h_new_0="activation_tanh sum")
LSTM = recipe(
    i="linear x h_prev_0", f="linear x h_prev_0", g="linear x h_prev_0", o="linear x h_prev_0",
    i_act="activation_sigm i", f_act="activation_sigm f", g_act="activation_tanh g", o_act="activation_sigm o",
    kept="elementwise_prod f_act h_prev_1", added="elementwise_prod i_act g_act",
    h_new_1="elementwise_sum kept added", shown="activation_tanh h_new_1", h_new_0="elementwise_prod o_act shown",
)  # fmt: skip
GRU = recipe(
    r="linear x h_prev_0", z="linear x h_prev_0", r_act="activation_sigm r", z_act="activation_sigm z",
    reset="elementwise_prod r_act h_prev_0", n="linear x reset", n_act="activation_tanh n",
    h_new_0="blend z_act h_prev_0 n_act",
)  # fmt: skip


@pytest.fixture(scope="module")
def published(graf_data):
    return (graf_data / "formats" / "nas_bench_nlp" / "recipes.jsonl").read_text().splitlines()


def drawn(text):
    """A recipe as a networkx graph; an edge knows its place among the inputs of a blend."""
    graph = nx.MultiDiGraph()
    for name, node in json.loads(text).items():
        graph.add_node(name, op=node["op"])
        for i, source in enumerate(node["input"]):
            graph.add_edge(source, name, place=i if node["op"] == "blend" else 0)
    for source in graph:
        graph.nodes[source].setdefault("op", source)  # x and the previous states
    return graph


def test_published_recipes(published):
    for text in published:
        written = SPACE.format(SPACE.parse(text))
        assert SPACE.recognises(text)
        assert nx.is_isomorphic(
            drawn(text), drawn(written), node_match=dict.__eq__, edge_match=lambda a, b: a == b
        )
        assert SPACE.graph(text).canonical_hash == SPACE.graph(written).canonical_hash
        assert written == text or "node_0" not in text


def test_the_notations_of_a_recipe():
    choices = SPACE.parse(LSTM)
    compact = json.dumps(LSTM, separators=(",", ":"))
    arrays = {name: {"op": node["op"], "input": np.array(node["input"])} for name, node in LSTM.items()}
    for written in (compact, json.dumps(LSTM, indent=1), str(LSTM), arrays):
        assert SPACE.recognises(written)
        assert SPACE.parse(written) == choices
    assert not any(SPACE.recognises(other) for other in ("{}", '["h_new_0"]', {}, ["h_new_0"], None))


def test_names_are_kept_or_take_the_free_numbers():
    written = recipe(b="linear x node_1", node_1="linear a", a="linear h_prev_0", h_new_0="activation_tanh b")
    assert json.loads(SPACE.format(SPACE.parse(written))) == recipe(
        node_0="linear x node_1", node_1="linear node_2", node_2="linear h_prev_0", h_new_0="activation_tanh node_0"
    )  # fmt: skip


def test_the_published_number_of_parameters():
    assert SPACE.graph(LSTM).n_parameters == 10_896_400  # as logged for the published LSTM
    assert SPACE.graph(GRU).n_parameters == 4_010_000 + 6_886_400 * 3 // 4
    assert SPACE.graph(RNN).n_parameters == 4_010_000 + 6_886_400 // 4


def test_a_graph_by_hand():
    graph = SPACE.graph(GRU)
    names = np.array(graph.names)
    operations = dict(zip(graph.names, graph.op_names, strict=True))
    assert operations == {
        "x": None, "h_prev_0": None, "node_0": "linear", "node_1": "linear", "node_2": "sigmoid", "node_3": "sigmoid",
        "node_4": "multiply", "node_5": "linear", "node_6": "tanh", "h_new_0": "blend", "h_new_0.first": "multiply",
        "h_new_0.complement": "complement", "h_new_0.second": "multiply",
    }  # fmt: skip
    read = {name: sorted(names[graph.predecessors(i)]) for i, name in enumerate(names)}
    assert read["node_5"] == ["node_4", "x"]
    assert read["h_new_0.first"] == ["h_prev_0", "node_3"]
    assert read["h_new_0.complement"] == ["node_3"]
    assert read["h_new_0.second"] == ["h_new_0.complement", "node_6"]
    assert read["h_new_0"] == ["h_new_0.first", "h_new_0.second"]
    assert names[graph.inputs].tolist() == ["x", "h_prev_0"]
    assert names[graph.outputs].tolist() == ["h_new_0"]
    widths = dict(zip(names, graph.attributes["channels"], strict=True))
    assert widths.pop("x") == 400
    assert set(widths.values()) == {600}


def test_the_order_of_a_blend_counts():
    swapped = GRU | recipe(h_new_0="blend z_act n_act h_prev_0")
    turned = GRU | recipe(z="linear h_prev_0 x")
    assert SPACE.graph(swapped).canonical_hash != SPACE.graph(GRU).canonical_hash
    assert SPACE.graph(turned).canonical_hash == SPACE.graph(GRU).canonical_hash


def test_nodes_that_reach_no_state_are_kept_but_not_drawn():
    choices = list(SPACE.parse(RNN))
    choices[4 * 7 + 1] = SOURCES.index("x")
    written = SPACE.format(choices)
    assert json.loads(written)["node_7"] == {"op": "linear", "input": ["x"]}
    assert SPACE.graph(written) == SPACE.graph(RNN)
    choices[4 * 0 + 3] = SOURCES.index("node_7")
    assert SPACE.graph(choices).n_nodes == SPACE.graph(RNN).n_nodes + 1


FORMULAS = {
    "linear": lambda *terms: sum(terms),
    "blend": lambda gate, first, second: gate * first + (1 - gate) * second,
    "elementwise_prod": lambda a, b: a * b,
    "elementwise_sum": lambda a, b: a + b,
    "activation_tanh": np.tanh,
    "activation_sigm": lambda a: 1 / (1 + np.exp(-a)),
    "activation_leaky_relu": lambda a: np.where(a > 0, a, 0.01 * a),
}
OF_GRAPH = {
    "linear": sum,
    "blend": sum,
    "add": sum,
    "multiply": prod,
    "complement": lambda terms: 1 - terms[0],
    "tanh": lambda terms: FORMULAS["activation_tanh"](*terms),
    "sigmoid": lambda terms: FORMULAS["activation_sigm"](*terms),
    "leaky_relu": lambda terms: FORMULAS["activation_leaky_relu"](*terms),
}


def states_of(nodes, values, weights):
    """New states of a recipe; a linear node multiplies the sum of what it reads by its weight."""

    def value(name):
        if name not in values:
            inputs = [value(source) for source in nodes[name]["input"]]
            values[name] = FORMULAS[nodes[name]["op"]](*inputs) * weights.get(name, 1)
        return values[name]

    return sorted(value(name) for name in nodes if name.startswith("h_new_"))


def outputs_of(graph, values, weights):
    """Outputs of a graph; attributes say which input or which weight a node has."""
    found = []
    for node, op in enumerate(graph.op_names):
        key = int(graph.attributes["key"][node])
        terms = [found[source] for source in graph.predecessors(node)]
        found.append(values[key] if op is None else OF_GRAPH[op](terms) * weights.get(key, 1))
    return sorted(found[node] for node in graph.outputs)


def test_graphs_and_simplified_graphs_compute_the_cell():
    samples = SPACE.sample(60, seed=4)
    samples += [SPACE.mutate(cell, seed=seed) for seed, cell in enumerate(samples)]
    assert sum("blend" in cell for cell in samples) > 10
    twins = recipe(
        a="linear h_prev_0", b="activation_tanh h_prev_0", c="activation_sigm h_prev_0", d="activation_tanh h_prev_0",
        e="blend a b c", f="blend a c d", h_new_0="elementwise_prod e f",
    )  # fmt: skip
    rng = np.random.default_rng(0)
    for text in [*samples, json.dumps(twins)]:
        text = SPACE.format(SPACE.parse(text))
        nodes, graph = json.loads(text), SPACE.graph(text)
        graph = replace(graph, attributes={"key": np.arange(graph.n_nodes)})
        values = {name: rng.normal() for name in graph.names}
        weights = {name: rng.normal() for name, node in nodes.items() if node["op"] == "linear"}
        given = {name: values[name] for name in graph.names if name not in nodes and "." not in name}
        wanted = states_of(nodes, given, weights)
        of_key = {graph.names.index(name): weight for name, weight in weights.items() if name in graph.names}
        by_key = dict(enumerate(values.values()))
        np.testing.assert_allclose(outputs_of(graph, by_key, of_key), wanted)
        simpler = graph.simplified()
        np.testing.assert_allclose(outputs_of(simpler, by_key, of_key), wanted)
        assert simpler.n_nodes <= graph.n_nodes
    assert simpler.n_nodes == graph.n_nodes - 2  # one tanh and one complement of the twins


def test_samples_are_like_published_ones():
    sizes, states, operations = [], [], set()
    for text in SPACE.sample(300, seed=3):
        nodes = json.loads(text)
        new = [name for name in nodes if name.startswith("h_new_")]
        old = {name.replace("new", "prev") for name in new}
        assert {source for node in nodes.values() for source in node["input"]} >= {"x", *old}
        assert not any(old & set(nodes[name]["input"]) for name in new)
        assert set(SPACE.graph(text).names) >= set(nodes)  # no dead nodes
        sizes.append(len(nodes))
        states.append(len(new))
        operations |= {(node["op"], len(node["input"])) for node in nodes.values()}
    assert set(states) == {1, 2, 3}
    assert max(sizes) <= 24
    assert min(sizes) == 2
    assert operations == {(op, n) for op, arity in ARITY.items() for n in arity} - {("linear", 1)}


@pytest.mark.parametrize("row", [(1, 0, 0, 0), (0, 0, 1, 0), (0, 1, 0, 1)])
def test_a_slot_is_empty_or_filled_from_the_left(row):
    choices = [*SPACE.parse(RNN)]
    choices[4 * 9 : 4 * 10] = row
    with pytest.raises(ArchitectureError, match="node_9: an operation needs inputs, and these come first"):
        SPACE.format(choices)


def test_the_cost_of_a_sequence():
    small = NASBenchNLP(embedding_size=3, hidden_size=5, n_layers=2, vocabulary_size=7, sequence_length=4)
    layer_1, layer_2 = (3 + 5) * 5, (5 + 3) * 3
    assert small.graph(RNN).n_parameters == layer_1 + 5 + layer_2 + 3 + 7 * 3 + 7
    assert small.graph(RNN).n_macs == 4 * (layer_1 + layer_2 + 3 * 7)
    assert NASBenchNLP(n_layers=1).layers() == [(400, 400)]


def test_an_lstm_is_that_of_torch():
    torch = pytest.importorskip("torch")
    from graf.spaces.torch_models.nasbench_nlp import RecurrentLayer

    nodes = {name: Node(node["op"], tuple(node["input"])) for name, node in LSTM.items()}
    layer, wanted = RecurrentLayer(recurrent_recipe.live(nodes), 4, 5), torch.nn.LSTM(4, 5, batch_first=True)
    with torch.no_grad():
        gates = [layer.linears[gate] for gate in "ifgo"]
        weights = torch.cat([gate.weight for gate in gates])
        wanted.weight_ih_l0.copy_(weights[:, :4])
        wanted.weight_hh_l0.copy_(weights[:, 4:])
        wanted.bias_ih_l0.copy_(torch.cat([gate.bias for gate in gates]))
        wanted.bias_hh_l0.zero_()
    tokens = torch.randn(2, 6, 4)
    torch.testing.assert_close(layer(tokens), wanted(tokens)[0])


def test_a_blend_and_a_leaky_relu():
    torch = pytest.importorskip("torch")
    from graf.spaces.torch_models.nasbench_nlp import RecurrentLayer

    nodes = {
        "h_new_1": Node("activation_leaky_relu", ("h_prev_2",)),
        "h_new_2": Node("elementwise_sum", ("h_prev_0", "h_prev_1")),
        "h_new_0": Node("blend", ("h_prev_0", "h_prev_1", "h_prev_2")),
    }
    states = [torch.tensor([value]) for value in (0.25, 2.0, -4.0)]
    stepped = RecurrentLayer(nodes, 1, 1).step(torch.zeros(1), states)
    assert [state.item() for state in stepped] == pytest.approx([0.25 * 2 - 0.75 * 4, -0.04, 2.25])


def test_logits_depend_on_tokens_up_to_their_step():
    torch = pytest.importorskip("torch")
    small = NASBenchNLP(embedding_size=6, hidden_size=8, n_layers=2, vocabulary_size=11)
    model = small.model(GRU, seed=1)
    first, second = torch.tensor([[1, 2, 3, 4]]), torch.tensor([[1, 2, 9, 4]])
    same = torch.isclose(model(first), model(second)).all(dim=-1)
    assert model(first).shape == (1, 4, 11)
    assert same.tolist() == [[True, True, False, False]]
    assert model.embedding.weight.abs().max() <= 0.1
    assert model.layers[0].linears["node_0"].weight.abs().max() <= 8**-0.5
