"""Drawings of thousands of cells in little room: the page draws each from numbers when it is needed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from graf.graph import ComputationGraph
from graf.graph.drawing.boxes import HALF_HEIGHT, RADIUS
from graf.graph.drawing.colours import by_operation
from graf.graph.drawing.layout import place
from graf.graph.drawing.texts import shortened, text_width
from graf.ops import OpSet
from graf.spaces import SearchSpace

__all__ = ["draw_cells"]

WIDTH = 620  # pixels after which a drawing starts a new row
MOST_NODES = 60  # of a graph that is drawn
MOST_LAYOUTS = 3000  # about 2 MB of the page


def draw_cells(space: SearchSpace | None, architectures: Sequence[Any]) -> dict[str, Any]:
    """What the page needs to draw any of the architectures, as plain lists.

    Returns
    -------
    dict
        - `ops`: for each operation its name and colour;
        - `half`: half the width and height of a box, in pixels;
        - `layouts`: for each structure that occurs its size, the centres of its nodes, the names
          of its junctions and its curves (first and last node, path, left, top, x and y of the
          tip), in pixels;
        - `codes`: for each architecture the number of its layout, then one for each node, twice
          that of its operation (0 for a junction, 1 for the first of `ops`), and one more if no
          output depends on it; None for one that is too large.

        Boxes are of one width, so that a layout serves all architectures of the same structure.
    """
    if space is None:
        return {"ops": [], "half": [0, 0], "layouts": [], "codes": [None] * len(architectures)}
    maker = _Maker(space.ops)
    codes = [maker.code(space.graph(architecture)) for architecture in architectures]
    return {"ops": _painted(space.ops), "half": maker.half, "layouts": maker.layouts, "codes": codes}


def _painted(ops: OpSet) -> list[list[str]]:
    paint = by_operation(ops)
    return [[shortened(op.name), paint(op)[0]] for op in ops.operations]


class _Maker:
    def __init__(self, ops: OpSet) -> None:
        self.half = [max(text_width(shortened(name)) for name in ops) / 2 + 8, HALF_HEIGHT]
        self.layouts: list[dict[str, Any]] = []
        self._known: dict[object, int] = {}

    def code(self, graph: ComputationGraph) -> list[int] | None:
        if graph.n_nodes > MOST_NODES:
            return None
        key = (graph.preds.tobytes(), graph.pred_indptr.tobytes(), (graph.node_op < 0).tobytes())
        if key not in self._known:
            if len(self.layouts) == MOST_LAYOUTS:
                return None
            self._known[key] = len(self.layouts)
            self.layouts.append(self._layout(graph))
        codes = 2 * (graph.node_op.astype(int) + 1) + ~graph.live
        return [self._known[key], *codes.tolist()]

    def _layout(self, graph: ComputationGraph) -> dict[str, Any]:
        junction = graph.node_op < 0
        half = np.where(junction[:, None], RADIUS, self.half)
        edges = list(dict.fromkeys(map(tuple, graph.edges.tolist())))
        found = place(half, edges, WIDTH)
        names = [""] * graph.n_nodes if graph.names is None else graph.names
        return {
            "size": [round(found.width), round(found.height)],
            "at": found.centres.round(1).tolist(),
            "names": [
                name if circle and len(name) <= 2 else ""
                for name, circle in zip(names, junction, strict=True)
            ],
            "curves": [
                [*c.ends, c.path, *(round(value, 1) for value in (c.left, c.top, c.x, c.y))]
                for c in found.curves
            ],
        }
