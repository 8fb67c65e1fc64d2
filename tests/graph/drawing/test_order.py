"""Order: topological, module by module, branch by branch."""

from itertools import groupby

import module_graphs
from hypothesis import given
from hypothesis import strategies as st
from strategies import graphs

from graf import ComputationGraph
from graf.graph.drawing.facts import NodeFacts
from graf.graph.drawing.order import module_order


@given(graphs(), st.data())
def test_a_topological_order(graph, data):
    names = st.sampled_from([(), ("a",), ("a", "b"), ("c",)])
    paths = [data.draw(names) for _ in range(graph.n_nodes)]
    order = module_order(graph, paths)
    assert sorted(order) == list(range(graph.n_nodes))
    assert all(order.index(u) < order.index(v) for u, v in graph.edges)


def test_modules_are_not_torn_apart():
    graph = module_graphs.resnet((2, 2))
    facts = NodeFacts(graph)
    names = [facts.paths[node][:1] for node in module_order(graph, facts.paths) if facts.paths[node]]
    assert len([name for name, _ in groupby(names)]) == len(set(names))


def test_a_branch_is_finished_before_the_next():
    edges = [(0, 1), (0, 2), (0, 3), (1, 4), (2, 5), (3, 6), (4, 7), (5, 7), (6, 7)]
    graph = ComputationGraph.from_edges(["relu"] * 8, edges)
    assert module_order(graph, [()] * 8) == [0, 1, 4, 2, 5, 3, 6, 7]


def test_what_is_read_late_comes_late():
    """As the keys of a decoder's layers, which all read the same encoder."""
    edges = [(0, 1)] + [(0, i) for i in (2, 4, 6)] + [(1, 3), (2, 3), (3, 5), (4, 5), (5, 7), (6, 7)]
    graph = ComputationGraph.from_edges(["relu"] * 8, edges)
    assert module_order(graph, [()] * 8) == list(range(8))
