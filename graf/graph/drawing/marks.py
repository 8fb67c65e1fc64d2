"""Marks on a picture: parts of the graph in colour, and numbers at its nodes, folded as the picture is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from graf.graph.drawing.layout import Curve

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph
    from graf.graph.drawing.boxes import Box
    from graf.graph.drawing.panels import Panel

__all__ = ["Mark", "Marker", "signed"]

Edge = tuple[int, int]
ELSEWHERE = -1


@dataclass(frozen=True)
class Mark:
    """A part of a graph to be shown in a colour.

    Parameters
    ----------
    name : for programs that read the picture.
    label : what the legend says of it.
    nodes : nodes that get a ring.
    edges : edges that are drawn in the colour.
    """

    name: str
    label: str
    colour: str
    nodes: frozenset[int]
    edges: frozenset[Edge]


@dataclass
class _Content:
    """What there is to show in a drawing: numbers and marks by node, marks by edge.

    An edge from or to a node that the drawing does not know has -1 in its place.
    """

    values: dict[int, float] = field(default_factory=dict)
    rings: dict[int, set[int]] = field(default_factory=dict)
    joined: dict[Edge, set[int]] = field(default_factory=dict)


class Marker:
    """Says which marks and numbers the boxes and curves of each drawing carry.

    The drawing of a block stands for all blocks that it is like: what is marked in one of these is
    marked in it, and numbers are added up.
    """

    def __init__(
        self,
        graph: ComputationGraph,
        marks: Sequence[Mark],
        values: Mapping[int, float],
        panels: Sequence[Panel],
    ) -> None:
        self.graph, self.marks, self.panels = graph, marks, panels
        self._contents = {"": self._all(values)}

    def rings(self, panel: Panel, number: int) -> list[str]:
        """Colours around a box, the innermost first."""
        rings, held = self._content(panel).rings, panel.held[number]
        if panel.boxes[number].form == "port":
            return []
        return self._colours(mark for node in held for mark in rings.get(node, ()))

    def stripes(self, panel: Panel, curve: Curve) -> list[str]:
        """Colours along a curve, the innermost first."""
        source, target = curve.ends
        joined = self._content(panel).joined
        begins, ends = panel.held[source], panel.held[target]
        if panel.boxes[source].form == "port" and self._alone(panel, target, 0):
            begins = (*begins, ELSEWHERE)
        if panel.boxes[target].form == "port" and self._alone(panel, source, 1):
            ends = (*ends, ELSEWHERE)
        sources, targets = set(begins), set(ends)
        return self._colours(
            mark for (u, v), found in joined.items() if u in sources and v in targets for mark in found
        )

    def noted(self, panel: Panel, number: int) -> Box:
        """The box with its number as the second line."""
        values = self._content(panel).values
        known = [values[node] for node in panel.held[number] if node in values]
        box = panel.boxes[number]
        shown = known and box.form in ("operation", "block")
        return replace(box, second=signed(sum(known)) if shown else "")

    def _colours(self, found: Iterable[int]) -> list[str]:
        return [self.marks[i].colour for i in sorted(set(found))]

    def _alone(self, panel: Panel, box: int, end: int) -> bool:
        """Whether a single port is joined to the box at this end."""
        others = [curve.ends[end] for curve in panel.layout.curves if curve.ends[1 - end] == box]
        return sum(panel.boxes[other].form == "port" for other in others) == 1

    def _all(self, values: Mapping[int, float]) -> _Content:
        content = _Content(dict(values))
        for i, mark in enumerate(self.marks):
            for node in mark.nodes:
                content.rings.setdefault(node, set()).add(i)
            for edge in mark.edges:
                content.joined.setdefault(edge, set()).add(i)
        return content

    def _content(self, panel: Panel) -> _Content:
        """What the drawing shows, from all blocks that it stands for."""
        if panel.letter not in self._contents:
            content = self._contents[panel.letter] = _Content()
            for other in self.panels:
                for box, held in zip(other.boxes, other.held, strict=True):
                    if box.letter == panel.letter:
                        self._fold(content, self._content(other), panel.nodes, held)
        return self._contents[panel.letter]

    def _fold(self, into: _Content, content: _Content, nodes: Sequence[int], held: Sequence[int]) -> None:
        """Add what is known of the repetitions in `held` to the nodes that are drawn for them."""
        for start in range(0, len(held), len(nodes)):
            place = dict(zip(held[start : start + len(nodes)], nodes, strict=True))
            if any(self.graph.node_op[u] != self.graph.node_op[v] for u, v in place.items()):
                continue  # in another order, so that there is no telling which is which
            for u, v in place.items():
                if u in content.values:
                    into.values[v] = into.values.get(v, 0.0) + content.values[u]
                into.rings.setdefault(v, set()).update(content.rings.get(u, ()))
            same = all(u == v for u, v in place.items())
            for (u, v), found in content.joined.items():
                if u in place or v in place:
                    ends = (place.get(u, u if same else ELSEWHERE), place.get(v, v if same else ELSEWHERE))
                    into.joined.setdefault(ends, set()).update(found)


def signed(value: float) -> str:
    """A number with its sign and two digits.

    >>> signed(1.26)
    '+1.3'
    """
    return f"{value:+#.2g}".rstrip(".").replace("-", "\N{MINUS SIGN}")
