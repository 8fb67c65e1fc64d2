"""Marks and numbers, folded as the picture is."""

from xml.etree import ElementTree

from module_graphs import resnet

from graf import ComputationGraph
from graf.graph.drawing import plot
from graf.graph.drawing.boxes import BoxMaker
from graf.graph.drawing.colours import plain
from graf.graph.drawing.facts import NodeFacts
from graf.graph.drawing.marks import Mark, Marker, signed
from graf.graph.drawing.panels import PanelMaker
from graf.graph.drawing.parts import Parts
from graf.graph.drawing.unfold import unfolded


def marked(graph, nodes=(), edges=(), values=None):
    facts = NodeFacts(graph)
    parts = Parts(graph, facts, 24)
    boxes = BoxMaker(graph, facts, plain, "+0.000")
    views = [lambda inner: unfolded(inner, 12)]
    panels = PanelMaker(parts, boxes, views, 1000).panels(parts.modules(parts.order), ())
    mark = Mark("x", "x", "#123456", frozenset(nodes), frozenset(edges))
    return panels, Marker(graph, [mark], values or {}, panels)


def test_numbers_of_each_drawing_add_up_to_those_of_the_blocks_it_stands_for():
    graph = resnet()
    panels, marker = marked(graph, values=dict.fromkeys(range(graph.n_nodes), 1.0))
    top, *blocks = panels
    assert sum(marker._content(top).values.values()) == graph.n_nodes
    assert len(blocks) >= 2
    for panel in blocks:
        held = sum(
            len(nodes)
            for other in panels
            for box, nodes in zip(other.boxes, other.held, strict=True)
            if box.letter == panel.letter
        )
        assert sum(marker._content(panel).values.values()) == held
        assert set(marker._content(panel).values) == set(panel.nodes)


def test_every_marked_edge_is_a_stripe_wherever_it_is_drawn():
    graph = resnet()
    edges = {tuple(edge) for edge in graph.edges.tolist()}
    panels, marker = marked(graph, edges=edges)
    for panel in panels:
        for curve in panel.layout.curves:
            assert marker.stripes(panel, curve) == ["#123456"]


def test_names_with_quotes_make_no_other_xml():
    graph = ComputationGraph.from_edges(['a"b', "relu"], [(0, 1)], names=["'\"<", ">"])
    mark = Mark('op_count(a"b)', '"', "#123456", frozenset([0]), frozenset())
    root = ElementTree.fromstring(str(plot(graph, marks=[mark], values={0: 1.0}, heading='"')))
    assert [key.get("data-column") for key in root.iter() if key.get("class") == "key"] == [mark.name]


def test_what_is_not_marked_has_no_stripe():
    graph = resnet()
    adds = [v for v, op in enumerate(graph.op_names) if op == "add"]
    last = adds[-1]
    panels, marker = marked(graph, nodes=[last])
    assert not [curve for panel in panels for curve in panel.layout.curves if marker.stripes(panel, curve)]
    ringed = [
        (panel.letter, panel.boxes[i])
        for panel in panels
        for i in range(len(panel.boxes))
        if marker.rings(panel, i)
    ]
    assert [box.text for _, box in ringed if box.form == "operation"] == ["add"]
    assert len([box for letter, box in ringed if not letter]) == 1


def test_numbers_with_their_sign():
    assert [signed(value) for value in (1.26, -0.034, 15.2, 0.01)] == [
        "+1.3",
        "\N{MINUS SIGN}0.034",
        "+15",
        "+0.010",
    ]
