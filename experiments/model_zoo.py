"""Published architectures of timm as graphs: their counts, features, accuracy and throughput.

    pip install timm pillow && pip install --no-deps torchvision
    GRAF_DATA=<folder of the timm tables> python experiments/model_zoo.py <cache> [results]

Reads every architecture of the tables at every image size by `torch.export`, without weights, and
keeps the graphs and the splits in the cache folder, so that a run that was killed goes on where it was. Then

- `model_zoo_counts.csv`: where parameters or multiply-adds differ from the published ones, and why
  (multiply-adds counted as fvcore does, in the column `macs_fvcore`, are those that were published);
- `model_zoo_features.parquet`: features of all graphs;
- `model_zoo.csv`: how well ImageNet top-1 of models trained on ImageNet-1k alone, and throughput on
  GPUs and CPUs, are predicted for families left out, beside what costs nothing; `model_zoo_splits.csv`
  by split;
- `model_zoo_shap.png`: what drives each.
"""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from _provenance import output_path, write_csv, write_json
from _zoo_counts import compared_counts, published_counts
from _zoo_explanation import draw
from _zoo_prediction import PREDICTOR, Task, evaluate
from _zoo_reading import architectures, graph_of, read_all
from _zoo_tables import imagenet_alone, published

from graf import GraphFeatures
from graf.files import atomic_path

SEEDS = range(10)
N_JOBS = 2  # processes; the result does not depend on it
LAYERS = ("convolution", "depthwise_convolution", "grouped_convolution", "linear", "attention")
COUNTED = ("parameters", "macs", "macs_fvcore")
COSTS = {
    "params_m": "parameters",
    "gmacs": "multiply-adds",
    "macts_m": "activations",
    "img_size": "image size",
}


def main(cache: Path, folder: Path) -> None:
    """Read what is not read, and write the results."""
    accuracy, speed = published("timm_accuracy"), published("timm_speed")
    readings = read_all(architectures(accuracy, speed), cache)
    counts = compared_counts(readings, published_counts(accuracy, speed))
    whole = dict.fromkeys((*COUNTED, "difference_percent"), "Int64")
    different = counts.loc[~counts["agrees"], ["model", "img_size", "family", *whole, "reason"]]
    write_csv(different.astype(whole), folder / "model_zoo_counts.csv")
    features = table_of_features(readings, cache, folder / "model_zoo_features.parquet")
    tasks = [accuracy_task(accuracy, features), *speed_tasks(speed, features)]
    splits = evaluated(tasks, cache / "splits.csv")  # of these graphs, whatever results are there
    write_csv(splits, folder / "model_zoo_splits.csv")
    table = summary(splits)
    write_csv(table, folder / "model_zoo.csv")
    draw(tasks, folder / "model_zoo_shap.png")
    packages = {name: version(name) for name in ("timm", "torch")}
    facts = packages | {"seeds": len(SEEDS), **reading_facts(readings, counts), **gains(table)}
    facts["rows"] = {task.name: len(task.target) for task in tasks}
    write_json(facts, folder / "model_zoo.json")
    print(table.round(3).to_string(index=False))


def table_of_features(readings: pd.DataFrame, cache: Path, path: Path) -> pd.DataFrame:
    """Features of every graph read, indexed by architecture and image size; written to a file, too."""
    read = readings.dropna(subset="macs")
    keys = list(zip(read["model"], read["img_size"], strict=True))
    table = GraphFeatures().fit_transform([graph_of(key, cache) for key in keys])
    table.index = pd.MultiIndex.from_tuples(keys, names=["model", "img_size"])
    written = [table[f"op_cost({group}).activations"] for group in LAYERS]
    table["log_activations_of_layers"] = np.log10(1 + sum(written) + table["op_cost(attention).elementary"])
    with atomic_path(path) as temporary:
        table.astype(np.float32).reset_index().to_parquet(temporary, index=False)
    return table


