"""The figures of a report, by plotly. The page fills in what depends on the choices made there.

A trace says in `meta` what the page does with it: `rows` names the table that its dots are rows of
("architectures", with the columns to place them by as `x` and `y`, or "explained"), `follows` the
traces whose dot of the chosen architecture it marks; where that has no dot, its place follows from
the SHAP values of `features` for `target`, and from the value `absent` that stands for none.
"""

from graf.report.figures.chosen import tradeoff_figure, waterfall_figure
from graf.report.figures.explained import N_DOTS, beeswarm_figure, dependence_figure, strongest_features
from graf.report.figures.importance import effects_figure, importance_figure
from graf.report.figures.importances import importances_figure
from graf.report.figures.ranking import predicted_figure, ranking_figure
from graf.report.figures.shares import shares_figure

__all__ = [
    "N_DOTS",
    "beeswarm_figure",
    "dependence_figure",
    "effects_figure",
    "importance_figure",
    "importances_figure",
    "predicted_figure",
    "ranking_figure",
    "shares_figure",
    "strongest_features",
    "tradeoff_figure",
    "waterfall_figure",
]
