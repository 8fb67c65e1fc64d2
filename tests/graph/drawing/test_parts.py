"""Parts: modules and repetitions of whole networks."""

import module_graphs
import pytest

from graf import ComputationGraph
from graf.graph.drawing.facts import NodeFacts
from graf.graph.drawing.parts import Parts
from graf.graph.drawing.unfold import unfolded, unfolded_to_depth

MOST = 24


def parts(graph, most=MOST):
    return Parts(graph, NodeFacts(graph), most)


def top(graph):
    found = parts(graph)
    return unfolded(found.modules(found.order), MOST)


def described(graph):
    """Operation names, and (number of operations, repetitions, how joined) of blocks."""
    return [
        (len(part.first), part.times, part.joined) if part.parts else graph.op_names[part.nodes[0]]
        for part in top(graph)
    ]


def test_stages_of_a_resnet():
    graph = module_graphs.resnet()
    found = [part for part in top(graph) if part.parts]
    assert [part.times for part in found] == [1, 2, 1, 3, 1, 5, 1, 2]
    assert len({part.kind for part in found}) == 3  # the first block of the first stage has stride 1
    assert found[1].path == ("layer1", "1")


@pytest.mark.parametrize("paths", [True, False])
def test_layers_of_a_transformer_with_and_without_names(paths):
    assert (12, 12, "chain") in described(module_graphs.vit(paths=paths))


def test_dense_blocks():
    times = [
        part[1:] for part in described(module_graphs.densenet()) if isinstance(part, tuple) and part[1] > 1
    ]
    assert times == [(6, "dense"), (12, "dense"), (24, "dense"), (16, "dense")]


def test_skip_connections_of_a_u_net_are_not_folded_away():
    graph = module_graphs.unet(levels=5)
    blocks = [part for part in top(graph) if part.parts]
    assert {part.times for part in blocks} == {1}
    assert {len(part.nodes) for part in blocks} == {4, 6}  # with and without what goes up


def test_experts_with_what_adds_them_up():
    graph = module_graphs.mixture_of_experts(depth=1, experts=40)
    assert (7, 39, "chain") in described(graph)


def test_parallel_branches():
    operations = [None] + ["linear", "relu"] * 30 + ["concat"]
    edges = [(0, 2 * i + 1) for i in range(30)] + [(2 * i + 1, 2 * i + 2) for i in range(30)]
    graph = ComputationGraph.from_edges(operations, edges + [(2 * i + 2, 61) for i in range(30)])
    assert described(graph) == [None, (2, 30, "parallel"), "concat"]


@pytest.mark.parametrize("make", [module_graphs.resnet, module_graphs.unet, module_graphs.densenet])
@pytest.mark.parametrize("paths", [True, False])
def test_parts_hold_every_node_once_and_few_are_many(make, paths):
    graph = make(paths=paths)
    found = parts(graph)
    shown = unfolded(found.modules(found.order), MOST)
    assert [node for part in shown for node in part.nodes] == found.order
    assert len(shown) <= MOST


def test_kinds_do_not_depend_on_the_order_or_on_sizes():
    operations = [None, "conv3x3", "relu", "add", "relu", "conv3x3", "add"]
    edges = [(0, 1), (0, 2), (1, 3), (2, 3), (3, 4), (3, 5), (4, 6), (5, 6)]
    channels = [1.0, 1, 1, 1, 2, 2, 2]
    graph = ComputationGraph.from_edges(operations, edges, attributes={"channels": channels})
    found = parts(graph)
    assert found.kind((1, 2, 3)) == found.kind((4, 5, 6))
    strided = ComputationGraph.from_edges(operations, edges, attributes={"stride": channels})
    found = parts(strided)
    assert found.kind((1, 2, 3)) != found.kind((4, 5, 6))


def test_unfolding_to_a_depth():
    graph = module_graphs.resnet()
    found = parts(graph, float("inf"))
    modules = found.modules(found.order)
    assert [part.path for part in unfolded_to_depth(modules, 1) if part.parts] == [
        ("layer1",), ("layer2",), ("layer3",), ("layer4",),
    ]  # fmt: skip
    assert len(unfolded_to_depth(modules, 9)) > len(unfolded_to_depth(modules, 2)) > 9


def test_no_structure_at_all_is_cut_into_pieces():
    operations = [f"op{i}" for i in range(200)]
    graph = ComputationGraph.from_edges(operations, [(i, i + 1) for i in range(199)])
    assert 5 <= len(top(graph)) <= MOST
