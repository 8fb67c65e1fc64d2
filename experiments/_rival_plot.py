"""Figure of the comparison: Kendall tau against the number of labels, one panel per target."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import pandas as pd
from _rival_tasks import TASKS, Task
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from graf.files import atomic_path

__all__ = ["plot"]

LINES = {  # label: model, features with proxies or without, colour, line
    "graf, auto": ("auto", "graf", "#c1272d", "-"),
    "graf, mixed forest": ("mixed forest", "graf", "#e8a33d", "-"),
    "graf, boosted trees": ("boosted trees", "graf", "#8a5a00", "-"),
    "GRAF, random forest": ("random forest", "GRAF", "#1f4e8c", "--"),
    "GRAF, XGBoost": ("XGBoost", "GRAF", "#5b9bd5", "--"),
    "GRAF, XGB+": ("XGB+", "GRAF", "#2ca6a4", "--"),
    "WL kernel GP": ("WL kernel GP", "", "#6a3d9a", ":"),
    "GCN": ("GCN", "", "#4d9221", ":"),
    "GIN": ("GIN", "", "#a6d96a", ":"),
    "path encoding": ("random forest", "paths", "#555555", "-."),
    "one-hot": ("random forest", "one-hot", "#999999", "-."),
    "FLOPs": ("line", "FLOPs", "#cccccc", "-"),
}


def plot(table: pd.DataFrame, path: Path) -> None:
    """Draw the means of `rivals.csv`, with bars of one standard deviation over splits."""
    figure = Figure(figsize=(14, 7.5), layout="constrained")
    axes = figure.subplots(2, 4).ravel()
    for task, axis in zip(TASKS, axes, strict=False):
        _panel(axis, task, table[(table["dataset"] == task.dataset) & (table["target"] == task.target)])
    handles = [
        mpl.lines.Line2D([], [], color=colour, ls=style, marker="o", ms=4, label=label)
        for label, (model, features, colour, style) in LINES.items()
        if _is_of(table, model, features).any()
    ]
    for axis in axes[len(TASKS) :]:
        axis.axis("off")
        axis.legend(handles=handles, loc="center", frameon=False, fontsize=11)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110)


def _panel(axis: Axes, task: Task, table: pd.DataFrame) -> None:
    ordered = list(enumerate(LINES.values()))
    for number, (model, features, colour, style) in ordered:
        own = table[(table["model"] == model) & (table["features"] == _features(task, model, features))]
        own = own.sort_values("labels")
        shift = 1 + 0.02 * (number - len(ordered) / 2)  # so that bars do not hide each other
        axis.errorbar(
            own["labels"] * shift, own["tau"], own["tau_std"], color=colour, ls=style, marker="o", ms=3.5, lw=1.4,
            elinewidth=0.8, zorder=20 - number,
        )  # fmt: skip
    axis.set_xscale("log", base=2)
    sizes = [size for size in task.sizes if size != 128 or 100 not in task.sizes]  # labels would overlap
    axis.set_xticks(sizes, list(map(str, sizes)))
    axis.minorticks_off()
    axis.set(title=task.name, xlabel="labels", ylabel="Kendall tau")
    axis.grid(alpha=0.25)


def _is_of(table: pd.DataFrame, model: str, features: str) -> pd.Series:
    """Rows of a line, with proxies or without."""
    known = {features or "cells", f"{features} + proxies"}
    return (table["model"] == model) & table["features"].isin(known)


def _features(task: Task, model: str, features: str) -> str:
    if not features:
        return "cells"
    return f"{features} + proxies" if task.proxies and features in ("graf", "GRAF") else features
