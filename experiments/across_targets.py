"""Which properties help accuracy and cost latency, robustness or calibration, and whether it depends on the task.

    GRAF_DATA=... python experiments/across_targets.py [results/across_targets.csv]

For each target, ten seeds draw 300 cells, fit a random forest (50 trees, a third of the columns at each split)
and explain 150 others by SHAP. Written are

- the share of each group of columns in the explanation: the mean size of what its columns add together, over the
  sum of that over groups (columns of skips also split into degrees and the rest); for published columns also the
  Kendall tau, on 1,000 other cells, of forests that see the group alone, and of forests that see all but the
  group (the first file);
- what one operation more does (`_operations.csv`): coefficients of a least-squares fit of the forest's
  predictions for these cells to counts of operations instead of none, in standard deviations of the target,
  turned so that positive is better.

The authors of GRAF found skip connections and paths of convolutions to matter for classification on
TransNAS-Bench-101, and degrees for autoencoding. Its tasks are therefore explained twice: by the columns of
their code (`published`) and by graf's own. Only cells without useless edges, as in the paper.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _provenance import output_path, write_csv, write_json
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.ensemble import RandomForestRegressor

import graf
from graf.features import Column, parse_column
from graf.features.published import published_columns
from graf.files import atomic_path
from graf.predictors import kendall_tau

N_SEEDS, N_TRAIN, N_EXPLAINED = 10, 300, 150
TARGETS = {
    "nasbench201": ["cifar10_val_acc", "cifar100_val_acc", "rob_fgsm_linf_1.0", "rob_pgd_linf_1.0",
                    "hw_edgegpu_latency", "hw_eyeriss_energy"],
    "digits201": ["test_acc", "fgsm_0.05_acc", "noise_0.2_acc", "ece", "ece_ts", "latency_b1_ms"],
    "transnas_micro": ["class_scene_top1_pct", "class_object_top1_pct", "jigsaw_top1_pct", "autoencoder_ssim",
                       "normal_ssim"],
}  # fmt: skip
GROUPS = ("skip connections", "paths of convolutions", "other paths", "degrees", "counts", "shape")
PATHS = {"min_path_len", "max_path_len", "n_paths", "path_ops", "op_depth", "n_follow", "n_first", "n_last"}
DEGREES = {"node_degree", "junction_degree", "branching"}


def group_of(column: Column) -> str:
    """What a column is about."""
    if column.ops == ("skip",):
        return "skip connections"
    if column.family in PATHS:
        only = all(op.startswith("conv") for op in column.ops)
        return "paths of convolutions" if only else "other paths"
    if column.family in DEGREES:
        return "degrees"
    return "counts" if column.family == "op_count" else "shape"


def features(data: Any, columns: str) -> tuple[pd.DataFrame, pd.Series, pd.Series]:
    """The table of all cells, the group of each column, and whether it is a degree."""
    compat = "zc_combine" if columns == "published" else None
    table = graf.GraphFeatures(data.space, compat=compat).fit_transform(data.architectures)
    if compat:
        known = {c.name: c.column for c in published_columns(data.space, compat)}
        table = table[[name for name in table if known[name] is not None]]
    else:
        known = {name: parse_column(name) for name in table}
    groups = pd.Series({name: group_of(known[name]) for name in table})
    return table, groups, pd.Series({name: known[name].family in DEGREES for name in table})


def skips_of(groups: pd.Series, degrees: pd.Series) -> pd.Series:
    """Columns of skip connections, degrees apart from the others; columns of other groups are left out."""
    names = np.where(degrees, "skip connections, degrees", "skip connections, the rest")
    return pd.Series(names, groups.index).where(groups == "skip connections")


def forest(seed: int) -> graf.PerformancePredictor:
    """What is fitted and explained."""
    model = RandomForestRegressor(50, max_features=1 / 3, random_state=seed)
    return graf.PerformancePredictor(model, features="given")


def one_seed(
    X: pd.DataFrame,
    groups: pd.Series,
    degrees: pd.Series,
    counts: pd.DataFrame,
    y: pd.Series,
    seed: int,
    alone: bool,
) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """Rows by group, and the effect of one more of each operation."""
    order = np.random.default_rng(seed).permutation(len(y))
    train, shown, rest = (
        order[:N_TRAIN],
        order[N_TRAIN : N_TRAIN + N_EXPLAINED],
        order[N_TRAIN : N_TRAIN + 1000],
    )
    explanation = graf.explain(forest(seed).fit(X.iloc[train], y.iloc[train]), X.iloc[shown])
    added = pd.DataFrame(explanation.values, columns=X.columns).T
    sizes, of_skips = (
        added.groupby(parts).sum().T.abs().mean() for parts in (groups, skips_of(groups, degrees))
    )
    parts = of_skips / sizes.sum()
    rows: list[dict[str, Any]] = [{"group": name, "share": share} for name, share in parts.items()]
    for group, share in (sizes / sizes.sum()).items():
        row: dict[str, Any] = {"group": group, "share": share}
        if alone:
            for name, kept in (("tau_alone", groups == group), ("tau_without", groups != group)):
                part = X.loc[:, kept[kept].index]
                predicted = forest(seed).fit(part.iloc[train], y.iloc[train]).predict(part.iloc[rest])
                row[name] = kendall_tau(y.iloc[rest], predicted)
        rows.append(row)
    design = np.column_stack([np.ones(len(shown)), counts.iloc[shown]])
    slopes = np.linalg.lstsq(design, explanation.predictions, rcond=None)[0][1:] / y.std()
    return rows, dict(zip(counts, slopes, strict=True))


def study(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All targets of a dataset."""
    data = graf.load_dataset(name)
    if "connected" in data.info:
        data = data.select(data.info["connected"].astype(int) == 1)
    counted = [f"op_count({op})" for op in data.space.ops if op != "none"]
    all_counts = graf.GraphFeatures(data.space, counted).fit_transform(data.architectures)
    all_counts.columns = [op for op in data.space.ops if op != "none"]
    group_rows, effects = [], []
    for columns in ("published", "graf") if name == "transnas_micro" else ("graf",):
        X, groups, degrees = features(data, columns)
        for target in TARGETS[name]:
            y = data.targets[target].dropna()
            sign = 1 if data.metadata.loc[target, "direction"] == "max" else -1
            for seed in range(N_SEEDS):
                rows, slopes = one_seed(
                    X.loc[y.index], groups, degrees, all_counts.loc[y.index], y, seed, columns == "published"
                )
                about = {"dataset": name, "target": target, "columns": columns, "seed": seed}
                group_rows += [about | row for row in rows]
                effects += [about | {"operation": op, "effect": sign * slope} for op, slope in slopes.items()]
            print(name, columns, target, flush=True)
    return pd.DataFrame(group_rows), pd.DataFrame(effects)


