"""Boxes: what they say."""

import module_graphs
import pytest

from graf import ComputationGraph
from graf.graph.drawing.boxes import BoxMaker
from graf.graph.drawing.colours import GREY, painter
from graf.graph.drawing.facts import NodeFacts
from graf.graph.drawing.parts import Parts
from graf.graph.drawing.texts import text_width


def boxes(graph, within=()):
    facts = NodeFacts(graph)
    parts = Parts(graph, facts, 24)
    maker = BoxMaker(graph, facts, painter("group", graph.ops))
    return {box.text: box for box in (maker.box(part, within, "A") for part in parts.modules(parts.order))}


def test_a_block_says_where_it_is_how_often_and_what_comes_out():
    box = boxes(module_graphs.vit())["blocks.0\N{EN DASH}11"]
    assert (box.form, box.count, box.letter) == ("block", "\N{MULTIPLICATION SIGN}12", "A")
    assert box.second == "197\N{MULTIPLICATION SIGN}768"
    assert "144 operations in 12 repetitions" in box.tooltip
    assert "72 \N{MULTIPLICATION SIGN} linear" in box.tooltip


def test_a_block_has_a_share_of_each_colour():
    box = boxes(module_graphs.vit())["blocks.0\N{EN DASH}11"]
    assert sum(share for _, share in box.colours) == pytest.approx(1)
    assert dict(box.colours)[GREY] == pytest.approx(2 / 12)  # two sums


def test_what_the_drawing_says_is_left_out():
    assert "0\N{EN DASH}11" in boxes(module_graphs.vit(), ("blocks",))


def test_how_repetitions_are_joined():
    counts = {box.count for box in boxes(module_graphs.densenet((12, 24))).values()}
    assert counts == {""}  # inside of `features`
    graph = ComputationGraph.from_edges(
        [None] + ["linear", "relu"] * 30 + ["concat"],
        [(0, 2 * i + 1) for i in range(30)]
        + [(2 * i + 1, 2 * i + 2) for i in range(30)]
        + [(2 * i + 2, 61) for i in range(30)],
    )
    assert boxes(graph)["2 operations"].count == "\N{MULTIPLICATION SIGN}30 parallel"


def test_texts_fit_into_boxes():
    for graph in (module_graphs.resnet(), module_graphs.vit(), module_graphs.densenet()):
        for box in boxes(graph).values():
            assert 2 * box.half_width >= text_width(box.text) + text_width(box.count)
            assert 2 * box.half_width >= text_width(box.second, 11)


def test_inputs_are_told_by_name_and_shape():
    graph = ComputationGraph.from_edges(
        [None, None, "add"],
        [(0, 2), (1, 2)],
        names=["x", "mask", "sum"],
        attributes={"shape": ["1x3", "", "1x3"]},
    )
    found = boxes(graph)
    assert (found["x"].form, found["x"].second) == ("operation", "3")
    assert (found["mask"].form, found["mask"].colours) == ("operation", ())
