"""The published predictor on NAS-Bench-201: a random forest on GRAF's features and on proxies.

    GRAF_DATA=<folder of nasbench201.csv.gz> python experiments/published_forest.py [results]

Predicts the CIFAR-10 validation accuracy of the 9,445 connected cells from 32, 128 and 1,024
labels, with all other cells as test, on 10 splits, next to what costs nothing: FLOPs, parameters
and one-hot. Features and protocol are those of Kadlecová et al., GRAF, ICML 2024. Every split is
saved when it is done, so that a run that was killed goes on where it was.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from _provenance import output_path, write_csv, write_json
from _resuming import completed
from sklearn.ensemble import RandomForestRegressor

from graf import Dataset, PerformancePredictor, load_dataset
from graf.predictors import evaluate, free_rows, summary

TARGET = "cifar10_val_acc"
SIZES = (32, 128, 1024)
SEEDS = range(10)
REFERENCE_TAU = {  # features of the published code, same protocol, splits of another row order
    "graph": (0.633, 0.747, 0.826),
    "proxies": (0.685, 0.757, 0.811),
    "graph + proxies": (0.688, 0.776, 0.844),
    "one-hot": (0.373, 0.541, 0.741),
}


def main(folder: Path) -> None:
    """Run what is missing of the splits, and write the tables."""
    data = load_dataset("nasbench201")
    data = data.select(data.info["connected"] == 1)
    results = splits(data, folder / "published_forest.csv")
    table = with_reference(summary(results))
    write_csv(table, folder / "published_forest_summary.csv")
    facts = {"target": TARGET, "cells": len(data), "seeds": list(SEEDS)}
    write_json(facts, folder / "published_forest.json")
    shown = ["predictor", "labels", "tau_mean", "tau_std", "reference_tau", "rho_mean", "r2_mean"]
    print(table[shown].round(3).to_string(index=False))


def splits(data: Dataset, path: Path) -> pd.DataFrame:
    """Results of all splits."""
    free = free_rows(data.architectures, data.space)

    def split(seed: int) -> pd.DataFrame:
        rivals = {label: (rival.set_params(random_state=seed), own) for label, (rival, own) in free.items()}
        models = predictors(data, seed) | rivals
        return evaluate(models, data.proxies, data.targets[TARGET], train_sizes=SIZES, seeds=[seed])

    return completed(path, ["seed"], zip(SEEDS), split)


def predictors(data: Dataset, seed: int) -> dict[str, PerformancePredictor]:
    """Random forests on the published features, on proxies, and on both."""
    forest = RandomForestRegressor(random_state=seed)
    settings = {"model": forest, "space": data.space, "compat": "zc_combine"}
    return {
        "graph": PerformancePredictor(features="graph", **settings),
        "proxies": PerformancePredictor(features="given", **settings),
        "graph + proxies": PerformancePredictor(features="all", **settings),
    }


def with_reference(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the reference's Kendall tau beside ours."""
    known = {
        (label, n): tau for label, taus in REFERENCE_TAU.items() for n, tau in zip(SIZES, taus, strict=True)
    }
    keys = zip(table["predictor"], table["labels"], strict=True)
    return table.assign(reference_tau=[known.get(key, float("nan")) for key in keys])


if __name__ == "__main__":
    main(output_path("results"))
