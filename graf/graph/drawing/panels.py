"""The drawings of a picture: the network, and each kind of folded block once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from string import ascii_uppercase

import numpy as np

from graf.graph.drawing.boxes import Box, BoxMaker
from graf.graph.drawing.layout import Layout
from graf.graph.drawing.layout import place as place_boxes
from graf.graph.drawing.parts import Part, Parts
from graf.graph.drawing.texts import common_path

__all__ = ["Panel", "PanelMaker"]

MOST_PANELS = 12
MOST_TURNING = 4


@dataclass(frozen=True)
class Panel:
    """One drawing: boxes, and where they and the edges between them go.

    Parameters
    ----------
    letter : by which boxes of other drawings refer to it; "" for the network itself.
    nodes : nodes of the graph that are drawn.
    alike : all parts of the picture that consist of the same, but for sizes.
    held : nodes that each box stands for, repetition after repetition; of a dot, nodes elsewhere.
    """

    letter: str
    nodes: tuple[int, ...]
    boxes: list[Box]
    layout: Layout
    alike: list[Part]
    held: list[tuple[int, ...]]


@dataclass(frozen=True)
class PanelMaker:
    """Makes the drawings of a picture.

    Parameters
    ----------
    views : ways to unfold the parts of a drawing, the one that shows most first.
    width : most pixels in a row.
    """

    parts: Parts
    boxes: BoxMaker
    views: Sequence[Callable[[Sequence[Part]], list[Part]]]
    width: float

    def panels(self, top: Sequence[Part], path: tuple[str, ...]) -> list[Panel]:
        """The drawing of the network, then those of blocks in the order in which they are met.

        At most 12 kinds of blocks are drawn; later ones are only named.
        """
        letters: dict[int, str] = {}
        alike: dict[str, list[Part]] = {"": []}
        nodes = tuple(node for part in top for node in part.nodes)
        waiting = deque([("", nodes, top, path)])
        found = []
        while waiting:
            letter, nodes, inner, path = waiting.popleft()
            shown = self._clearest(nodes, inner, path)
            for part in (part for part in shown if part.parts):
                if part.kind not in letters and len(letters) < MOST_PANELS:
                    letters[part.kind] = ascii_uppercase[len(letters)]
                    waiting.append((letters[part.kind], part.first, part.parts, part.path))
                if part.kind in letters:
                    alike.setdefault(letters[part.kind], []).append(part)
            boxes, layout, held = self._drawn(nodes, shown, path, letters)
            found.append(Panel(letter, nodes, boxes, layout, alike[letter], held))
        return found

    def _clearest(self, nodes: Sequence[int], inner: Sequence[Part], path: tuple[str, ...]) -> list[Part]:
        """What the first view shows in which few curves turn at the end of a row, if there is any."""
        fewest, found = float("inf"), list[Part]()
        for view in self.views:
            shown = view(inner)
            letters = {part.kind: "A" for part in shown}
            _, layout, _ = self._drawn(nodes, shown, path, letters)
            if layout.n_turning < fewest:
                fewest, found = layout.n_turning, shown
            if layout.n_turning <= MOST_TURNING:
                break
        return found

    def _drawn(
        self, nodes: Sequence[int], shown: Sequence[Part], path: tuple[str, ...], letters: Mapping[int, str]
    ) -> tuple[list[Box], Layout, list[tuple[int, ...]]]:
        """Boxes, layout and nodes of the boxes, with dots where tensors come from elsewhere or go there."""
        place = {node: i for i, part in enumerate(shown) for node in part.nodes}
        pairs = [(place[u], place[v]) for v in place for u in self.parts.preds[v] if u in place]
        inner = dict.fromkeys((u, v) for u, v in pairs if u != v)
        entries, exits = self._entries(nodes, place), self._exits(nodes, place)
        path = _said(path, [part.path for part in shown if part.path])
        boxes = [
            *(self.boxes.port("from", sources) for sources in entries.values()),
            *(self.boxes.box(part, path, letters.get(part.kind, "")) for part in shown),
            *(self.boxes.port("to", targets) for targets in exits.values()),
        ]
        first, last = len(entries), len(entries) + len(shown)
        edges = [
            *((i, first + v) for i, read_by in enumerate(entries) for v in read_by),
            *((first + u, first + v) for u, v in inner),
            *((first + u, last + i) for i, u in enumerate(exits)),
        ]
        half = np.array([(box.half_width, box.half_height) for box in boxes])
        held = [*map(tuple, entries.values()), *(part.nodes for part in shown), *map(tuple, exits.values())]
        return boxes, place_boxes(half, edges, self.width), held

    def _entries(self, nodes: Sequence[int], place: Mapping[int, int]) -> dict[tuple[int, ...], list[int]]:
        """Nodes elsewhere by the parts that read them."""
        readers: dict[int, dict[int, None]] = {}
        for v in nodes:
            for u in self.parts.preds[v]:
                if u not in place:
                    readers.setdefault(u, {})[place[v]] = None
        entries: dict[tuple[int, ...], list[int]] = {}
        for u, read_by in readers.items():
            entries.setdefault(tuple(sorted(read_by)), []).append(u)
        return entries

    def _exits(self, nodes: Sequence[int], place: Mapping[int, int]) -> dict[int, list[int]]:
        """Nodes elsewhere by the part that they read."""
        exits: dict[int, list[int]] = {}
        for u in nodes:
            for v in self.parts.succs[u]:
                if v not in place:
                    exits.setdefault(place[u], []).append(v)
        return exits


def _said(path: tuple[str, ...], paths: list[tuple[str, ...]]) -> tuple[str, ...]:
    """What all names in the drawing of a module start with, as long as more than numbers are left."""
    shared = common_path([path[:-1] for path in paths])
    while len(shared) > len(path) and any(path[len(shared)].isdigit() for path in paths):
        shared = shared[:-1]
    return max(path, shared, key=len)
