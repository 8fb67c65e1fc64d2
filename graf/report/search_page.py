"""A page about searches: how good they had become after how many measurements, and what they took."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from markupsafe import Markup
from numpy.typing import NDArray
from plotly import graph_objects as go
from plotly.colors import hex_to_rgb, qualitative

from graf.exceptions import InputError
from graf.files import atomic_path
from graf.report.figures.looks import escape
from graf.report.pages import render_page
from graf.searchers import SearchResult
from graf.searchers.objective import taken_columns

__all__ = ["write_search_page"]

COLOURS = qualitative.D3
Results = Mapping[str, SearchResult | Sequence[SearchResult]]


def write_search_page(results: Results | SearchResult, out: str | os.PathLike[str]) -> Path:
    """Write one HTML page that compares searches with the same objectives; it needs no other file.

    Parameters
    ----------
    results : a search, or searches by name of strategy, each one or a list of several seeds.
    out : the file.

    Returns
    -------
    Path
        The page: the best so far by number of measurements (median, quartiles as a band), the fronts where
        there are several objectives, a table of what each search found and how many seconds it
        spent on what.

    Raises
    ------
    InputError
        If there are no searches, their objectives differ, or the file cannot be written.
    """
    runs = _runs(results)
    directions = list(next(iter(runs.values()))[0].directions)
    figures = [_progress(runs, name) for name in directions]
    if len(directions) > 1:
        figures.append(_fronts(runs, *directions[:2]))
    drawn = [Markup(figure.to_html(full_html=False, include_plotlyjs=False)) for figure in figures]
    page = render_page("search.html", figures=drawn, found=_html(_found(runs)), seconds=_html(_seconds(runs)))
    with atomic_path(out) as path:
        path.write_text(page, encoding="utf-8")
    return Path(out)


def _runs(results: Results | SearchResult) -> dict[str, list[SearchResult]]:
    """The searches of each strategy, checked."""
    given: Results = {"search": results} if isinstance(results, SearchResult) else results
    runs = {name: [one] if isinstance(one, SearchResult) else list(one) for name, one in given.items()}
    if not runs or not all(runs.values()):
        raise InputError("`results` must hold at least one search, got none")
    first, *others = (result.directions for several in runs.values() for result in several)
    if any(directions != first for directions in others):
        raise InputError("`results` must be searches with the same objectives; write a page for each")
    return runs


def _best_so_far(result: SearchResult, name: str) -> NDArray[np.float64]:
    values = result.history[name]
    best = values.cummax() if result.directions[name] == "max" else values.cummin()
    return best.ffill().to_numpy(np.float64)


def _progress(runs: Mapping[str, list[SearchResult]], name: str) -> go.Figure:
    """Best value of one objective over the number of measurements."""
    figure = go.Figure()
    for i, (label, results) in enumerate(runs.items()):
        length = min(len(result.history) for result in results)
        lines = np.stack([_best_so_far(result, name)[:length] for result in results])
        low, middle, high = np.quantile(lines, [0.25, 0.5, 0.75], axis=0)
        colour, x = COLOURS[i % len(COLOURS)], np.arange(1, length + 1)
        step = {"shape": "hv", "color": colour}
        if len(results) > 1:
            edge = {"shape": "hv", "width": 0}
            figure.add_scatter(x=x, y=low, line=edge, mode="lines", showlegend=False, hoverinfo="skip")
            figure.add_scatter(
                x=x, y=high, line=edge, mode="lines", fill="tonexty", opacity=0.2, showlegend=False,
                fillcolor=f"rgba{(*hex_to_rgb(colour), 0.2)}", hoverinfo="skip",
            )  # fmt: skip
        figure.add_scatter(x=x, y=middle, line=step, mode="lines", name=escape(label))
    shown = escape(name)
    return figure.update_layout(
        title=f"Best {shown} so far", xaxis_title="architectures measured", yaxis_title=shown, height=420
    )


def _fronts(runs: Mapping[str, list[SearchResult]], first: str, second: str) -> go.Figure:
    """What the first run of each search measured, and its front: the best first value for any second one.

    Of a front in more objectives only the dots are drawn: seen in two of them it is no staircase.
    """
    figure = go.Figure()
    for i, (label, results) in enumerate(runs.items()):
        colour = COLOURS[i % len(COLOURS)]
        history, front = results[0].history, results[0].front
        line = "" if len(results[0].directions) > 2 else "lines+"
        figure.add_scatter(
            x=history[second], y=history[first], text=history["architecture"].map(escape), mode="markers",
            opacity=0.3, marker={"color": colour, "size": 5}, showlegend=False,
        )  # fmt: skip
        figure.add_scatter(
            x=front[second], y=front[first], text=front["architecture"].map(escape), mode=f"{line}markers",
            name=escape(label), line={"color": colour, "shape": "vh"},
        )  # fmt: skip
    return figure.update_layout(
        title="Fronts", xaxis_title=escape(second), yaxis_title=escape(first), height=480
    )


def _found(runs: Mapping[str, list[SearchResult]]) -> pd.DataFrame:
    """The best of each search, over all its seeds, by the first objective; with its recipe, if there is one."""
    rows = []
    for label, results in runs.items():
        table = pd.concat([result.history for result in results])
        name, direction = next(iter(results[0].directions.items()))
        recipe = table.columns.difference(list(taken_columns(results[0].directions)), sort=False)
        row = table.sort_values(name, ascending=direction == "min").iloc[0]
        facts = {
            "runs": len(results),
            "measured": len(table),
            "failed": int((table["status"] == "failed").sum()),
        }
        rows.append({"search": label, **facts, **row[[*results[0].directions, "architecture", *recipe]]})
    return pd.DataFrame(rows)


def _seconds(runs: Mapping[str, list[SearchResult]]) -> pd.DataFrame:
    """Mean seconds of a run by kind of work."""
    tables = {
        label: pd.DataFrame([result.seconds.drop(columns="number").sum() for result in results]).mean()
        for label, results in runs.items()
    }
    return pd.DataFrame(tables).T.rename_axis("search").reset_index()


def _html(table: pd.DataFrame) -> Markup:
    return Markup(table.to_html(index=False, border=0, float_format=lambda value: f"{value:.4g}"))
