"""How well a target is predicted."""

from __future__ import annotations

from itertools import cycle
from textwrap import wrap

import numpy as np
import pandas as pd
from plotly import graph_objects as go

from graf.report.figures.looks import GREY, LINES, dots, escape, ring, styled, with_unit

__all__ = ["predicted_figure", "ranking_figure"]

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "solid", "dash")
CEILING, WHERE_LOW = "noise ceiling", "top left"  # after few labels lines are below it


def ranking_figure(scores: pd.DataFrame, ceiling: float) -> go.Figure:
    """Kendall tau by number of labels, a line per predictor; the noise ceiling, if known."""
    figure = go.Figure()
    looks = cycle(zip(LINES, SYMBOLS, DASHES, strict=True))
    for (colour, symbol, dash), (name, rows) in zip(
        looks, scores.groupby("predictor", sort=False), strict=False
    ):
        figure.add_scatter(
            x=rows["labels"],
            y=rows["tau_mean"],
            error_y={"array": rows["tau_std"], "thickness": 1, "width": 3},
            name=escape(str(name)),
            mode="lines+markers",
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 8},
        )
    if not np.isnan(ceiling):
        line = {"color": GREY, "dash": "dot"}
        figure.add_hline(ceiling, line=line, annotation_text=CEILING, annotation_position=WHERE_LOW)
    sizes = sorted(scores["labels"].unique())
    figure.update_xaxes(title="labels", type="log", tickvals=sizes, ticktext=[f"{n:,}" for n in sizes])
    figure.update_yaxes(title="Kendall tau")
    return styled(figure, 340, legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})


def predicted_figure(target: str, predictions: pd.DataFrame, label: str, unit: str) -> go.Figure:
    """Predicted over measured values, one dot per architecture, and the diagonal."""
    ends = [predictions.min().min(), predictions.max().max()]
    figure = go.Figure()
    figure.add_scatter(x=ends, y=ends, mode="lines", line={"color": GREY, "width": 1}, hoverinfo="skip")
    columns = {"x": f"measured {target}", "y": f"predicted {target}"}
    figure.add_trace(dots(len(predictions), "architectures", **columns))
    figure.add_trace(ring(1))
    figure.update_xaxes(
        title="<br>".join(wrap(f"measured {with_unit(label, unit)}", 40, break_long_words=False))
    )
    figure.update_yaxes(title="predicted")
    return styled(figure, 340)
