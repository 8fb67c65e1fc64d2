"""How fast SHAP values of tree ensembles are, beside shap's TreeExplainer and XGBoost's own.

    GRAF_DATA=... python experiments/shap_speed.py [results/shap_speed.json]

Models are fitted on 1,024 cells of NAS-Bench-201 (validation accuracy on CIFAR-10) and explain cells
that they have not seen. Repetitions of graf and of the rival take turns in one process, so that a
busy machine slows both; the medians are compared. shap runs on fewer rows, since it takes tens of
milliseconds for each; its time grows linearly with them. Processor time counts both threads.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numba
import numpy as np
import shap
from _provenance import output_path, write_json
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from xgboost import DMatrix, XGBRegressor

from graf import GraphFeatures, load_dataset
from graf.explainers import TreeShap

N_TRAIN, N_ROWS, N_SHAP, REPEATS, THREADS = 1024, 512, 16, 7, 2
MODELS = {
    "random_forest": RandomForestRegressor(random_state=0),
    "extra_trees": ExtraTreesRegressor(random_state=0),
    "random_forest_leaves_of_5": RandomForestRegressor(min_samples_leaf=5, random_state=0),
    "xgboost": XGBRegressor(random_state=0, n_jobs=THREADS),
    "xgboost_500_deep_8": XGBRegressor(n_estimators=500, max_depth=8, random_state=0, n_jobs=THREADS),
}


def main(out: Path) -> None:
    """Run all comparisons and write them as JSON."""
    numba.set_num_threads(min(THREADS, numba.config.NUMBA_NUM_THREADS))
    X, y = cells()
    found: dict[str, Any] = {}
    for name, model in MODELS.items():
        found[name] = compare(model.fit(X[:N_TRAIN], y[:N_TRAIN]), X[N_TRAIN:], y[N_TRAIN:])
        print(name, json.dumps(found[name], indent=1))
    found["interactions"] = interactions(X, y)
    settings = {
        "threads": numba.get_num_threads(),
        "rows": N_ROWS,
        "rows_of_shap": N_SHAP,
        "repeats": REPEATS,
    }
    write_json(settings | found, out)
    print(json.dumps(found, indent=1))


def cells() -> tuple[np.ndarray, np.ndarray]:
    """Features and accuracy of cells drawn at random."""
    data = load_dataset("nasbench201")
    drawn = np.random.default_rng(0).permutation(len(data))[: N_TRAIN + N_ROWS]
    features = GraphFeatures("nasbench201").fit_transform([data.architectures[i] for i in drawn])
    return features.to_numpy(), data.targets["cifar10_val_acc"].to_numpy()[drawn]


def compare(model: Any, X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Milliseconds per row of graf and its rival, the reading of the model included."""
    boosted = hasattr(model, "get_booster")
    few = X if boosted else X[:N_SHAP]
    rival = (lambda: own_contributions(model, few)) if boosted else (lambda: shap_values(model, few))
    ours = TreeShap(model)
    seconds = interleaved({"graf": lambda: TreeShap(model).values(X), "rival": rival})
    rows = {"graf": len(X), "rival": len(few)}
    per_row = {name: [median(s) / rows[name] * 1e3 for s in both] for name, both in seconds.items()}
    values, expected = ours.values(few)[..., 0], rival()
    total = values.sum(axis=1) + ours.base_values
    return {
        "graf_ms": per_row["graf"][0],
        "rival_ms": per_row["rival"][0],
        "times_faster": per_row["rival"][0] / per_row["graf"][0],
        "graf_processor_ms": per_row["graf"][1],
        "rival_processor_ms": per_row["rival"][1],
        "largest_relative_difference": float(np.abs(values - expected).max() / np.abs(expected).max()),
        "largest_gap_to_prediction": float(np.abs(total - model.predict(few)).max()),
    }


def interleaved(runs: dict[str, Callable[[], Any]]) -> dict[str, tuple[list[float], list[float]]]:
    """Wall and processor seconds of runs that take turns, after one turn that compiles."""
    found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in runs}
    for turn in range(REPEATS + 1):
        for name, run in runs.items():
            wall, processor = time.perf_counter(), time.process_time()
            run()
            if turn > 0:
                found[name][0].append(time.perf_counter() - wall)
                found[name][1].append(time.process_time() - processor)
    return found


def shap_values(model: Any, X: np.ndarray) -> np.ndarray:
    """Of shap, without its own check of the sums."""
    explainer = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    return explainer.shap_values(X, check_additivity=False)


def own_contributions(model: Any, X: np.ndarray) -> np.ndarray:
    """Of XGBoost, without the last column, the base value."""
    return model.get_booster().predict(DMatrix(X, nthread=THREADS), pred_contribs=True)[:, :-1]


def interactions(X: np.ndarray, y: np.ndarray) -> dict[str, float]:
    """Pairs, of a forest of ten shallow trees on 2 rows of the first 30 varying columns."""
    X = X[:, np.flatnonzero(np.nanstd(X, axis=0) > 0)[:30]]
    model = RandomForestRegressor(10, max_depth=8, random_state=0).fit(X[:N_TRAIN], y[:N_TRAIN])
    rows = X[-2:]
    theirs = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
    runs = {
        "graf": lambda: TreeShap(model).interactions(rows),
        "rival": lambda: theirs.shap_interaction_values(rows),
    }
    seconds = {name: median(both[0]) / 2 * 1e3 for name, both in interleaved(runs).items()}
    values, expected = runs["graf"]()[..., 0], runs["rival"]()
    return {
        "graf_ms": seconds["graf"],
        "rival_ms": seconds["rival"],
        "times_faster": seconds["rival"] / seconds["graf"],
        "largest_relative_difference": float(np.abs(values - expected).max() / np.abs(expected).max()),
    }


if __name__ == "__main__":
    main(output_path("results/shap_speed.json"))
