"""From the data of a report to its page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from functools import partial

import pandas as pd
from markupsafe import Markup
from plotly import graph_objects as go

from graf.features import FEATURES, Feature
from graf.graph import ComputationGraph
from graf.report import figures as plots
from graf.report.importances import importances_sentences
from graf.report.pages import render_page
from graf.report.payload import payload
from graf.report.sentences import headline
from graf.report.summarize import Summary
from graf.report.tables import tables
from graf.report.target import FOLDS, TargetSummary
from graf.report.words import label, listed, words

__all__ = ["figures", "render"]

ALT = {  # what a figure shows, for those who do not see it; its numbers are in the tables
    "tradeoff": "all architectures by two of their numbers",
    "waterfall": "from the mean prediction to that of the chosen architecture",
    "effects": "effects of features on targets",
    "operations": "effects of operations on targets",
    "importances": "importance of families of features, told in three ways",
    "recipes": "shares of the variance of targets",
    "ranking-": "Kendall tau by number of labels",
    "predicted-": "predicted by measured values",
    "features-": "importance of features",
    "families-": "importance of families of features",
    "operations-": "importance of operations",
    "beeswarm-": "SHAP values of features",
    "dependence-": "SHAP value by value of a feature",
}
ELSEWHERE = ("predictions",)  # the page has these numbers in another table, one row per architecture


def render(summary: Summary) -> str:
    """The page as HTML that needs no other file."""
    drawn, labels = figures(summary), _labels(summary)
    shown = {name: table for name, table in tables(summary).items() if name not in ELSEWHERE}
    changed = [name.partition(" ")[2] for name in summary.changes if name.startswith("predicted ")]
    return render_page(
        "page.html",
        (number, spread, signed, listed, breakable),
        summary=summary,
        figures={name: _place(name, figure) for name, figure in drawn.items()},
        labels=labels,
        headlines=_headlines(summary, labels),
        disagreements=[] if summary.importances is None else importances_sentences(summary.importances),
        drawings=[None if e.graph is None else _drawn(e.graph) for e in summary.examples],
        changed_targets=changed,
        changed_labels=[labels[target] for target in changed],
        glossary=_glossary(summary),
        words=partial(words, ops=summary.ops),
        folds=FOLDS,
        n_dots=plots.N_DOTS,
        payload=payload(summary, shown, drawn, labels),
        table_names=list(shown),
        today=date.today().isoformat(),
    )


def figures(summary: Summary) -> dict[str, go.Figure]:
    """Every figure of the page by its place: "tradeoff", "effects", `<figure>-<i>` of target i, ..."""
    labels = _labels(summary)
    found = {
        "tradeoff": plots.tradeoff_figure(summary.n),
        "waterfall": plots.waterfall_figure(),
    }
    if len(summary.strongest):
        found["effects"] = plots.effects_figure(summary.strongest, list(labels.values()))
    if len(summary.operation_effects):
        found["operations"] = plots.effects_figure(summary.operation_effects, list(labels.values()))
    if summary.importances is not None:
        unit = str(summary.metadata.loc[summary.lead, "unit"])
        found["importances"] = plots.importances_figure(summary.importances, unit)
    if summary.recipes is not None:
        found["recipes"] = plots.shares_figure(summary.recipes.shares, labels)
    for i, target in enumerate(summary.targets):
        unit, ceiling = summary.metadata.loc[target.name, ["unit", "noise_ceiling"]]
        drawn = _target_figures(target, labels[target.name], str(unit), float(ceiling))
        found |= {f"{name}-{i}": figure for name, figure in drawn}
    return found


def _target_figures(
    target: TargetSummary, label: str, unit: str, ceiling: float
) -> Iterator[tuple[str, go.Figure]]:
    explanation = target.explanation
    importance = explanation.importance()[target.name]
    yield "ranking", plots.ranking_figure(target.scores, ceiling)
    yield "predicted", plots.predicted_figure(target.name, target.predictions, label, unit)
    yield "features", plots.importance_figure(importance, unit)
    if explanation.columns:
        for by, name in (("family", "families"), ("operation", "operations")):
            yield name, plots.importance_figure(explanation.importance(by)[target.name], unit)
    yield "beeswarm", plots.beeswarm_figure(explanation, unit)
    for k, feature in enumerate(plots.strongest_features(explanation)):
        yield f"dependence{k}", plots.dependence_figure(explanation, feature, unit)


def _drawn(graph: ComputationGraph) -> Markup:
    """A graph with a colour for each operation of its space."""
    return Markup(graph.plot(colour_by="operation", legend=False))


def _place(name: str, figure: go.Figure) -> Markup:
    """Where the page draws a figure once it comes into view."""
    place = '<div class="figure" role="figure" aria-label="{}" id="figure-{}" style="height:{}px"></div>'
    return Markup(place).format(ALT[re.sub(r"\d", "", name)], name, figure.layout.height)


def _labels(summary: Summary) -> dict[str, str]:
    return {name: label(name, str(unit)) for name, unit in summary.metadata["unit"].items()}


def _headlines(summary: Summary, labels: Mapping[str, str]) -> list[str]:
    ceilings = summary.metadata["noise_ceiling"]
    return [
        headline(labels[target.name], target.scores, summary.features, float(ceilings[target.name]))
        for target in summary.targets
    ]


def _glossary(summary: Summary) -> list[Feature]:
    """The families that features are of, with their definitions."""
    columns = summary.targets[0].explanation.columns.values()
    families = dict.fromkeys(column.family for column in columns)
    return [FEATURES[name] for name in families]


def number(value: float, digits: int = 3) -> str:
    """A number as people write it; a dash where there is none."""
    if pd.isna(value):
        return "\N{EN DASH}"
    return f"{value:,.0f}" if 10**digits <= abs(value) < 1e7 else f"{value:.{digits}g}"


def spread(row: Mapping[str, float], figure: str) -> str:
    """Mean and standard deviation over the splits; three decimals for those that have no unit."""
    mean, deviation = row[f"{figure}_mean"], row[f"{figure}_std"]
    if pd.isna(mean):
        return number(mean)
    show = number if figure in ("mae", "regret") else "{:.3f}".format
    return show(mean) + ("" if pd.isna(deviation) else f" ± {show(deviation)}")


def signed(value: float) -> str:
    """An effect with its sign, 0 where it is next to nothing."""
    return f"{value:+.3f}" if abs(value) >= 0.0005 else "0"


def breakable(name: str) -> Markup:
    """A column name that lines may break after an operation."""
    return Markup("<wbr>").join(part for part in re.split(r"(?<=[(+])", name))
