"""The figures that follow the choices on the page: it fills in what is chosen."""

from __future__ import annotations

from plotly import graph_objects as go

from graf.report.figures.looks import BLUE, GREY, ORANGE, dots, ring, styled

__all__ = ["tradeoff_figure", "waterfall_figure"]

N_STEPS = 10


def tradeoff_figure(n: int) -> go.Figure:
    """Any column over any other, a dot for each of n architectures; those that none beats in both."""
    figure = go.Figure()
    figure.add_trace(dots(n, "architectures", x="", y=""))
    front = {"color": ORANGE, "width": 1.5, "shape": "hv"}
    marker = {"size": 8, "symbol": "diamond", "color": ORANGE}
    figure.add_scatter(
        x=[], y=[], mode="lines+markers", line=front, marker=marker, hoverinfo="skip", meta="front"
    )
    figure.add_trace(ring(0))
    return styled(figure, 400)


def waterfall_figure() -> go.Figure:
    """From the base value to the prediction of the chosen architecture, in steps of its features."""
    figure = go.Figure()
    figure.add_waterfall(
        orientation="h",
        meta={"steps": N_STEPS},
        textposition="outside",
        cliponaxis=False,
        connector={"line": {"color": GREY, "width": 1}},
        increasing={"marker": {"color": BLUE}},
        decreasing={"marker": {"color": ORANGE}},
        totals={"marker": {"color": GREY}},
        hovertemplate="%{customdata}<extra></extra>",
    )
    figure.update_xaxes(nticks=5)
    figure.update_yaxes(autorange="reversed", tickfont={"size": 11})
    return styled(figure, 440)