def main(out: Path) -> None:
    """Run, write the tables and draw the figure."""
    found = [study(name) for name in TARGETS]
    groups, effects = (pd.concat(parts) for parts in zip(*found, strict=True))
    by_group = groups.groupby(["dataset", "columns", "target", "group"], sort=False)
    shares = by_group.agg(
        seeds=("seed", "nunique"),
        share=("share", "mean"), share_sd=("share", "std"),
        tau_alone=("tau_alone", "mean"), tau_alone_sd=("tau_alone", "std"),
        tau_without=("tau_without", "mean"), tau_without_sd=("tau_without", "std"),
    ).reset_index()  # fmt: skip
    by_operation = effects[effects["columns"] == "graf"].groupby(
        ["dataset", "target", "operation"], sort=False
    )
    slopes = by_operation["effect"].agg(
        effect="mean", effect_sd="std", seeds="size", seeds_positive=lambda found: int((found > 0).sum())
    ).reset_index()  # fmt: skip
    write_csv(shares, out)
    write_csv(slopes, out.with_name(f"{out.stem}_operations.csv"))
    draw(shares, slopes, out.with_suffix(".png"))
    facts = {"seeds": N_SEEDS, "training_cells": N_TRAIN, "explained_cells": N_EXPLAINED}
    write_json(facts, out.with_suffix(".json"))


def draw(shares: pd.DataFrame, slopes: pd.DataFrame, path: Path) -> None:
    """Effects of operations on every target, and groups of columns by TransNAS task."""
    figure = Figure(figsize=(13, 6), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.25])
    draw_operations(left, slopes)
    draw_groups(right, shares)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, dpi=110, format="png")


def draw_operations(axis: Axes, slopes: pd.DataFrame) -> None:
    """Targets by operations, the effect in numbers and as a colour."""
    ops = ["conv3x3", "conv1x1", "avg_pool3x3", "skip"]
    table = slopes.assign(row=slopes["dataset"] + "  " + slopes["target"])
    value, spread = (
        table.pivot_table(column, "row", "operation").loc[table["row"].unique(), ops]
        for column in ("effect", "effect_sd")
    )
    top = np.nanmax(np.abs(value.to_numpy()))
    axis.imshow(value, cmap="PuOr", vmin=-top, vmax=top, aspect="auto")
    for (i, j), effect in np.ndenumerate(value.to_numpy()):
        if np.isfinite(effect):
            words = f"{effect:+.2f}\n±{spread.iloc[i, j]:.2f}"
            colour = "white" if abs(effect) > 0.7 * top else "black"
            axis.text(j, i, words, ha="center", va="center", fontsize=7, color=colour)
    axis.set_xticks(range(len(ops)), ops)
    axis.set_yticks(range(len(value)), value.index, fontsize=8)
    axis.set_title(
        "One operation more instead of none:\neffect in standard deviations, positive is better", fontsize=10
    )


def draw_groups(axis: Axes, shares: pd.DataFrame) -> None:
    """The share of each group of columns, a bar per TransNAS task."""
    colours = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
    rows = shares[(shares["dataset"] == "transnas_micro") & (shares["columns"] == "published")]
    present = [group for group in GROUPS if group in set(rows["group"])]
    for i, (task, colour) in enumerate(zip(TARGETS["transnas_micro"], colours, strict=True)):
        found = rows[rows["target"] == task].set_index("group").loc[present]
        place = np.arange(len(present)) + (i - 2) * 0.16
        axis.bar(
            place, found["share"], 0.15, yerr=found["share_sd"], color=colour, label=task, ecolor="#444444"
        )
    axis.set_xticks(range(len(present)), [group.replace(" ", "\n") for group in present], fontsize=9)
    axis.set(ylabel="share of the explanation (mean, standard deviation over ten seeds)")
    axis.set_title("TransNAS-Bench-101-micro, published columns", fontsize=10)
    axis.legend(fontsize=8, frameon=False, loc="upper center", ncols=2)
    axis.set_ylim(0, 1)


if __name__ == "__main__":
    main(output_path("results/across_targets.csv"))
