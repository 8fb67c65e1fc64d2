"""How much of a target is architecture, recipe and luck."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from plotly import graph_objects as go

from graf.report.figures.looks import BLUE, GREEN, GREY, ORANGE, SKY, escape, styled

__all__ = ["shares_figure"]


def shares_figure(shares: pd.DataFrame, labels: Mapping[str, str]) -> go.Figure:
    """Shares of the variance of each target, as one bar of parts."""
    figure = go.Figure()
    for colour, part in zip((BLUE, ORANGE, GREEN, SKY, GREY), shares, strict=True):
        percent = 100 * shares[part]
        figure.add_bar(
            x=percent,
            y=[escape(labels[name]) for name in shares.index],
            name=part,
            orientation="h",
            marker={"color": colour},
            insidetextanchor="middle",
            textangle=0,
            text=[f"{value:.0f} %" if value >= 3 else "" for value in percent],
            hovertemplate=f"{part}: %{{x:.1f}} %<extra></extra>",
        )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="share of the variance (%)", range=[0, 100])
    return styled(
        figure,
        130 + 50 * len(shares),
        legend={"orientation": "h", "traceorder": "normal", "y": 1.05, "yanchor": "bottom"},
    )
