"""The figures of a report, by plotly."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import cycle
from textwrap import wrap
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from plotly import graph_objects as go
from plotly.subplots import make_subplots

from graf.explainers import Explanation
from graf.report.words import words

__all__ = [
    "beeswarm_figure",
    "dependence_figure",
    "dots",
    "effects_figure",
    "importance_figure",
    "predicted_figure",
    "ranking_figure",
    "ring",
    "shares_figure",
    "styled",
]

# Okabe and Ito, Color universal design (2008)
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#D55E00", "#009E73", "#999999"
LINES = (BLUE, "#CC79A7", ORANGE, GREEN, "#E69F00", "#56B4E9", "#000000")
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star")
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "solid", "dash")
LOW_TO_HIGH = [(0.0, BLUE), (0.5, "#B9A7B0"), (1.0, ORANGE)]
HARM_TO_HELP = [(0.0, ORANGE), (0.5, "#FFFFFF"), (1.0, BLUE)]
FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"
N_FEATURES, N_SWARM, N_DEPENDENCE = 15, 12, 3
MOST_DRAWN = 3000  # dots as SVG, which prints well; more are drawn by WebGL

Floats = NDArray[np.floating[Any]]


def shares_figure(shares: pd.DataFrame, labels: Mapping[str, str]) -> go.Figure:
    """Shares of the variance of each target, as one bar of parts."""
    figure = go.Figure()
    for colour, part in zip((BLUE, ORANGE, GREEN, "#56B4E9", GREY), shares, strict=True):
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
        figure.add_hline(ceiling, line={"color": GREY, "dash": "dot"}, annotation_text="noise ceiling")
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
    figure.update_xaxes(title=f"measured {_with_unit(label, unit)}")
    figure.update_yaxes(title="predicted")
    return styled(figure, 340)


def dots(n: int, rows: str, **columns: str) -> go.Scatter | go.Scattergl:
    """Dots, one for each of n rows of a table, whose columns the page fills in as x and y."""
    kind = go.Scatter if n <= MOST_DRAWN else go.Scattergl
    marker = {"size": 5, "color": BLUE, "opacity": 0.45}
    return kind(mode="markers", marker=marker, hoverinfo="none", meta={"rows": rows, **columns})


def ring(*follows: int, **look: Any) -> go.Scatter:
    """Rings that the page puts around the dot of the chosen architecture in the traces followed."""
    marker = {"size": 13, "symbol": "circle-open", "color": "#000000", "line": {"width": 2.5}}
    line = {"color": "#000000", "width": 1, "dash": "dot"}
    shared = {"mode": "lines+markers", "marker": marker, "line": line, "hoverinfo": "skip"}
    return go.Scatter(x=[], y=[], meta={"follows": list(follows)}, **shared, **look)


def importance_figure(importance: pd.Series[float], unit: str) -> go.Figure:
    """Mean |SHAP| as bars, largest on top."""
    shown = importance.head(N_FEATURES)[::-1]
    figure = go.Figure()
    figure.add_bar(
        x=shown,
        y=[escape(name) for name in shown.index],
        orientation="h",
        marker={"color": BLUE},
        text=[escape(words(name)) for name in shown.index],
        textposition="none",
        hovertemplate="%{text}<br>%{x:.3g}<extra></extra>",
    )
    figure.update_xaxes(title=_with_unit("mean |SHAP|", unit))
    return styled(figure, 90 + 22 * len(shown), bargap=0.3)


def beeswarm_figure(explanation: Explanation, unit: str) -> go.Figure:
    """SHAP values of the strongest features, a dot per architecture, coloured by feature value."""
    names = list(explanation.importance().index[:N_SWARM])[::-1]
    figure = go.Figure()
    for position, name in enumerate(names):
        figure.add_trace(_swarm(explanation, name, position))
    figure.add_trace(ring(*range(len(names))))
    figure.update_layout(
        coloraxis={
            "colorscale": LOW_TO_HIGH,
            "cmin": 0,
            "cmax": 1,
            "colorbar": _colorbar("feature value", {0: "low", 1: "high"}),
        }
    )
    figure.add_vline(0, line={"color": GREY, "width": 1})
    figure.update_xaxes(title=_with_unit("SHAP value", unit))
    figure.update_yaxes(tickvals=list(range(len(names))), ticktext=[escape(name) for name in names])
    figure.update_yaxes(range=[-0.6, len(names) - 0.4], showgrid=True)
    return styled(figure, 90 + 38 * len(names))


def _swarm(explanation: Explanation, name: str, position: int) -> go.Scatter:
    values = explanation.values[:, explanation.feature_names.index(name)]
    feature = explanation.data[name]
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


def dependence_figure(explanation: Explanation, unit: str) -> go.Figure:
    """SHAP value over feature value of the strongest features; dots without a value on the left."""
    names = list(explanation.importance().index[:N_DEPENDENCE])
    figure = make_subplots(1, len(names), shared_yaxes=True, horizontal_spacing=0.03)
    for column, name in enumerate(names, start=1):
        _add_dependence(figure, explanation, name, column)
    figure.update_yaxes(title=_with_unit("SHAP value", unit), col=1)
    return styled(figure, 320)


def _add_dependence(figure: go.Figure, explanation: Explanation, name: str, column: int) -> None:
    feature = explanation.data[name]
    values = explanation.values[:, explanation.feature_names.index(name)]
    low, high = feature.min(), feature.max()
    absent = low - max(high - low, 1) / 4
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
        row=1,
        col=column,
    )
    figure.add_trace(ring(len(figure.data) - 1), row=1, col=column)
    figure.add_hline(0, line={"color": GREY, "width": 1}, row=1, col=column)
    figure.update_xaxes(title={"text": escape(name), "font": {"size": 11}}, row=1, col=column)
    if feature.isna().any():
        note = {"text": "undefined", "x": absent, "y": 0, "yref": "y domain", "yanchor": "bottom"}
        figure.add_annotation(note, showarrow=False, font={"color": GREY, "size": 11}, row=1, col=column)


def _jitter(feature: pd.Series[float]) -> Floats:
    """Small shifts, the same each time, so that dots of equal whole numbers do not hide each other."""
    steps = np.diff(np.sort(feature.dropna().unique()))
    width = 0.3 * float(steps.min()) if 0 < len(steps) < 12 else 0.0
    golden = np.arange(len(feature)) * 0.6180339887
    return width * (golden % 1 - 0.5)


def effects_figure(effects: pd.DataFrame, labels: Sequence[str]) -> go.Figure:
    """Features x targets in colours: blue helps, orange harms."""
    shown = effects[::-1]
    largest = float(np.abs(shown.to_numpy()).max(initial=0)) or 1.0
    figure = go.Figure()
    figure.add_heatmap(
        z=shown,
        x=["<br>".join(map(escape, wrap(label, 20))) for label in labels],
        y=[escape(name) for name in shown.index],
        text=[[f"{value:+.2f}" if abs(value) >= 0.005 else "" for value in row] for row in shown.to_numpy()],
        texttemplate="%{text}",
        customdata=[[escape(words(name))] * len(labels) for name in shown.index],
        hovertemplate="%{customdata}<br>%{x}: %{z:+.3f}<extra></extra>",
        colorscale=HARM_TO_HELP,
        zmin=-largest,
        zmax=largest,
        xgap=2,
        ygap=2,
        colorbar=_colorbar(
            "effect, standard deviations",
            {-largest: f"harms {largest:.2f}", 0: "0", largest: f"helps {largest:.2f}"},
        ),
    )
    figure.update_xaxes(side="top", showgrid=False)
    return styled(figure, 130 + 24 * len(shown))


def styled(figure: go.Figure, height: int, **layout: Any) -> go.Figure:
    """The figure in the look of the page, so many pixels high."""
    figure.update_xaxes(automargin=True, zeroline=False)
    figure.update_yaxes(automargin=True, zeroline=False, ticklabelstandoff=6)
    return figure.update_layout(
        template="plotly_white",
        height=height,
        margin={"l": 10, "r": 10, "t": 30, "b": 10},
        font={"family": FONT, "size": 12, "color": "#222222"},
        showlegend="legend" in layout,
        hoverlabel={"font": {"family": FONT}},
        **layout,
    )


def _colorbar(title: str, ticks: Mapping[float, str]) -> dict[str, Any]:
    return {
        "title": {"text": title, "side": "right"},
        "tickvals": list(ticks),
        "ticktext": list(ticks.values()),
        "thickness": 10,
        "outlinewidth": 0,
    }


def _with_unit(text: str, unit: str) -> str:
    return escape(f"{text} ({unit})" if unit else text)


def _shown(value: float) -> str:
    return "undefined" if np.isnan(value) else f"{value:.4g}"
