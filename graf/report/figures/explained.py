"""What features added to predictions, with a dot for some of the architectures that were explained."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from plotly import graph_objects as go

from graf.explainers import Explanation
from graf.report.figures.looks import (
    BLUE,
    GREY,
    ORANGE,
    SMALL,
    broken,
    colorbar,
    escape,
    ring,
    styled,
    with_unit,
)

__all__ = ["beeswarm_figure", "dependence_figure", "strongest_features"]

N_SWARM, N_DEPENDENCE = 12, 3
N_DOTS = 300  # architectures that have a dot; others get a ring when they are chosen
LOW_TO_HIGH = [(0.0, BLUE), (0.5, "#B9A7B0"), (1.0, ORANGE)]

Floats = NDArray[np.floating[Any]]


def beeswarm_figure(explanation: Explanation, unit: str) -> go.Figure:
    """SHAP values of the strongest features, a dot per architecture, coloured by feature value."""
    names = list(explanation.importance().index[:N_SWARM])[::-1]
    figure = go.Figure()
    for position, name in enumerate(names):
        figure.add_trace(_swarm(explanation, name, position))
    figure.add_trace(ring(*range(len(names)), target=explanation.target_names[0], features=names))
    figure.update_layout(
        coloraxis={
            "colorscale": LOW_TO_HIGH,
            "cmin": 0,
            "cmax": 1,
            "colorbar": colorbar(
                "feature value", {0: "low", 1: "high"}, yref="container", y=1, yanchor="top"
            ),
        }
    )
    figure.add_vline(0, line={"color": GREY, "width": 1})
    figure.update_xaxes(title=with_unit("SHAP value", unit))
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=list(map(broken, names)), tickfont=SMALL)
    figure.update_yaxes(range=[-0.6, len(names) - 0.4], showgrid=True)
    return styled(figure, 120 + 38 * len(names), top=60)


def _swarm(explanation: Explanation, name: str, position: int) -> go.Scatter:
    values = explanation.values[:N_DOTS, explanation.feature_names.index(name)]
    feature = explanation.data[name].iloc[:N_DOTS]
    rank = feature.rank()
    span = rank.max() - rank.min()
    colour = (rank - rank.min()) / (span if span > 0 else 1)
    return go.Scatter(
        x=values.tolist(),
        y=(position + _spread(values)).round(3).tolist(),
        mode="markers",
        meta={"rows": "explained"},
        marker={"size": 4, "color": colour, "coloraxis": "coloraxis", "opacity": 0.8},
        text=[_shown(value) for value in feature],
        hovertemplate=f"{escape(name)} = %{{text}}<br>SHAP %{{x:.3g}}<extra></extra>",
    )


def _spread(values: Floats, bins: int = 90, widest: float = 0.4) -> Floats:
    """Vertical offsets that keep dots of like value apart, in turn above and below the line."""
    edges = np.linspace(values.min(), values.max(), bins)
    place = pd.Series(np.digitize(values, edges))
    turn = place.groupby(place).cumcount().to_numpy()
    offset = (turn + 1) // 2 * np.where(turn % 2, 1, -1)
    found: Floats = offset * min(0.06, widest / max(1, np.abs(offset).max()))
    return found


def dependence_figure(explanation: Explanation, name: str, unit: str) -> go.Figure:
    """SHAP value over the value of a feature; dots without a value on the left."""
    values = explanation.values[:N_DOTS, explanation.feature_names.index(name)]
    low, high = np.nan_to_num([explanation.data[name].min(), explanation.data[name].max()])
    absent = float(low - max(high - low, 1) / 4)
    feature = explanation.data[name].iloc[:N_DOTS]
    figure = go.Figure()
    figure.add_scatter(
        x=(feature.fillna(absent) + _jitter(feature)).tolist(),
        y=values.tolist(),
        mode="markers",
        meta={"rows": "explained"},
        marker={
            "size": 5,
            "opacity": 0.6,
            "color": np.where(feature.isna(), GREY, BLUE),
            "symbol": np.where(feature.isna(), "x", "circle"),
        },
        text=[_shown(value) for value in feature],
        hovertemplate=f"{escape(name)} = %{{text}}<br>SHAP %{{y:.3g}}<extra></extra>",
    )
    figure.add_trace(ring(0, target=explanation.target_names[0], features=[name], absent=absent))
    figure.add_hline(0, line={"color": GREY, "width": 1})
    figure.update_xaxes(title={"text": broken(name), "font": SMALL}, nticks=6)
    figure.update_yaxes(title=with_unit("SHAP value", unit), range=_reach(explanation))
    if feature.isna().any():
        note = {"text": "undefined", "x": absent, "y": 0, "yref": "y domain", "yanchor": "bottom"}
        figure.add_annotation(note, showarrow=False, font={"color": GREY, "size": 11})
    return styled(figure, 320)


def strongest_features(explanation: Explanation) -> list[str]:
    """The features whose dependence is shown."""
    return list(explanation.importance().index[:N_DEPENDENCE])


def _reach(explanation: Explanation) -> list[float]:
    """A range in which the SHAP values of the strongest features lie."""
    places = [explanation.feature_names.index(name) for name in strongest_features(explanation)]
    values = explanation.values[:, places]
    margin = 0.06 * (np.ptp(values) or 1.0)
    return [float(values.min() - margin), float(values.max() + margin)]


def _jitter(feature: pd.Series[float]) -> Floats:
    """Small shifts, the same each time, so that dots of equal whole numbers do not hide each other."""
    steps = np.diff(np.sort(feature.dropna().unique()))
    width = 0.3 * float(steps.min()) if 0 < len(steps) < 12 else 0.0
    golden = np.arange(len(feature)) * 0.6180339887
    return width * (golden % 1 - 0.5)


def _shown(value: float) -> str:
    return "undefined" if np.isnan(value) else f"{value:.4g}"
