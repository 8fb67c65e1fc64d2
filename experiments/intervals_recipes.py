"""Do intervals hold for new architectures and recipes, where the labelled ones come in many pairs?

    python experiments/intervals_recipes.py [results]

Test accuracy of `digits201_recipes`: labels are of pairs of some architectures and recipes. `predict_interval` of
model="auto" at 50 and 90 % coverage, on other pairs of these architectures and recipes, on other architectures, and
on a third of the recipes, which none was trained under: 1,500 pairs of each at most; ten splits.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _provenance import output_path, write_csv, write_json
from intervals import held, means_of

from graf import PerformancePredictor, load_dataset
from graf.datasets import Dataset

SIZES = ((30, 100), (60, 400), (150, 1000))  # architectures, labels
SEEDS, N_TEST = range(10), 1500


def main(folder: Path) -> None:
    """All splits; one row per number of labels, and what is known or new."""
    data = load_dataset("digits201_recipes")
    trials = [row for size, seed in product(SIZES, SEEDS) for row in one_split(data, *size, seed)]
    means = means_of(trials, ["architectures", "labels", "tested"])
    write_csv(means, folder / "intervals_recipes.csv")
    print(means.to_string())
    write_json({"seeds": list(SEEDS), "sizes": SIZES}, folder / "intervals_recipes.json")


def one_split(data: Dataset, n_architectures: int, n_labels: int, seed: int) -> list[dict[str, Any]]:
    """Coverage and width of one fit, on known and on new architectures and recipes."""
    rng = np.random.default_rng(seed)
    items, truth = data.items(), data.targets["test_acc"].to_numpy()
    number, names = pd.factorize(np.array(data.architectures))
    labelled = np.isin(number, rng.choice(len(names), n_architectures, replace=False))
    recipe = data.info["recipe"].to_numpy()
    tried = np.isin(recipe, rng.choice(np.unique(recipe), 16, replace=False))
    pairs = rng.permutation(np.flatnonzero(labelled & tried))
    train, rest = pairs[:n_labels], pairs[n_labels:]
    tests = {
        "other pairs": rest[np.isin(number[rest], number[train])],
        "other architectures": rng.permutation(np.flatnonzero(~labelled & tried)),
        "other recipes": rng.permutation(np.flatnonzero(np.isin(number, number[train]) & ~tried)),
        "both": rng.permutation(np.flatnonzero(~labelled & ~tried)),
    }
    predictor = PerformancePredictor("auto", random_state=seed, warn_beyond=None)
    predictor.fit(items.iloc[train], truth[train])
    found = []
    for tested, left in tests.items():
        rows = left[:N_TEST]
        narrow, wide = (predictor.predict_interval(items.iloc[rows], coverage) for coverage in (0.5, 0.9))
        found.append({
            "architectures": n_architectures,
            "labels": n_labels,
            "tested": tested,
            "seed": seed,
            "coverage_50": held(*narrow, truth[rows]),
            "coverage_90": held(*wide, truth[rows]),
            "width_90": float(np.mean(wide[1] - wide[0])),
        })  # fmt: skip
    return found


if __name__ == "__main__":
    main(output_path("results"))
