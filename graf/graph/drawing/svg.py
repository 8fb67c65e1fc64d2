"""SVG text of boxes and curves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape

from graf.graph.drawing.boxes import BADGE, SMALL, Box
from graf.graph.drawing.layout import Curve
from graf.graph.drawing.marks import Mark
from graf.graph.drawing.texts import clean

__all__ = ["box_svg", "curve_svg", "disc", "document", "frame", "key", "ring", "stripe", "swatch", "text"]

STYLE = """
.graf-picture { font: 12px Helvetica, Arial, sans-serif; max-width: 100%; height: auto; background: #fff; }
.graf-picture text { fill: #1d2530; }
.graf-picture .small { font-size: 11px; fill: #5b6675; }
.graf-picture .middle { text-anchor: middle; }
.graf-picture .end { text-anchor: end; }
.graf-picture .strong { font-weight: bold; }
.graf-picture .curve { fill: none; stroke: #444c57; stroke-width: 1.3; }
.graf-picture .tip { fill: #444c57; }
.graf-picture .operation { fill-opacity: .18; stroke-width: 1.5; }
.graf-picture .block { fill: #f3f5f8; stroke: #5b6675; stroke-width: 1.3; }
.graf-picture .junction { fill: #fff; stroke: #444c57; stroke-width: 1.3; }
.graf-picture .port { fill: #444c57; }
.graf-picture .panel { fill: none; stroke: #cfd6df; }
.graf-picture .disc { fill: #2b3440; }
.graf-picture .disc + text { fill: #fff; font-weight: bold; font-size: 11px; }
.graf-picture .mark { fill: none; }
.graf-picture .faded { opacity: .35; }
"""


def document(width: float, height: float, title: str, body: Sequence[str]) -> str:
    """A whole SVG file."""
    w, h = round(width), round(height)
    start = '<svg xmlns="http://www.w3.org/2000/svg" class="graf-picture" role="img"'
    size = f'width="{w}" height="{h}" viewBox="0 0 {w} {h}">'
    head = f"<title>{_escaped(title)}</title>\n<style>{STYLE}</style>"
    return "\n".join([f"{start} {size}", head, *body, "</svg>\n"])


def text(x: float, y: float, words: str, style: str = "") -> str:
    """A line of text that starts at x, or has its middle there."""
    return f'<text x="{x:.1f}" y="{y:.1f}"{_class(style)}>{_escaped(words)}</text>'


def disc(x: float, y: float, letter: str) -> str:
    """A letter in a dark disc."""
    return f'<circle class="disc" cx="{x:.1f}" cy="{y:.1f}" r="8"/>' + text(x, y + 4, letter, "middle")


def swatch(x: float, y: float, colour: str) -> str:
    """A small square of a colour, as boxes have it."""
    return f'<rect class="operation" x="{x}" y="{y}" width="12" height="10" rx="2" fill="{colour}" stroke="{colour}"/>'


def key(x: float, y: float, mark: Mark) -> str:
    """A stripe of the colour of a mark, with its column, nodes and edges as data attributes."""
    nodes = " ".join(map(str, sorted(mark.nodes)))
    edges = " ".join(f"{u}-{v}" for u, v in sorted(mark.edges))
    data = f'data-column="{_escaped(mark.name)}" data-nodes="{nodes}" data-edges="{edges}"'
    return f'<rect class="key" x="{x}" y="{y + 2}" width="20" height="6" rx="2" fill="{mark.colour}" {data}/>'


def frame(x: float, y: float, width: float, height: float) -> str:
    """A frame around a drawing."""
    return _rect("panel", x, y, width, height)


def curve_svg(curve: Curve, x: float, y: float, faded: bool) -> str:
    """A curve moved by (x, y), with the tip of an arrow at its end."""
    tip = f"M{curve.x:.1f} {curve.y:.1f}l-7 -3.5v7z"
    return (
        f'<g transform="translate({x + curve.left:.1f} {y + curve.top:.1f})"{_class("faded" if faded else "")}>'
        f'<path class="curve" d="{curve.path}"/><path class="tip" d="{tip}"/></g>'
    )


def stripe(curve: Curve, x: float, y: float, colour: str, number: int) -> str:
    """A coloured stripe along a curve, wider the higher its number, to lie below it."""
    return (
        f'<path class="mark" transform="translate({x + curve.left:.1f} {y + curve.top:.1f})"'
        f' d="{curve.path}" stroke="{colour}" stroke-width="{5 + 5 * number}"/>'
    )


def ring(box: Box, x: float, y: float, colour: str, number: int) -> str:
    """A coloured ring around a box at (x, y), wider the higher its number, to lie below it."""
    gap = 1.5 + 3 * number
    half_width, half_height = box.half_width + gap, box.half_height + gap
    return (
        f'<rect class="mark" x="{x - half_width:.1f}" y="{y - half_height:.1f}" width="{2 * half_width:.1f}"'
        f' height="{2 * half_height:.1f}" rx="{min(half_height, 6 + gap):.1f}" stroke="{colour}" stroke-width="3"/>'
    )


def box_svg(box: Box, x: float, y: float) -> str:
    """A box around (x, y)."""
    shape = _rectangle if box.form in ("operation", "block") else _circle
    return (
        f"<g{_class('faded' if box.faded else '')}><title>{_escaped(box.tooltip)}</title>"
        + "".join(shape(box, x, y))
        + "</g>"
    )


def _circle(box: Box, x: float, y: float) -> Iterator[str]:
    yield f'<circle class="{box.form}" cx="{x:.1f}" cy="{y:.1f}" r="{box.half_width}"/>'
    if box.text:
        yield text(x, y + 4, box.text, "middle")


def _rectangle(box: Box, x: float, y: float) -> Iterator[str]:
    left, top = x - box.half_width, y - box.half_height
    width, height = 2 * box.half_width, 2 * box.half_height
    if box.form == "operation" and box.colours:
        colour = f' fill="{box.colours[0][0]}" stroke="{box.colours[0][0]}"'
        look = "operation"
    else:
        colour, look = "", "block" if box.form == "block" else "junction"
    for offset in (6, 3) if box.count else ():  # a pile of sheets
        yield _rect(look, left + offset, top - offset, width, height, colour)
    if box.count and look == "operation":
        yield _rect("junction", left, top, width, height, ' style="stroke: none"')
    yield _rect(look, left, top, width, height, colour)
    if box.form == "block":
        yield from _shares(box, left + 5, top + height - 6, width - 10)
    yield from _lines(box, x, y - (2 if box.form == "block" else 0))


def _rect(style: str, x: float, y: float, width: float, height: float, more: str = "") -> str:
    return (
        f'<rect class="{style}" x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
        f' rx="6"{more}/>'
    )


def _shares(box: Box, x: float, y: float, width: float) -> Iterator[str]:
    """A strip that shows which share of the operations in a block has each colour."""
    for colour, share in box.colours:
        yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{share * width:.1f}" height="3" fill="{colour}"/>'
        x += share * width


def _lines(box: Box, x: float, y: float) -> Iterator[str]:
    first = y - 3 if box.second else y + 4
    if not box.letter and not box.count:
        yield text(x, first, box.text, "middle")
    else:
        start = x - box.half_width + 8
        if box.letter:
            yield disc(start + 8, first - 4, box.letter)
            start += BADGE
        yield text(start, first, box.text)
        if box.count:
            yield text(x + box.half_width - 8, first, box.count, "strong end")
    if box.second:
        yield text(x, first + SMALL + 3, box.second, "small middle")


def _class(style: str) -> str:
    return f' class="{style}"' if style else ""


def _escaped(words: str) -> str:
    return escape(clean(words), {'"': "&quot;"})  # some stand in attributes
