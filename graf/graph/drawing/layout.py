"""Where boxes and the curves between them go: left to right, in rows, like a text."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from graf.graph.drawing.layers import Edges, Route, layers, routes
from graf.graph.drawing.rows import break_rows

__all__ = ["Curve", "Layout", "place"]

BEND = 32  # pixels between columns, in which curves change lanes
LANE, LINE = 10, 4  # pixels between lanes; half the height of a lane without boxes
GUTTER, TRACK = 22, 7  # pixels between rows, and more for each curve that turns there
APART = 24  # pixels between graphs that are not connected
CORNER = 5

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """The way of a tensor between two boxes as an SVG path, drawn from (left, top) on.

    Its tip is at (x, y) from there.
    """

    ends: tuple[int, int]
    path: str
    x: float
    y: float
    left: float = 0.0
    top: float = 0.0

    def moved(self, boxes: list[int], left: float, top: float) -> Curve:
        """The curve in a larger drawing, in which boxes have other numbers."""
        u, v = self.ends
        return replace(self, ends=(boxes[u], boxes[v]), left=left, top=top)


@dataclass(frozen=True)
class Layout:
    """Centres of the boxes (n, 2), the curves, and the pixels that all of it takes.

    At most `n_turning` curves go from the end of a row to the next.
    """

    centres: Floats
    curves: list[Curve]
    width: float
    height: float
    n_turning: int = 0


def place(half: Floats, edges: Edges, width: float = float("inf")) -> Layout:
    """Place boxes of half widths and half heights (n, 2) in rows at most `width` pixels wide.

    Edges go from smaller to larger numbers. The longest path is a straight line, lane 0; what
    branches off takes the nearest free lane above or below it. Rows end where few edges cross,
    and the edges that do turn there, as a line of text does, without crossing each other.
    Graphs that are not connected are drawn one after the other, and from row to row too.
    """
    centres, curves = np.zeros((len(half), 2)), []
    x = y = bottom = right = 0.0
    n_turning = 0
    for boxes in _components(len(half), edges):
        number = {box: i for i, box in enumerate(boxes)}
        inner = [(number[u], number[v]) for u, v in edges if u in number]
        layer = layers(len(boxes), inner)
        found = _Placing(half[boxes], inner, layer, routes(len(boxes), inner, layer), width).layout()
        if x and x + found.width > width:
            x, y = 0.0, bottom + APART
        centres[boxes] = found.centres + np.array([x, y])
        curves += [curve.moved(boxes, x, y) for curve in found.curves]
        right, bottom = max(right, x + found.width), max(bottom, y + found.height)
        n_turning = max(n_turning, found.n_turning)
        x += found.width + APART
    return Layout(centres, curves, right, bottom, n_turning)


def _components(n: int, edges: Edges) -> list[list[int]]:
    """Boxes that edges connect, in order of the first."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(n))
    graph.add_edges_from(edges)
    return sorted(sorted(found) for found in nx.connected_components(graph))


