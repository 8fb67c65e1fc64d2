"""Layout: nothing overlaps, everything is on the canvas, curves pass no box."""

import re
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graf import get_space
from graf.graph.drawing.layout import place


def points(path):
    """Points along an SVG path of the commands M, H, V, C and q."""
    found = []
    x = y = 0.0
    for command, rest in re.findall(r"([MHVCq])([^MHVCq]*)", path):
        values = [float(text) for text in re.findall(r"-?[\d.]+", rest)]
        start = (x, y)
        if command == "M":
            x, y = values
        elif command == "H":
            x = values[0]
        elif command == "V":
            y = values[0]
        elif command == "C":
            x, y = values[-2:]
        else:
            x, y = x + values[-2], y + values[-1]
        inner = [start, (x, y)]
        if command == "C":
            inner.insert(1, tuple(values[:2]))
            inner.insert(2, tuple(values[2:4]))
        if command == "q":
            inner.insert(1, (start[0] + values[0], start[1] + values[1]))
        found += [_bezier(inner, t) for t in np.linspace(0, 1, 40)] if command != "M" else [(x, y)]
    return np.array(found)


def _bezier(points, t):
    while len(points) > 1:
        points = [tuple((1 - t) * np.array(a) + t * np.array(b)) for a, b in pairwise(points)]
    return points[0]


def check(half, edges, width=float("inf")):
    half = np.asarray(half, float)
    layout = place(half, edges, width)
    low, high = layout.centres - half, layout.centres + half
    assert low.min() >= -1e-9
    assert (high <= np.array([layout.width, layout.height]) + 1e-9).all()
    for i, j in combinations(range(len(half)), 2):
        assert (high[i] <= low[j] + 1e-9).any() or (high[j] <= low[i] + 1e-9).any(), (i, j)
    assert sorted(curve.ends for curve in layout.curves) == sorted(edges)
    for curve in layout.curves:
        u, v = curve.ends
        way = points(curve.path) + np.array([curve.left, curve.top])
        assert way[0] == pytest.approx([high[u, 0], layout.centres[u, 1]], abs=0.1)
        assert way[-1] == pytest.approx([low[v, 0], layout.centres[v, 1]], abs=0.1)
        assert way[-1] == pytest.approx([curve.x + curve.left, curve.y + curve.top], abs=0.1)
        assert (way >= -0.1).all()
        assert (way <= np.array([layout.width, layout.height]) + 0.1).all()
        for box in set(range(len(half))) - {u, v}:
            inside = (way > low[box] + 0.1) & (way < high[box] - 0.1)
            assert not inside.all(axis=1).any(), (curve.ends, box)
    return layout


@st.composite
def diagrams(draw):
    n = draw(st.integers(1, 12))
    sizes = st.tuples(st.sampled_from([4, 20, 90]), st.sampled_from([4, 13, 22]))
    pairs = [(u, v) for u in range(n) for v in range(u + 1, n)]
    edges = draw(st.lists(st.sampled_from(pairs), max_size=2 * n)) if pairs else []
    return [draw(sizes) for _ in range(n)], edges


@settings(max_examples=150, deadline=None)
@given(diagrams(), st.sampled_from([300, 600, float("inf")]))
def test_any_diagram(diagram, width):
    check(*diagram, width)


@pytest.mark.parametrize("cell", get_space("nasbench201").sample(20, seed=1))
def test_data_flows_from_left_to_right_in_a_cell(cell):
    graph = get_space("nasbench201").graph(cell)
    half = [(20, 13)] * graph.n_nodes
    layout = check(half, [tuple(edge) for edge in graph.edges.tolist()])
    for u, v in graph.edges:
        assert layout.centres[u, 0] + 20 < layout.centres[v, 0] - 20


def test_a_chain_is_wrapped_like_a_text():
    layout = check([(40, 13)] * 20, [(i, i + 1) for i in range(19)], 600)
    assert layout.width <= 600
    rows = np.unique(layout.centres[:, 1])
    assert 3 <= len(rows) <= 6
    for row in rows:
        inside = np.flatnonzero(layout.centres[:, 1] == row)
        assert (np.diff(inside) == 1).all()
        assert (np.diff(layout.centres[inside, 0]) > 80).all()


def test_a_skip_connection_leaves_the_straight_line():
    layout = check([(20, 13)] * 4, [(0, 1), (1, 2), (2, 3), (0, 3)])
    assert len(set(layout.centres[:, 1])) == 1
    skip = next(curve for curve in layout.curves if curve.ends == (0, 3))
    assert points(skip.path)[:, 1].min() < layout.centres[0, 1] - 13


def test_unconnected_boxes_stand_in_rows():
    layout = check([(30, 13)] * 30, [], 500)
    assert layout.width <= 500
    assert layout.height < 400


def test_what_only_goes_in_stands_before_its_reader():
    layout = check([(20, 13)] * 6, [(0, 1), (1, 2), (2, 3), (4, 3), (3, 5)])
    assert layout.centres[4, 0] == layout.centres[2, 0]


def test_edges_of_one_box_past_others_share_a_lane():
    edges = [(0, i) for i in range(1, 6)] + [(i, i + 1) for i in range(1, 5)]
    layout = check([(20, 13)] * 6, edges)
    tops = {
        points(curve.path)[:, 1].min() for curve in layout.curves if curve.ends[0] == 0 and curve.ends[1] > 1
    }
    assert len(tops) == 1
