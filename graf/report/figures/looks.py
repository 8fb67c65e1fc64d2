"""The look that all figures share: colours, dots, rings, names."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from typing import Any

from plotly import graph_objects as go

__all__ = [
    "BLUE",
    "GREEN",
    "GREY",
    "LINES",
    "ORANGE",
    "ROW",
    "SKY",
    "SMALL",
    "broken",
    "colorbar",
    "dots",
    "escape",
    "ring",
    "styled",
    "with_unit",
]

# Okabe and Ito, Color universal design (2008)
BLUE, ORANGE, GREEN, SKY, GREY = "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#999999"
LINES = (BLUE, "#CC79A7", ORANGE, GREEN, "#E69F00", SKY, "#000000")
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
SMALL = {"size": 11}
ROW = 27  # pixels for a name in two lines
WIDEST = 38  # letters of a second line
BREAK = r"^([^+]{14,}?\))(?=.{16})|(.{14,}?[+(])(?=.{6})"  # as on the page
MOST_DRAWN = 3000  # dots as SVG, which prints well; more are drawn by WebGL


def dots(n: int, rows: str, **columns: str) -> go.Scatter | go.Scattergl:
    """Dots, one for each of n rows of a table, whose columns the page fills in as x and y."""
    kind = go.Scatter if n <= MOST_DRAWN else go.Scattergl
    marker = {"size": 5, "color": BLUE, "opacity": 0.45}
    return kind(mode="markers", marker=marker, hoverinfo="none", meta={"rows": rows, **columns})


def ring(*follows: int, **facts: Any) -> go.Scatter:
    """Rings that the page puts around the dot of the chosen architecture in the traces followed."""
    marker = {"size": 13, "symbol": "circle-open", "color": "#000000", "line": {"width": 2.5}}
    line = {"color": "#000000", "width": 1, "dash": "dot"}
    look = {"mode": "lines+markers", "marker": marker, "line": line, "hoverinfo": "skip"}
    return go.Scatter(x=[], y=[], meta={"follows": list(follows), **facts}, **look)


def styled(figure: go.Figure, height: int, top: int = 30, bottom: int = 10, **layout: Any) -> go.Figure:
    """The figure in the look of the page, so many pixels high."""
    figure.update_xaxes(automargin=True, zeroline=False)
    figure.update_yaxes(automargin=True, zeroline=False, ticklabelstandoff=6)
    return figure.update_layout(
        template="plotly_white",
        height=height,
        margin={"l": 10, "r": 10, "t": top, "b": bottom},
        font={"family": FONT, "size": 12, "color": "#222222"},
        showlegend="legend" in layout,
        hoverlabel={"font": {"family": FONT}},
        **layout,
    )


def colorbar(title: str, ticks: Mapping[float, str], **place: Any) -> dict[str, Any]:
    """A horizontal colour bar on the right."""
    return {
        "title": {"text": title, "side": "top", "font": {"size": 12}},
        "tickvals": list(ticks),
        "ticktext": list(ticks.values()),
        "orientation": "h",
        "thickness": 10,
        "len": 230,
        "lenmode": "pixels",
        "x": 1,
        "xanchor": "right",
        "xpad": 36,  # half of the last tick's label, which is hidden where it does not fit in
        "outlinewidth": 0,
        **place,
    }


def escape(text: str) -> str:
    """A text that plotly shows as it is; it does not know the entity of a quotation mark."""
    return html.escape(text, quote=False)


def broken(name: str) -> str:
    """A column name in at most two lines, which leave room on a phone; of many operations some are left out.

    Examples
    --------
    >>> broken("n_paths(max_pool3x3+avg_pool3x3+skip+none)@reduce")
    'n_paths(max_pool3x3+<br>…)@reduce'
    >>> broken("node_degree(conv3x3+conv1x1+avg_pool3x3).mean_out@simplified")
    'node_degree(conv3x3+<br>…).mean_out@simplified'
    """
    first, *others = re.sub(BREAK, r"\1\2\n", name).split("\n")
    fits = len(others) < 2 and len("".join(others)) <= WIDEST
    second = others if fits else ["…" + re.sub(r"^.*\)", ")", others[-1])]
    return "<br>".join(map(escape, [first, *second]))


def with_unit(text: str, unit: str) -> str:
    """A text with the unit in parentheses, if there is one."""
    return escape(f"{text} ({unit})" if unit else text)
