"""Three kinds of importance beside each other."""

from __future__ import annotations

import pandas as pd
from plotly import graph_objects as go

from graf.report.figures.looks import BLUE, GREEN, ORANGE, escape, styled, with_unit

__all__ = ["importances_figure"]

METHODS = {  # label, colour and symbol
    "shapley": ("Shapley value of the group", BLUE, "circle"),
    "permutation": ("error when permuted", ORANGE, "square"),
    "drop_column": ("error without it", GREEN, "diamond"),
}


def importances_figure(table: pd.DataFrame, unit: str) -> go.Figure:
    """A row per group, a mark per method with the spread over refits; hollow: no more than noise."""
    figure = go.Figure()
    for method, (label, colour, symbol) in METHODS.items():
        figure.add_scatter(
            x=table[method],
            y=[escape(str(name)) for name in table.index],
            error_x={"array": table[f"{method}_std"], "thickness": 1, "width": 3, "color": colour},
            name=label,
            mode="markers",
            marker={
                "color": colour,
                "size": 9,
                "symbol": [symbol if real else f"{symbol}-open" for real in table["more_than_noise"]],
            },
            hovertemplate=f"%{{y}}<br>{label}: %{{x:.3g}}<extra></extra>",
        )
    figure.update_xaxes(title=with_unit("importance", unit))
    figure.update_yaxes(autorange="reversed")  # the legend shows the first mark: that of the most important
    return styled(figure, 130 + 26 * len(table), legend={"orientation": "h", "y": 1.02, "yanchor": "bottom"})
