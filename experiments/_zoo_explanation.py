"""A picture of what drives the predictions of real models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
from _zoo_prediction import PREDICTOR, Task
from sklearn.ensemble import ExtraTreesRegressor

import graf
from graf.files import atomic_path

__all__ = ["draw"]

SHOWN = ("ImageNet top-1", "amp-nhwc-pt240-cu124-rtx3090", "fp32-nchw-pt240-cpu-i9_10940x-dynamo")
UNITS = {True: "log of images per second", False: "percentage points"}


def draw(tasks: Sequence[Task], path: Path) -> None:
    """SHAP values of extra trees fitted on all rows, the strongest features of three targets."""
    chosen = [task for task in tasks if task.name in SHOWN]
    mpl.use("Agg")
    figure, axes = plt.subplots(len(chosen), 1, figsize=(9, 4.6 * len(chosen)), squeeze=False)
    for task, axis in zip(chosen, axes[:, 0], strict=True):
        table = task.features[PREDICTOR]
        trees = ExtraTreesRegressor(100, min_samples_leaf=2, max_features=0.3, random_state=0)
        predictor = graf.PerformancePredictor(trees, features="given").fit(table, task.target.to_numpy())
        graf.explain(predictor, table).plot_beeswarm(ax=axis)
        axis.set_title(f"{task.name}: {len(table)} models", loc="left")
        axis.set_xlabel(f"SHAP value, {UNITS[task.is_speed]}")
    figure.tight_layout()
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=80, format="png")
    plt.close(figure)
