"""Pictures of computation graphs, from cells to networks of thousands of operations."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING

from graf.exceptions import InputError, UnknownNameError
from graf.files import atomic_path
from graf.graph.drawing.boxes import BoxMaker
from graf.graph.drawing.colours import painter, plain
from graf.graph.drawing.facts import NodeFacts
from graf.graph.drawing.marks import Mark, Marker
from graf.graph.drawing.page import Page, panel_width
from graf.graph.drawing.panels import PanelMaker
from graf.graph.drawing.parts import Parts
from graf.graph.drawing.unfold import unfolded, unfolded_to_depth

if TYPE_CHECKING:
    from graf.graph.computation_graph import ComputationGraph

__all__ = ["Picture", "plot"]

MOST_NODES = 40  # of a graph that is drawn operation by operation
MOST_BOXES = 24  # of a drawing, if folding can do it
LEAST_WIDTH = 300
ROOM = "+0.000"  # as wide as numbers at boxes are


@dataclass(frozen=True)
class Picture:
    """An SVG picture; notebooks show it, `str` gives the text, `save` writes it."""

    svg: str

    def __str__(self) -> str:
        return self.svg

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        return self.svg

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the picture to a file that ends in .svg."""
        if Path(path).suffix.lower() != ".svg":
            raise InputError(f"a picture is saved as SVG: `path` must end in .svg, got {str(path)!r:.200}")
        with atomic_path(path) as temporary:
            temporary.write_text(self.svg, encoding="utf-8")


def plot(
    graph: ComputationGraph,
    *,
    depth: int | None = None,
    module: str = "",
    width: int = 1000,
    colour_by: str = "group",
    legend: bool = True,
    marks: Sequence[Mark] = (),
    values: Mapping[int, float] | None = None,
    heading: str = "",
) -> Picture:
    """A picture of a graph; see `ComputationGraph.plot`.

    With `values` by node, marks and these numbers take the place of colours and shapes, and `heading`
    that of the totals.
    """
    facts = NodeFacts(graph)
    parts = Parts(graph, facts, MOST_BOXES if depth is None else float("inf"))
    nodes, prefix = _inside(facts, parts.order, module)
    paint = painter(colour_by, graph.ops) if values is None else plain
    boxes = BoxMaker(graph, facts, paint, None if values is None else ROOM)
    width = _whole("width", width, LEAST_WIDTH)
    if depth is None:
        views = [partial(unfolded, most=most) for most in (MOST_BOXES, MOST_BOXES // 2, 0)]
    else:
        views = [partial(unfolded_to_depth, depth=_whole("depth", depth, 1) + len(prefix))]
    few = depth is None and len(nodes) <= MOST_NODES
    top = parts.operations(nodes) if few else parts.modules(nodes, len(prefix))
    drawn = PanelMaker(parts, boxes, views, panel_width(width)).panels(top, prefix)
    marker = None if values is None else Marker(graph, marks, values, drawn)
    return Picture(Page(boxes, drawn, module, width, marker, heading).document(legend))


def _inside(facts: NodeFacts, order: list[int], module: str) -> tuple[list[int], tuple[str, ...]]:
    """The nodes of a module in order, and how its path stands in theirs."""
    if not isinstance(module, str):
        raise InputError(f"`module` must be the path of a module, got {module!r:.80}")
    if not module:
        return order, ()
    names = [".".join(path) for path in facts.paths]
    nodes = [node for node in order if f"{names[node]}.".startswith(f"{module}.")]
    if not nodes:
        pieces = [name.split(".") for name in dict.fromkeys(names)]
        known = {".".join(piece[:i]) for piece in pieces for i in range(1, len(piece) + 1)} - {""}
        raise UnknownNameError("module", module, known)
    path = facts.paths[nodes[0]]
    lengths = accumulate((len(name) + 1 for name in path), initial=-1)
    return nodes, path[: sum(length <= len(module) for length in lengths) - 1]


def _whole(name: str, value: int, least: int) -> int:
    try:
        if index(value) >= least and not isinstance(value, bool):
            return index(value)
    except TypeError:
        pass
    raise InputError(f"`{name}` must be a whole number of at least {least}, got {value!r:.80}")
