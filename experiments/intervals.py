"""Do intervals hold what they promise, and are they sharper than constant ones?

    GRAF_DATA=<folder of the tables> python experiments/intervals.py [results]

For a target of each table: `predict_interval` of model="auto" at 50 and 90 % coverage, on all architectures without
a label (2,000 at most), and the interval score (Gneiting and Raftery, 2007; lower is better) at 90 % beside that of the
constant width which the same leave-one-out errors ask for. 100 splits of 32 labels, whose coverage luck moves most, 3 of 1,024, else 10.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _provenance import output_path, write_json
from _resuming import completed
from sklearn.model_selection import train_test_split

from graf import GraphFeatures, PerformancePredictor, load_dataset

TARGETS = (
    ("nasbench201", "cifar10_val_acc"),
    ("nasbench201", "hw_edgegpu_latency"),
    ("nasbench201", "rob_pgd_linf_1.0"),
    ("transnas_micro", "class_scene_top1_pct"),
    ("transnas_macro", "class_object_top1_pct"),
    ("nasbench101", "val_acc_ep108"),
    ("nasbench301", "val_acc_pct"),
    ("vitas_small", "acc_fraction"),
    ("accel_nasbench_imagenet", "val_top1_pct"),
    ("accel_nasbench_imagenet", "latency_zcu102_mean_ms"),
    ("fbnet_devices", "samsung_s7"),
    ("nasbench201_devices", "2080ti_1"),
    ("flexibert", "glue"),
    ("digits201", "test_acc"),
)
SPLITS = {32: 100, 128: 10, 1024: 3}
LARGEST, N_TEST, COVERAGE, MOST = 15_000, 2000, 0.9, 0.8


def main(folder: Path) -> None:
    """One row per target and number of labels; targets that are in the table stay."""
    means = completed(folder / "intervals.csv", ["dataset", "target"], TARGETS, target_means)
    write_json({"splits": SPLITS, "largest": LARGEST}, folder / "intervals.json")
    print(means.to_string())


def target_means(dataset: str, target: str) -> pd.DataFrame:
    """Means of one target."""
    return means_of(target_rows(dataset, target), ["dataset", "target", "labels"])


def means_of(trials: list[dict[str, Any]], by: list[str]) -> pd.DataFrame:
    """Means over splits, and how many these are."""
    grouped = pd.DataFrame(trials).groupby(by, sort=False)
    return grouped.mean().drop(columns="seed").assign(n_splits=grouped.size()).round(4).reset_index()


def target_rows(dataset: str, target: str) -> list[dict[str, Any]]:
    """Every split of one target."""
    data = load_dataset(dataset)
    known = np.flatnonzero(data.targets[target].notna())
    rows = np.sort(np.random.default_rng(0).permutation(known)[:LARGEST])
    features = GraphFeatures(data.space, simplified="both", choices=True)  # as predictors compute them
    table = features.fit_transform([data.architectures[i] for i in rows])
    y = data.targets[target].to_numpy()[rows]
    sizes = [min(size, int(MOST * len(y))) for size in SPLITS]
    found = [one_split(table, y, size, seed) for size in sizes for seed in range(n_splits(size))]
    print(dataset, target, flush=True)
    return [{"dataset": dataset, "target": target, **row} for row in found]


def n_splits(size: int) -> int:
    """Fewer where fits take long; a table too small for 1,024 labels leaves few to test on, and takes more."""
    return SPLITS.get(size, SPLITS[128])


def one_split(table: pd.DataFrame, y: np.ndarray, size: int, seed: int) -> dict[str, Any]:
    """Coverage and sharpness of one fit."""
    train, test = train_test_split(np.arange(len(y)), train_size=size, random_state=42 + seed)
    test = test[:N_TEST]
    predictor = PerformancePredictor("auto", features="given", random_state=seed, warn_beyond=None)
    predictor.fit(table.iloc[train], y[train])
    model = predictor.estimators_["target"]
    rank = min(int(np.ceil((size + 1) * COVERAGE)), size) - 1
    constant = np.sort(np.abs(model.unseen_ - y[train]))[rank]
    mean, truth = predictor.predict(table.iloc[test]), y[test]
    narrow, wide = (predictor.predict_interval(table.iloc[test], coverage) for coverage in (0.5, COVERAGE))
    own = interval_score(*wide, truth)
    return {
        "labels": size,
        "seed": seed,
        "coverage_50": held(*narrow, truth),
        "coverage_90": held(*wide, truth),
        "coverage_90_constant": held(mean - constant, mean + constant, truth),
        "score_to_constant": own / interval_score(mean - constant, mean + constant, truth),
    }


def held(lower: np.ndarray, upper: np.ndarray, truth: np.ndarray) -> float:
    """Share of labels inside."""
    return float(np.mean((lower <= truth) & (truth <= upper)))


def interval_score(lower: np.ndarray, upper: np.ndarray, truth: np.ndarray) -> float:
    """Mean width, and for labels outside how far, weighed by how rare that should be."""
    outside = np.maximum(lower - truth, 0) + np.maximum(truth - upper, 0)
    return float(np.mean(upper - lower + 2 / (1 - COVERAGE) * outside))


if __name__ == "__main__":
    main(output_path("results"))
