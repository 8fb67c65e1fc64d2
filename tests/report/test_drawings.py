"""Drawings: nothing overlaps, everything is on the canvas."""

import re
from itertools import combinations

import pytest
from hypothesis import given, settings
from strategies import graphs

from graf import ComputationGraph, OpSet, get_space
from graf.report.drawings import PALETTE, colours, draw

SPACE = get_space("nasbench201")


def numbers(path):
    return [float(text) for text in re.findall(r"-?[\d.]+", path)]


def check(graph):
    drawing = draw(graph)
    assert len(drawing.marks) == graph.n_nodes
    assert len(drawing.curves) == graph.n_edges
    for mark in drawing.marks:
        assert mark.half_width <= mark.x <= drawing.width - mark.half_width
        assert drawing.half_height <= mark.y <= drawing.height - drawing.half_height
    for curve in drawing.curves:
        assert min(numbers(curve.path)) >= 0
    for u, v in graph.edges:
        left, right = drawing.marks[u], drawing.marks[v]
        assert left.x + left.half_width < right.x - right.half_width
    return drawing


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_any_graph_runs_left_to_right_on_its_canvas(graph):
    check(graph)


@pytest.mark.parametrize("cell", SPACE.sample(20, seed=1))
def test_marks_of_a_cell_do_not_overlap(cell):
    drawing = check(SPACE.graph(cell))
    for one, other in combinations(drawing.marks, 2):
        apart = abs(one.x - other.x) >= one.half_width + other.half_width
        assert apart or abs(one.y - other.y) >= 2 * drawing.half_height


def test_junctions_are_circles_and_operations_boxes_in_their_colour():
    graph = SPACE.graph((0, 1, 2, 3, 4, 2))
    drawing = draw(graph)
    for mark, op, name in zip(drawing.marks, graph.op_names, graph.names, strict=True):
        assert mark.text == (op or name)
        assert mark.colour == colours(SPACE.ops).get(op, "")


def test_what_is_dead_is_faded():
    graph = SPACE.graph("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|avg_pool_3x3~2|")
    drawing = draw(graph)
    faded = {mark.text for mark in drawing.marks if mark.faded}
    assert faded == {"none", "3", "avg_pool3x3"}
    assert sum(not curve.faded for curve in drawing.curves) == 4


def test_colours_differ_and_zeros_are_grey():
    found = colours(SPACE.ops)
    assert found["none"] == "#999999"
    assert len(set(found.values())) == len(SPACE.ops)
    many = colours(OpSet(tuple(f"op{i}" for i in range(9))))
    assert many["op8"] == PALETTE[1]


def test_large_graphs_are_not_drawn():
    chain = [(i, i + 1) for i in range(120)]
    assert draw(ComputationGraph.from_edges(["skip"] * 121, chain)) is None
    assert draw(ComputationGraph.from_edges(["skip"] * 120, chain[:-1])) is not None
