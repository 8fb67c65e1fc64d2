"""The page of a picture: heading, legend, and drawings below and beside each other."""

from __future__ import annotations

from collections.abc import Sequence

from graf.graph.drawing import svg
from graf.graph.drawing.boxes import SMALL, BoxMaker, count_text
from graf.graph.drawing.colours import legend
from graf.graph.drawing.marks import Marker
from graf.graph.drawing.panels import Panel
from graf.graph.drawing.texts import shortened_path, text_width

__all__ = ["Page", "panel_width"]

MARGIN, PADDING, BETWEEN, LINE = 10, 14, 14, 18  # pixels
NAMES = 280  # least width for the names of what a drawing stands for


def panel_width(width: float) -> float:
    """Pixels that a drawing may take on a page of a width."""
    return width - 2 * MARGIN - 2 * PADDING


class Page:
    """Collects the SVG text of a picture.

    Parameters
    ----------
    drawn : the drawing of the network, and those of its blocks.
    module : the module that is drawn, "" for all.
    marker : says what is marked; it then takes the place of the legend of colours.
    heading : the first line, instead of the totals of the graph.
    """

    def __init__(
        self,
        maker: BoxMaker,
        drawn: Sequence[Panel],
        module: str,
        width: float,
        marker: Marker | None = None,
        heading: str = "",
    ) -> None:
        self.maker, self.drawn, self.width, self.marker = maker, drawn, width, marker
        self.heading = heading or self._heading(module)
        self.body: list[str] = []
        self.right = self.bottom = float(MARGIN)

    def document(self, with_legend: bool) -> str:
        """The whole SVG text."""
        if with_legend:
            self._legend()
        top, *others = self.drawn
        self._draw(top, MARGIN, self.bottom)
        self._panels(others, self.bottom + BETWEEN)
        return svg.document(self.right + MARGIN, self.bottom + MARGIN, self.heading, self.body)

    def _panels(self, panels: Sequence[Panel], y: float) -> None:
        """Framed drawings side by side as far as they fit."""
        x = float(MARGIN)
        for panel in panels:
            names = self._names(panel, max(panel.layout.width, NAMES))
            width = max(panel.layout.width, text_width(names) + 24) + 2 * PADDING
            if x + width > self.width - MARGIN and x > MARGIN:
                x, y = float(MARGIN), self.bottom + BETWEEN
            self.body.append(svg.frame(x, y, width, panel.layout.height + LINE + 2 * PADDING))
            self.body.append(svg.disc(x + PADDING + 8, y + PADDING + 4, panel.letter))
            self.body.append(svg.text(x + PADDING + 22, y + PADDING + 8, names))
            self._draw(panel, x + PADDING, y + PADDING + LINE + 4)
            self._reach(x + width, y + panel.layout.height + LINE + 2 * PADDING)
            x += width + BETWEEN

    def _draw(self, panel: Panel, x: float, y: float) -> None:
        if self.marker is not None:
            self._draw_marks(self.marker, panel, x, y)
        for curve in panel.layout.curves:
            faded = any(panel.boxes[end].faded for end in curve.ends)
            self.body.append(svg.curve_svg(curve, x, y, faded))
        boxes = panel.boxes
        if self.marker is not None:
            boxes = [self.marker.noted(panel, i) for i in range(len(boxes))]
        for box, (centre_x, centre_y) in zip(boxes, panel.layout.centres.tolist(), strict=True):
            self.body.append(svg.box_svg(box, x + centre_x, y + centre_y))
        self._reach(x + panel.layout.width, y + panel.layout.height)

    def _legend(self) -> None:
        """Heading, and below it what the colours mean."""
        self.body.append(svg.text(MARGIN, MARGIN + 12, self.heading, "strong"))
        self._reach(MARGIN + text_width(self.heading), 0)
        x, y = float(MARGIN), float(MARGIN + 24)
        if self.marker is not None:
            self._explain_marks(self.marker, x, y)
            return
        for colour, words in legend(self.maker.painted(self.drawn[0].nodes)):
            step = 34 + text_width(words, SMALL)
            if x + step > self.width and x > MARGIN:
                x, y = float(MARGIN), y + LINE
            self.body.append(svg.swatch(x, y, colour))
            self.body.append(svg.text(x + 18, y + 9, words, "small"))
            x += step
            self._reach(x, y + 32)

    def _explain_marks(self, marker: Marker, x: float, y: float) -> None:
        """A line for each mark, which also says for programs what is marked."""
        for mark in marker.marks:
            self.body.append(svg.key(x, y, mark))
            self.body.append(svg.text(x + 26, y + 9, mark.label, "small"))
            self._reach(x + 26 + text_width(mark.label, SMALL), y + 32)
            y += LINE

    def _draw_marks(self, marker: Marker, panel: Panel, x: float, y: float) -> None:
        """Stripes and rings, the widest at the bottom."""
        for curve in panel.layout.curves:
            for number, colour in reversed([*enumerate(marker.stripes(panel, curve))]):
                self.body.append(svg.stripe(curve, x, y, colour, number))
        for i, (centre_x, centre_y) in enumerate(panel.layout.centres.tolist()):
            for number, colour in enumerate(marker.rings(panel, i)):
                self.body.append(svg.ring(panel.boxes[i], x + centre_x, y + centre_y, colour, number))

    def _reach(self, right: float, bottom: float) -> None:
        self.right, self.bottom = max(self.right, right), max(self.bottom, bottom)

    def _heading(self, module: str) -> str:
        nodes = self.drawn[0].nodes
        n_operations = int((self.maker.graph.node_op[list(nodes)] >= 0).sum())
        words = [module] * bool(module) + [count_text(n_operations, "operation")]
        words += [f"{_short(total)} {unit}" for total, unit in self.maker.facts.totals(nodes)]
        return ", ".join(words)

    def _names(self, panel: Panel, width: float) -> str:
        """Which parts a drawing stands for, as far as there is room."""
        names = list(dict.fromkeys(self.maker.full_name(part) for part in panel.alike))
        for n in range(len(names), 0, -1):
            more = f" and {len(names) - n} more" if n < len(names) else ""
            shown = ", ".join(names[:n]) + more
            if text_width(shown) <= width:
                return shown
        return shortened_path(names[0], int(width / 9)) + more


def _short(number: float) -> str:
    """A number with three digits and a prefix.

    >>> _short(25557032), _short(512)
    ('25.6M', '512')
    """
    for size, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= 0.9995 * size:
            return f"{number / size:.3g}{prefix}"
    return f"{number:.3g}"
