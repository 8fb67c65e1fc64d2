"""Splits that `reproduction.py` has run already: the same rows, splits, columns, models and seeds."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from _rival_tasks import TASKS

__all__ = ["reused"]

MODELS = {"linear": "line", "random_forest": "random forest", "xgboost": "XGBoost"}
FEATURES = (
    "FLOPs",
    "parameters",
    "one-hot",
    "GRAF",
    "GRAF + proxies",
)  # graf's own columns have changed since
FEW_PROXIES = "class_scene_top1_pct"  # with the proxies of its own task alone; all of them there


def reused(path: Path) -> pd.DataFrame:
    """Results of `reproduction_splits.parquet` in the form of `rivals_splits.parquet`, seconds unknown."""
    results = pd.read_parquet(path)
    results["model"] = results["model"].map(MODELS)
    results = results.merge(
        pd.DataFrame([(t.dataset, t.target) for t in TASKS], columns=["dataset", "target"])
    )
    lines = results["features"].isin(("FLOPs", "parameters")) == (results["model"] == "line")
    other = (results["target"] == FEW_PROXIES) & results["features"].str.contains("proxies")
    kept = results[lines & ~other & results["features"].isin(FEATURES)]
    return kept.drop(columns="fit_seconds").assign(seconds=float("nan"))
