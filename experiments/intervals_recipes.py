"""Do intervals hold for new architectures where the labelled ones were trained under several recipes each?

    python experiments/intervals_recipes.py [results]

Test accuracy of `digits201_recipes`: labels are of pairs of some architectures and recipes. `predict_interval` of
model="auto" at 50 and 90 % coverage, on other recipes of these architectures and on other architectures, 1,500
pairs of each at most; ten splits.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _provenance import output_path, write_json
from intervals import held, write_means

from graf import PerformancePredictor, load_dataset
from graf.datasets import Dataset

SIZES = ((30, 100), (60, 400), (150, 1000))  # architectures, labels
SEEDS, N_TEST = range(10), 1500


def main(folder: Path) -> None:
    """All splits; one row per number of labels, and architectures known or new."""
    data = load_dataset("digits201_recipes")
    trials = pd.DataFrame(
        [row for size, seed in product(SIZES, SEEDS) for row in one_split(data, *size, seed)]
    )
    write_means(trials, ["architectures", "labels", "tested"], folder / "intervals_recipes.csv")
    write_json({"seeds": list(SEEDS), "sizes": SIZES}, folder / "intervals_recipes.json")


def one_split(data: Dataset, n_architectures: int, n_labels: int, seed: int) -> list[dict[str, Any]]:
    """Coverage and width of one fit, on known and on new architectures."""
    rng = np.random.default_rng(seed)
    items, truth = data.items(), data.targets["test_acc"].to_numpy()
    number, names = pd.factorize(np.array(data.architectures))
    labelled = np.isin(number, rng.choice(len(names), n_architectures, replace=False))
    pairs = rng.permutation(np.flatnonzero(labelled))
    train, rest = pairs[:n_labels], pairs[n_labels:]
    tests = {
        "other recipes": rest[np.isin(number[rest], number[train])][:N_TEST],
        "other architectures": rng.permutation(np.flatnonzero(~labelled))[:N_TEST],
    }
    predictor = PerformancePredictor("auto", random_state=seed, warn_beyond=None)
    predictor.fit(items.iloc[train], truth[train])
    found = []
    for tested, rows in tests.items():
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
