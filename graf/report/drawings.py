"""Drawings of computation graphs: where nodes and curves go; `drawing.html` turns them into SVG."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, pairwise
from typing import NamedTuple

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from graf.graph import ComputationGraph
from graf.ops import OpSet

__all__ = ["Curve", "Drawing", "Mark", "colours", "draw"]

# Okabe and Ito, Color universal design (2008): told apart by the colour-blind
PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
GREY = "#999999"
MOST_NODES = 120
LANE, GAP, MARGIN = 46, 28, 8  # pixels between lanes, between neighbours, around everything
RADIUS, HALF_HEIGHT, LETTER = 12, 13, 3.6  # of junctions, of boxes, half the width of a letter

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Mark:
    """A node around (x, y): a box with the operation's colour, or a circle without one."""

    x: float
    y: float
    half_width: float
    text: str
    colour: str
    faded: bool


@dataclass(frozen=True)
class Curve:
    """The way of a tensor from one node to the next, as an SVG path."""

    path: str
    faded: bool


@dataclass(frozen=True)
class Drawing:
    """Marks and curves on a canvas of so many pixels; boxes are twice `half_height` high."""

    width: float
    height: float
    half_height: float
    marks: Sequence[Mark]
    curves: Sequence[Curve]


class Route(NamedTuple):
    """A chain of nodes, those of them that no earlier chain has, and the lane of these."""

    chain: list[int]
    own: list[int]
    lane: int


def colours(ops: OpSet) -> dict[str, str]:
    """A colour per operation, grey for those that return zeros."""
    used = [name for i, name in enumerate(ops) if not ops.operation(i).zero]
    found = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(used)}
    return {name: found.get(name, GREY) for name in ops}


def draw(graph: ComputationGraph) -> Drawing | None:
    """A drawing from left to right; None for a graph of more than 120 nodes.

    The longest path is a straight line. What branches off takes the nearest free lane above or
    below it. What no output depends on is faded.
    """
    if graph.n_nodes > MOST_NODES:
        return None
    depth, half = _depths(graph), _half_widths(graph)
    routes = _routes(_chains(graph), depth)
    level = _levels(routes)
    x = _step(graph, depth, half) * depth
    x += MARGIN - (x - half).min()
    y = np.zeros(graph.n_nodes)
    for route in routes:
        y[route.own] = level[route.lane]
    return Drawing(
        width=float((x + half).max() + MARGIN),
        height=max(level.values()) + HALF_HEIGHT + MARGIN,
        half_height=HALF_HEIGHT,
        marks=_marks(graph, x, y, half),
        curves=[
            Curve(
                _path(x[u] + half[u], y[u], x[v] - half[v], y[v], level[route.lane]),
                faded=not (graph.live[u] and graph.live[v]),
            )
            for route in routes
            for u, v in pairwise(route.chain)
        ],
    )


def _levels(routes: Sequence[Route]) -> dict[int, float]:
    """Height of each lane in pixels from the top."""
    lanes = {route.lane for route in routes}
    return {lane: MARGIN + HALF_HEIGHT + LANE * (lane - min(lanes)) for lane in lanes}


def _depths(graph: ComputationGraph) -> Floats:
    """Half-way between the earliest and the latest depth at which a node can be drawn."""
    early = np.zeros(graph.n_nodes)
    for node in range(graph.n_nodes):
        early[node] = max((early[u] + 1 for u in graph.predecessors(node)), default=0)
    late = np.full(graph.n_nodes, early.max())
    for node in reversed(range(graph.n_nodes)):
        late[node] = min((late[v] - 1 for v in graph.successors(node)), default=early.max())
    return (early + late) / 2


def _half_widths(graph: ComputationGraph) -> Floats:
    return np.array([RADIUS if op is None else 9 + LETTER * len(op) for op in graph.op_names])


def _step(graph: ComputationGraph, depth: Floats, half: Floats) -> float:
    """Pixels per depth, so that neighbours keep their distance."""
    u, v = graph.edges.T
    return float(np.max((half[u] + half[v] + GAP) / (depth[v] - depth[u]), initial=0))


def _chains(graph: ComputationGraph) -> Iterator[list[int]]:
    """Paths that together take every edge once, the longest path of the graph first."""
    ahead = {node: graph.successors(node).tolist() for node in range(graph.n_nodes)}
    spine = nx.dag_longest_path(graph.to_networkx())
    for u, v in pairwise(spine):
        ahead[u].remove(v)
    yield spine
    seen = set(spine)
    for node in range(graph.n_nodes):
        while ahead[node] or node not in seen:
            chain = [node]
            while ahead[chain[-1]] and (len(chain) == 1 or chain[-1] not in seen):
                chain.append(ahead[chain[-1]].pop(0))
            yield chain
            seen.update(chain)


def _routes(chains: Iterator[list[int]], depth: Floats) -> list[Route]:
    """Each chain with the nearest lane that is free over its length; short chains choose first."""
    seen: set[int] = set()
    owned: list[tuple[list[int], list[int]]] = []
    for chain in chains:
        owned.append((chain, [node for node in chain if node not in seen]))
        seen.update(chain)
    spine, *branches = owned
    branches.sort(key=lambda item: float(depth[item[0][-1]] - depth[item[0][0]]))
    taken: dict[int, list[tuple[float, float]]] = {}
    routes = []
    for chain, own in [spine, *branches]:
        start, stop = depth[chain[0]], depth[chain[-1]]
        free = (lane for lane in _nearest() if all(stop <= a or start >= b for a, b in taken.get(lane, [])))
        lane = next(free)
        taken.setdefault(lane, []).append((start, stop))
        routes.append(Route(chain, own, lane))
    return routes


def _nearest() -> Iterator[int]:
    """0, -1, 1, -2, 2, ..."""
    return (lane for distance in count() for lane in dict.fromkeys((-distance, distance)))


def _marks(graph: ComputationGraph, x: Floats, y: Floats, half: Floats) -> list[Mark]:
    colour = colours(graph.ops)
    marks = []
    for node, op in enumerate(graph.op_names):
        name = "" if graph.names is None else graph.names[node]
        text = op or (name if len(name) <= 2 else "")
        place = (float(x[node]), float(y[node]), float(half[node]))
        marks.append(Mark(*place, text, colour.get(op or "", ""), not graph.live[node]))
    return marks


def _path(x: float, y: float, to_x: float, to_y: float, level: float) -> str:
    """From point to point, running level where it is not near either."""
    bend = min(GAP + 14, (to_x - x) / 2)
    path = f"M{x:.1f} {y:.1f}"
    if y != level:
        path += f"C{x + bend / 2:.1f} {y:.1f} {x + bend / 2:.1f} {level:.1f} {x + bend:.1f} {level:.1f}"
    if to_y == level:
        return path + f"H{to_x:.1f}"
    path += f"H{to_x - bend:.1f}"
    return path + f"C{to_x - bend / 2:.1f} {level:.1f} {to_x - bend / 2:.1f} {to_y:.1f} {to_x:.1f} {to_y:.1f}"
