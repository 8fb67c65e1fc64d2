"""Which features matter: for one target, and across targets."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

import numpy as np
import pandas as pd
from plotly import graph_objects as go

from graf.report.figures.looks import BLUE, ORANGE, ROW, SMALL, broken, colorbar, escape, styled, with_unit
from graf.report.words import words

__all__ = ["effects_figure", "importance_figure"]

N_FEATURES = 15
HARM_TO_HELP = [(0.0, ORANGE), (0.5, "#FFFFFF"), (1.0, BLUE)]


def importance_figure(importance: pd.Series[float], unit: str) -> go.Figure:
    """Mean |SHAP| as bars, largest on top."""
    shown = importance.head(N_FEATURES)[::-1]
    names = [escape(name) for name in shown.index]
    figure = go.Figure()
    figure.add_bar(
        x=shown,
        y=names,
        orientation="h",
        marker={"color": BLUE},
        text=[escape(words(name)) for name in shown.index],
        textposition="none",
        hovertemplate="%{text}<br>%{x:.3g}<extra></extra>",
    )
    figure.update_xaxes(title=with_unit("mean |SHAP|", unit), nticks=6)
    figure.update_yaxes(tickvals=names, ticktext=list(map(broken, shown.index)), tickfont=SMALL)
    return styled(figure, 90 + ROW * len(shown), bargap=0.3)


def effects_figure(effects: pd.DataFrame, labels: Sequence[str]) -> go.Figure:
    """Features x targets in colours: blue helps, orange harms."""
    shown = effects[::-1]
    names = [escape(name) for name in shown.index]
    largest = float(np.abs(shown.to_numpy()).max(initial=0)) or 1.0
    figure = go.Figure()
    figure.add_heatmap(
        z=shown,
        x=["<br>".join(map(escape, wrap(label, 20))) for label in labels],
        y=names,
        text=[[f"{value:+.2f}" if abs(value) >= 0.005 else "" for value in row] for row in shown.to_numpy()],
        texttemplate="%{text}",
        customdata=[[escape(words(name))] * len(labels) for name in shown.index],
        hovertemplate="%{customdata}<br>%{x}: %{z:+.3f}<extra></extra>",
        colorscale=HARM_TO_HELP,
        zmin=-largest,
        zmax=largest,
        xgap=2,
        ygap=2,
        colorbar=colorbar(
            "effect, standard deviations",
            {-largest: f"harms {largest:.2f}", 0: "0", largest: f"helps {largest:.2f}"},
            y=0,
            yanchor="top",
        ),
    )
    figure.update_xaxes(side="top", showgrid=False)
    figure.update_yaxes(tickvals=names, ticktext=list(map(broken, shown.index)), tickfont=SMALL)
    return styled(figure, 180 + ROW * len(shown), bottom=70)
