"""Panels: each kind of block is drawn once, with where its tensors come from."""

from functools import partial

import module_graphs

from graf.graph.drawing.boxes import BoxMaker
from graf.graph.drawing.colours import painter
from graf.graph.drawing.facts import NodeFacts
from graf.graph.drawing.panels import PanelMaker
from graf.graph.drawing.parts import Parts
from graf.graph.drawing.unfold import unfolded


def panels(graph, views=(list,), module=()):
    facts = NodeFacts(graph)
    parts = Parts(graph, facts, 24)
    boxes = BoxMaker(graph, facts, painter("group", graph.ops))
    nodes = [node for node in parts.order if facts.paths[node][: len(module)] == module]
    return PanelMaker(parts, boxes, views, 900).panels(parts.modules(nodes, len(module)), module)


def texts(panel):
    return [box.text for box in panel.boxes]


def edges(panel):
    return sorted(curve.ends for curve in panel.layout.curves)


def test_kinds_get_letters_in_the_order_in_which_they_are_met():
    found = panels(module_graphs.resnet())
    assert [panel.letter for panel in found] == ["", *"ABCDEFG"]
    assert [box.letter for box in found[0].boxes if box.form == "block"] == list("ABCD")
    assert [len(panel.alike) for panel in found] == [
        0,
        1,
        1,
        1,
        1,
        1,
        4,
        3,
    ]  # four stages, three kinds of blocks


def test_a_block_has_dots_for_what_it_reads_and_gives():
    block = panels(module_graphs.resnet(), module=("layer1", "1"))[0]
    assert [box.form for box in block.boxes] == ["port", *["operation"] * 7, "port"]
    assert texts(block)[1:-1] == ["conv1x1", "relu", "conv3x3", "relu", "conv1x1", "add", "relu"]
    assert edges(block) == [(0, 1), (0, 6), (1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8)]
    assert block.boxes[0].tooltip.startswith("from relu")
    assert block.boxes[-1].tooltip.startswith("to ")


def test_a_view_in_which_few_curves_turn_is_taken():
    """Branches of different lengths, which together need several rows."""
    add = module_graphs.Builder()
    x = add(None)
    ends = []
    for i in range(8):
        y = x
        for _ in range(20 + i):
            y = add("layer_norm", y, module=f"block.{i}")
        ends.append(y)
    add("concat", *ends, module="block")
    views = [partial(unfolded, most=999), partial(unfolded, most=0)]
    assert "block" in texts(panels(add.graph(), views)[0])
    assert "block" not in texts(panels(add.graph(), views[:1])[0])
    assert "block" not in texts(panels(module_graphs.vit(2), views)[0])


def test_at_most_twelve_kinds_are_drawn():
    found = panels(module_graphs.different(20))
    assert [panel.letter for panel in found] == ["", *"ABCDEFGHIJKL"]
    assert [box.letter for box in found[0].boxes if box.form == "block"].count("") == 8
