"""Calibration on digits201: does it follow accuracy and robustness, what drives it, and how much bins matter.

    python experiments/calibration_study.py [results/calibration_study.csv]

Three tables:

- the first file: Kendall tau of each calibration figure with accuracy and with robustness over the 1,682 cells. A
  figure and an accuracy of the same runs share their luck, so that figures of seed 0 are paired with accuracies of
  seed 1 too (`other_seed`); beside it stands the agreement of the figure with itself on another seed. Intervals are
  percentiles of 200 bootstrap samples of cells. `given_accuracy` is the partial tau (Kendall, 1942) of
  means over seeds, with accuracy held fixed; what of it is left is partly the noise of accuracy itself.
- `_drivers.csv`: random forests on 400 cells, ten seeds: Kendall tau on the others, and what one operation more
  instead of none does to the predictions, in standard deviations, positive for better calibration.
  `ece_beyond_accuracy` is what isotonic regression on accuracy leaves of the calibration error.
- `_bins.csv`: the table has 15 bins only, so 45 of the cells are trained again with two seeds, by the recipe of the
  table, and their errors computed with 5 to 100 bins of equal width and of equal mass: mean error, Kendall tau with
  15 bins of the same runs, with the other seed, and with the negative log-likelihood, which has no bins.

A call that was stopped goes on with the cells that are left.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from _provenance import output_path, write_csv, write_json
from scipy.special import softmax
from sklearn.ensemble import RandomForestRegressor
from sklearn.isotonic import IsotonicRegression

import graf
from graf.journal import Journal, JournalKind
from graf.measure.calibration import expected_calibration_error, fit_temperature, nll
from graf.measure.digits import digits
from graf.measure.recipe import Recipe
from graf.measure.train import logits, train
from graf.predictors import kendall_tau

N_SEEDS, N_TRAIN, N_DRAWN, N_CELLS, N_BOOTSTRAP = 10, 400, 60, 45, 200  # the first cells of those drawn
FIGURES = ("ece", "ece_mass", "ece_classwise", "mce", "nll", "brier")
PERFORMANCE = ("test_acc", "fgsm_0.05_acc", "pgd_0.05_acc", "noise_0.2_acc", "blur_0.5_acc")
BINS = (5, 10, 15, 20, 30, 50, 100)
DRIVEN = ("test_acc", "ece", "ece_beyond_accuracy", "ece_ts", "nll", "nll_ts")


def following(data: Any) -> pd.DataFrame:
    """Each figure beside each measure of performance."""
    means, seeds, rows = data.targets, data.info, []
    rng = np.random.default_rng(0)
    samples = rng.integers(len(means), size=(N_BOOTSTRAP, len(means)))
    for figure in (f + end for end in ("", "_ts") for f in FIGURES):
        for other in PERFORMANCE:
            x, y, accuracy = -means[figure].to_numpy(), means[other].to_numpy(), means["test_acc"].to_numpy()
            same = kendall_tau(x, y)
            low, high = np.percentile([kendall_tau(x[i], y[i]) for i in samples], [2.5, 97.5])
            a, b = kendall_tau(x, accuracy), kendall_tau(y, accuracy)
            rows.append(
                {
                    "figure": figure, "performance": other, "tau": same, "tau_low": low,
                    "tau_high": high,
                    "other_seed": kendall_tau(-seeds[f"{figure}_seed0"], seeds[f"{other}_seed1"]),
                    "figure_with_itself": kendall_tau(seeds[f"{figure}_seed0"], seeds[f"{figure}_seed1"]),
                    "given_accuracy": np.nan if other == "test_acc"
                    else (same - a * b) / np.sqrt((1 - a**2) * (1 - b**2)),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def drivers(data: Any) -> pd.DataFrame:
    """How well graf ranks calibration, and which operations help it."""
    X = graf.GraphFeatures(data.space).fit_transform(data.architectures)
    ops = [op for op in data.space.ops if op != "none"]
    counts = X[[f"op_count({op})" for op in ops]]
    accuracy, error = data.targets["test_acc"], data.targets["ece"]
    expected = (
        IsotonicRegression(increasing=False, out_of_bounds="clip").fit(accuracy, error).predict(accuracy)
    )
    targets = data.targets.assign(ece_beyond_accuracy=error - expected)
    rows = []
    for target in DRIVEN:
        sign = 1 if target == "test_acc" else -1
        for seed in range(N_SEEDS):
            order = np.random.default_rng(seed).permutation(len(X))
            train_rows, rest = order[:N_TRAIN], order[N_TRAIN:]
            forest = RandomForestRegressor(50, max_features=1 / 3, random_state=seed)
            predicted = forest.fit(X.iloc[train_rows], targets[target].iloc[train_rows]).predict(X.iloc[rest])
            design = np.column_stack([np.ones(len(rest)), counts.iloc[rest]])
            slopes = sign * np.linalg.lstsq(design, predicted, rcond=None)[0][1:] / targets[target].std()
            rows.append({"target": target, "kendall_tau": kendall_tau(predicted, targets[target].iloc[rest])}
                        | dict(zip(ops, slopes, strict=True)))  # fmt: skip
    found = pd.DataFrame(rows).groupby("target", sort=False).agg(["mean", "std"])
    found.columns = [name + {"mean": "", "std": "_sd"}[end] for name, end in found.columns]
    return found.reset_index()


def trained_again(data: Any, out: Path) -> pd.DataFrame:
    """Errors by number of bins of some cells, two runs each; those in the journal beside `out` are kept."""
    cells = np.random.default_rng(1).choice(data.architectures, N_DRAWN, replace=False)[:N_CELLS].tolist()
    runs = Journal(out.parent, JournalKind(f"{out.stem}.jsonl", ("cell", "seed")), {})
    parts = digits()
    torch.set_num_threads(1)
    for cell, seed in runs.missing(product(cells, (0, 1))):
        runs.append(one_run(data.space, cell, seed, parts))
    return pd.DataFrame(runs.records)


def one_run(space: Any, cell: str, seed: int, parts: Any) -> dict[str, Any]:
    """Every error of one training run."""
    model = space.model(cell, seed)
    train(model, parts["train"], Recipe(), seed)
    test, validation = (logits(model, parts[name].x).numpy().astype(float) for name in ("test", "validation"))
    y = parts["test"].y.numpy()
    row: dict[str, Any] = {"cell": cell, "seed": seed}
    for end, scale in (("", 1.0), ("_ts", fit_temperature(validation, parts["validation"].y.numpy()))):
        p = softmax(test / scale, axis=1)
        row[f"nll{end}"] = nll(test / scale, y)
        for n in BINS:
            for kind in ("width", "mass"):
                row[f"{kind}_{n}{end}"] = expected_calibration_error(
                    p.max(axis=1), p.argmax(axis=1) == y, equal_mass=kind == "mass", n_bins=n
                )
    return row


def by_bins(runs: pd.DataFrame) -> pd.DataFrame:
    """How errors with each number of bins agree with what."""
    first, second = (runs[runs["seed"] == seed].set_index("cell").sort_index() for seed in (0, 1))
    rows = []
    for end in ("", "_ts"):
        for kind in ("width", "mass"):
            for n in BINS:
                name = f"{kind}_{n}{end}"
                rows.append(
                    {
                        "bins": kind, "n_bins": n, "temperature_scaled": bool(end), "runs": len(runs),
                        "mean_error": runs[name].mean(),
                        "tau_with_15": np.mean([kendall_tau(r[name], r[f"{kind}_15{end}"]) for r in (first, second)]),
                        "tau_with_other_seed": kendall_tau(first[name], second[name]),
                        "tau_with_nll": np.mean([kendall_tau(r[name], r[f"nll{end}"]) for r in (first, second)]),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def agreement(data: Any, runs: pd.DataFrame) -> float:
    """Largest difference between errors of 15 bins computed here and those of the table."""
    known = [
        data.info.loc[cell, f"ece_seed{seed}"]
        for cell, seed in runs[["cell", "seed"]].itertuples(index=False)
    ]
    return float(np.abs(runs["width_15"] - known).max())


def main(out: Path) -> None:
    """Run what is missing, and write the tables."""
    data = graf.load_dataset("digits201")
    write_csv(following(data), out)
    write_csv(drivers(data), out.with_name(f"{out.stem}_drivers.csv"))
    runs = trained_again(data, out)
    write_csv(by_bins(runs), out.with_name(f"{out.stem}_bins.csv"))
    facts = {"cells_trained_again": N_CELLS, "largest_difference_to_table": agreement(data, runs)}
    write_json(facts, out.with_suffix(".json"))


if __name__ == "__main__":
    main(output_path("results/calibration_study.csv"))
