"""Seconds from 1,024 labelled NAS-Bench-201 cells to predictions of all 15,625, features included."""

from __future__ import annotations

import os
from time import perf_counter, process_time
from typing import Any

from _rival_models import XGB_PLUS
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split
from xgboost import XGBRegressor

from graf import PerformancePredictor, load_dataset

__all__ = ["speed"]

LABELS, THREADS = 1024, 2


def speed() -> dict[str, dict[str, float]]:
    """By predictor, on two threads: seconds by the clock, of the processor, and the load of the machine."""
    data = load_dataset("nasbench201")
    cells, y = data.architectures, data.targets["cifar10_val_acc"].to_numpy()
    train, _ = train_test_split(range(len(y)), train_size=LABELS, random_state=42)
    plus = XGBRegressor(**XGB_PLUS, tree_method="hist", random_state=0, n_jobs=THREADS)
    forest = RandomForestRegressor(random_state=0, n_jobs=THREADS)
    predictors = {
        "auto": PerformancePredictor("auto", n_jobs=THREADS, warn_beyond=None),
        "mixed forest": PerformancePredictor("random_forest", n_jobs=THREADS),
        "random forest on GRAF": PerformancePredictor(forest, compat="zc_combine"),
        "XGB+ on GRAF": PerformancePredictor(plus, compat="zc_combine"),
    }
    for predictor in predictors.values():  # compiles the kernels, or loads them
        predictor.graph_features().fit_transform(cells[:100])
    labelled = [cells[i] for i in train]
    return {name: _timed(predictor, labelled, y[train], cells) for name, predictor in predictors.items()}


def _timed(predictor: Any, labelled: list[str], y: Any, cells: list[str]) -> dict[str, float]:
    start, worked = perf_counter(), process_time()
    predictor.fit(labelled, y).predict(cells)
    seconds = {"seconds": perf_counter() - start, "processor_seconds": process_time() - worked}
    found = {name: round(value, 2) for name, value in seconds.items()} | {
        "load": round(os.getloadavg()[0], 1)
    }
    print(type(predictor.model).__name__, found, flush=True)
    return found