def accuracy_task(accuracy: pd.DataFrame, features: pd.DataFrame) -> Task:
    """Top-1 of models trained on ImageNet-1k alone."""
    rows = with_features(imagenet_alone(accuracy), features)
    own = columns_of(rows, features, ["img_size"])
    tag = rows["tag"].str.get_dummies("_").add_prefix("tag ")
    evaluation = rows[["crop_pct"]].assign(bicubic=rows["interpolation"] == "bicubic").astype(float)
    inputs = {
        PREDICTOR: own,
        f"{PREDICTOR} and tag": pd.concat([own, tag], axis=1),
        f"{PREDICTOR}, tag and evaluation": pd.concat([own, tag, evaluation], axis=1),
    }
    labels = rows[["tag"]].apply(lambda column: column.factorize()[0])
    free = free_tables(rows) | {"tag": labels, "crop": rows[["crop_pct"]]}
    return Task("ImageNet top-1", rows["top1_pct"], rows["family"], inputs, free)


def speed_tasks(speed: pd.DataFrame, features: pd.DataFrame) -> list[Task]:
    """The logarithm of images per second of each setup."""
    counts = speed.groupby(["model", "img_size"])[["gmacs", "macts_m"]].transform("median")
    speed = speed.assign(**counts)  # one file has no counts
    tasks = []
    for setup, rows in speed.dropna(subset="gmacs").groupby("setup"):
        rows = with_features(rows, features)
        own = columns_of(rows, features, ["img_size", "batch_size"])
        rate = np.log(rows["samples_per_sec"])
        tasks.append(
            Task(str(setup), rate, rows["family"], {PREDICTOR: own}, free_tables(rows), is_speed=True)
        )
    return tasks


def with_features(rows: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """The rows whose architecture was read."""
    keys = pd.MultiIndex.from_frame(rows[["model", "img_size"]])
    return rows[keys.isin(features.index)].reset_index(drop=True)


def columns_of(rows: pd.DataFrame, features: pd.DataFrame, also: list[str]) -> pd.DataFrame:
    """Features of the rows' graphs, and what else is known beforehand."""
    keys = pd.MultiIndex.from_frame(rows[["model", "img_size"]])
    return pd.concat([features.loc[keys].reset_index(drop=True), rows[also]], axis=1)


def free_tables(rows: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The published numbers that cost nothing, on a log scale, each as a table of its own."""
    return {label: np.log(rows[[column]] + 1e-3) for column, label in COSTS.items()}


def evaluated(tasks: list[Task], path: Path) -> pd.DataFrame:
    """Results by split; tasks in the file are kept."""
    splits = pd.read_csv(path) if path.exists() else pd.DataFrame({"target": []})
    for task in tasks:
        if task.name not in set(splits["target"]):
            splits = pd.concat([splits, evaluate(task, SEEDS, N_JOBS)], ignore_index=True)
            write_csv(splits, path)
    return splits


def summary(splits: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over the splits, and the gain over the best single free row."""
    grouped = splits.groupby(["target", "predictor"], sort=False)[["tau", "rho"]]
    table = grouped.agg(["mean", "std"]).set_axis(["tau_mean", "tau_std", "rho_mean", "rho_std"], axis=1)
    table = table.reset_index()
    single = table[table["predictor"].isin([*COSTS.values(), "tag", "crop"])]
    best = single.groupby("target")["tau_mean"].max()
    return table.assign(tau_over_best_free=table["tau_mean"] - table["target"].map(best))


def gains(table: pd.DataFrame) -> dict[str, dict[str, float]]:
    """By target, how much tau graf's features add to the best free row."""
    own = table[table["predictor"] == PREDICTOR].set_index("target")
    return {"tau_over_best_free_row": own["tau_over_best_free"].round(4).to_dict()}


def reading_facts(readings: pd.DataFrame, counts: pd.DataFrame) -> dict[str, object]:
    """How much was read, what it took, and how many counts agree."""
    read = readings.dropna(subset="macs")
    timed = read.dropna(subset="export_seconds")
    return {
        "architectures_read": int(read["model"].nunique()),
        "graphs_read": len(read),
        "not_read": readings[readings["macs"].isna()].set_index("model")["error"].to_dict(),
        "parameters_of_the_module": int((read["parameters"] == read["module_parameters"]).sum()),
        "unknown_operations": int(read["unknown"].notna().sum()),
        "graf_seconds_per_export_second": timed["graf_seconds"].sum() / timed["export_seconds"].sum(),
        "counts_compared": len(counts),
        "counts_agree": int(counts["agrees"].sum()),
        "counts_as_fvcore_agree": int(counts["fvcore_agrees"].sum()),
        "reasons": counts.loc[~counts["agrees"], "reason"].value_counts().to_dict(),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), output_path("results", 2))