class _Placing:
    """Columns, rows and levels, from which boxes and curves get their places."""

    def __init__(
        self, half: Floats, edges: Edges, layer: list[int], found: list[Route], width: float
    ) -> None:
        self.half, self.layer, self.routes = half, layer, found
        self.row = [0] * (max(layer) + 1)
        columns = np.zeros(max(layer) + 1)
        np.maximum.at(columns, layer, half[:, 0])
        crossings = _crossings(layer, edges)
        widths = (2 * columns + BEND).tolist()
        tracks, self.turning = 0, list[list[int]]()
        while sum(widths) - BEND > width and (not tracks or tracks < max(map(len, self.turning), default=0)):
            tracks = max(map(len, self.turning), default=1)
            spare = min(BEND + 2 * (CORNER + TRACK * tracks), width / 2)
            self.row = break_rows(widths, crossings, width - spare)
            self.turning = self._turning()
        self.left, self.right = self._columns(columns)
        self.ends = self._ends()
        self.level, self.gutter, self.height = self._levels()

    def layout(self) -> Layout:
        lane = {node: route.lane for route in self.routes for node in route.own}
        x = (self.left + self.right)[self.layer] / 2
        y = np.array([self._y(node, lane[node]) for node in range(len(self.half))])
        centres = np.stack([x, y], axis=1)
        curves = [
            Curve((u, v), self._path(u, v, route.lane, centres), float(x[v] - self.half[v, 0]), float(y[v]))
            for route in self.routes
            for u, v in pairwise(route.chain)
        ]
        turns = [end + TRACK * len(lanes) for end, lanes in zip(self.ends, self.turning, strict=False)]
        n_turning = max(map(len, self.turning), default=0)
        return Layout(centres, curves, max(turns + self.right.tolist()), self.height, n_turning)

    def _y(self, node: int, lane: int) -> float:
        return self.level[self.row[self.layer[node]]][lane]

    def _turning(self) -> list[list[int]]:
        """Lanes, from the top, of the edges that go on from each row in the next."""
        lanes: list[set[int]] = [set() for _ in range(max(self.row))]
        for route in self.routes:
            for u, v in pairwise(route.chain):
                for turned in lanes[self.row[self.layer[u]] : self.row[self.layer[v]]]:
                    turned.add(route.lane)
        return list(map(sorted, lanes))

    def _columns(self, half: Floats) -> tuple[Floats, Floats]:
        """Left and right end of each column of boxes."""
        margin = BEND + CORNER + TRACK * max(map(len, self.turning)) if self.turning else 0.0
        left = np.zeros(len(half))
        for i in range(len(half)):
            new_row = i == 0 or self.row[i] > self.row[i - 1]
            left[i] = margin if new_row else left[i - 1] + 2 * half[i - 1] + BEND
        return left, left + 2 * half

    def _levels(self) -> tuple[list[dict[int, float]], list[float], float]:
        """Height of each lane in each row, top of the gutter below each row, and total height."""
        needs: list[dict[int, float]] = [{} for _ in range(max(self.row) + 1)]
        for route in self.routes:
            for node in route.own:
                need = needs[self.row[self.layer[node]]]
                need[route.lane] = max(need.get(route.lane, 0), self.half[node, 1])
            for u, v in pairwise(route.chain):
                first, last = self.row[self.layer[u]], self.row[self.layer[v]]
                if first < last or self.layer[v] > self.layer[u] + 1:
                    for need in needs[first : last + 1]:
                        need[route.lane] = max(need.get(route.lane, 0), LINE)
        levels, gutters, y = [], [], 0.0
        for row, need in enumerate(needs):
            level = {}
            for lane in sorted(need):
                level[lane] = y + need[lane]
                y += 2 * need[lane] + LANE
            y -= LANE
            levels.append(level)
            gutters.append(y)
            if row < len(self.turning):
                y += GUTTER + TRACK * len(self.turning[row])
        return levels, gutters, y

    def _ends(self) -> list[float]:
        """Where the curves behind the last column of each row turn."""
        right = np.zeros(max(self.row) + 1)
        np.maximum.at(right, self.row, self.right)
        return (right + BEND + CORNER).tolist()

    def _path(self, u: int, v: int, lane: int, centres: Floats) -> str:
        """From box to box, level on its lane where it is not near either."""
        (x, y), (to_x, to_y) = centres[u], centres[v]
        first, last = self.row[self.layer[u]], self.row[self.layer[v]]
        leave, enter = self.right[self.layer[u]], self.left[self.layer[v]]
        path = f"M{x + self.half[u, 0]:.1f} {y:.1f}"
        if first == last and self.layer[v] == self.layer[u] + 1:
            path += _bend(leave, y, enter, to_y)
        else:
            path += _bend(leave, y, leave + BEND, self.level[first][lane])
            for row in range(first, last):
                path += self._turn(row, lane)
            path += _bend(enter - BEND, self.level[last][lane], enter, to_y)
        return path + f"H{to_x - self.half[v, 0]:.1f}"

    def _turn(self, row: int, lane: int) -> str:
        """From the end of a row to the start of the next; upper lanes turn outside of lower ones."""
        place, n = self.turning[row].index(lane), len(self.turning[row])
        right = self.ends[row] + TRACK * (n - place - 1)
        left = self.left[0] - BEND - CORNER - TRACK * place
        to_y = self.level[row + 1][lane]
        middle = self.gutter[row] + GUTTER / 2 + TRACK * (n - place - 1)
        r = CORNER
        return (
            f"H{right - r:.1f}q{r} 0 {r} {r}V{middle - r:.1f}q0 {r} -{r} {r}"
            f"H{left + r:.1f}q-{r} 0 -{r} {r}V{to_y - r:.1f}q0 {r} {r} {r}"
        )


def _crossings(layer: list[int], edges: Edges) -> list[int]:
    """How many boxes in the columns up to each are read in later ones."""
    last = np.array(layer)
    for u, v in edges:
        last[u] = max(last[u], layer[v])
    n = max(layer) + 1
    return np.cumsum(np.bincount(layer, minlength=n) - np.bincount(last, minlength=n)).tolist()


def _bend(x: float, y: float, to_x: float, to_y: float) -> str:
    if y == to_y:
        return f"H{to_x:.1f}"
    middle = (x + to_x) / 2
    return f"H{x:.1f}C{middle:.1f} {y:.1f} {middle:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
