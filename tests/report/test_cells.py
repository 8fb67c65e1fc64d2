"""Drawings in little room: the same boxes, curves and colours as pictures of graphs."""

import pytest

from graf import get_space
from graf.report import cells
from graf.report.cells import draw_cells


@pytest.mark.parametrize("name", ["nasbench201", "nasbench101", "darts", "mobilenetv3"])
def test_operations_and_edges_are_those_of_the_graph(name):
    space = get_space(name)
    architectures = space.sample(8, seed=0)
    found = draw_cells(space, architectures)
    for architecture, (layout, *nodes) in zip(architectures, found["codes"], strict=True):
        graph, drawn = space.graph(architecture), found["layouts"][layout]
        names = [found["ops"][code // 2 - 1][0] if code > 1 else None for code in nodes]
        assert names == list(graph.op_names)
        assert [code % 2 == 0 for code in nodes] == graph.live.tolist()
        assert {tuple(curve[:2]) for curve in drawn["curves"]} == set(map(tuple, graph.edges.tolist()))
        width, height = drawn["size"]
        assert all(0 <= x <= width and 0 <= y <= height for x, y in drawn["at"])


def test_boxes_do_not_overlap():
    found = draw_cells(get_space("darts"), get_space("darts").sample(5, seed=0))
    for code in found["codes"]:
        at, (half_width, half_height) = found["layouts"][code[0]]["at"], found["half"]
        boxes = [place for place, node in zip(at, code[1:], strict=True) if node > 1]
        for i, (x, y) in enumerate(boxes):
            for u, v in boxes[:i]:
                assert abs(x - u) >= 2 * half_width or abs(y - v) >= 2 * half_height


def test_cells_of_one_structure_share_a_layout():
    space = get_space("nasbench201")
    assert len(draw_cells(space, space.sample(50, seed=0))["layouts"]) == 1


def test_colours_are_those_of_pictures():
    space = get_space("nasbench201")
    architecture = space.sample(1, seed=3)[0]
    picture = str(space.graph(architecture).plot(colour_by="operation"))
    found = draw_cells(space, [architecture])
    for node in found["codes"][0][1:]:
        if node > 1:
            name, colour = found["ops"][node // 2 - 1]
            assert f'fill="{colour}"' in picture
            assert f">{name}</text>" in picture


def test_what_is_too_large_is_not_drawn(monkeypatch):
    space = get_space("nasbench201")
    monkeypatch.setattr(cells, "MOST_NODES", 5)
    assert draw_cells(space, space.sample(2, seed=0))["codes"] == [None, None]
    monkeypatch.undo()
    monkeypatch.setattr(cells, "MOST_LAYOUTS", 3)
    space = get_space("nasbench101")
    found = draw_cells(space, space.sample(30, seed=0))
    assert len(found["layouts"]) == 3
    assert None in found["codes"]


def test_without_a_space_nothing_is_drawn():
    assert draw_cells(None, ["a", "b"])["codes"] == [None, None]
