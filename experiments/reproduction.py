"""Forests and boosting on every published table: one-hot, proxies, GRAF's features and graf's.

    GRAF_DATA=<folder of the tables> python experiments/reproduction.py [results] [dataset ...]

For each table with accuracy, hardware or robustness targets: 32, 128 and 1,024 labels (four fifths
of the rows at most), 10 splits, all other architectures as test; random forest and XGBoost
with their libraries' defaults, beside FLOPs and parameters alone and graf's "auto". Protocol: Kadlecová et al.,
GRAF, ICML 2024. Every finished block of 10 splits is saved, so that a run that was killed goes on
where it was; given names of datasets, only those are run.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _provenance import output_path, write_csv, write_json
from _resuming import added
from joblib import Parallel, delayed
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression
from xgboost import XGBRegressor

from graf import Dataset, GraphFeatures, PerformancePredictor, load_dataset
from graf.predictors import evaluate, free_rows

SIZES = (32, 128, 1024)
MOST = 0.8
SEEDS = range(10)
GROUPS = ("accuracy", "latency", "energy", "robustness")
FREE = ("FLOPs", "parameters")
STRUCTURE = (*FREE, "one-hot", "GRAF", "graf")
PROXIES = ("proxies", "GRAF + proxies", "graf + proxies")
RUNS = (  # features and the model that sees them, in the order of the work
    (STRUCTURE, "xgboost"),
    (STRUCTURE, "random_forest"),
    (PROXIES, "xgboost"),
    (("graf",), "auto"),
    (PROXIES, "random_forest"),
)
KEYS = ["dataset", "target", "model", "features"]


@dataclass(frozen=True)
class Table:
    """One published table and how it is used."""

    name: str
    space: str
    compat: str | None = "zc_combine"
    where: dict[str, Any] = field(default_factory=dict)  # rows with these values in `info`
    label: str = ""

    def load(self) -> Dataset:
        """The rows and targets that are asked about."""
        data = load_dataset(self.name)
        for column, value in self.where.items():
            data = data.select(data.info[column] == value)
        return data


TABLES = (
    Table("flexibert", "flexibert", compat=None),
    Table("darts_cifar10", "darts", where={"source": "swap1000"}, label="darts_cifar10:swap1000"),
    Table("darts_cifar10", "darts", where={"source": "oncenas545"}, label="darts_cifar10:oncenas545"),
    Table("darts_cifar10", "darts", where={"source": "antoyang214"}, label="darts_cifar10:antoyang214"),
    Table("nasbench301", "darts"),
    Table("vitas_small", "autoformer", compat=None),
    Table("transnas_micro", "transnas_micro", where={"connected": 1}),
    Table("transnas_macro", "transnas_macro"),
    Table("nasbench101", "nasbench101"),
    Table("accel_nasbench_imagenet", "mnasnet", compat=None),
    Table("nasbench201", "nasbench201", where={"connected": 1}),
    Table("fbnet_devices", "fbnet", compat=None),
    Table("nasbench201_devices", "nasbench201"),
)


def main(folder: Path, only: list[str]) -> None:
    """Run what is missing, features of structure first, and write the digest."""
    store = folder / "reproduction_splits.parquet"
    tables = [table for table in TABLES if not only or table.name in only]
    for (features, model), table in product(RUNS, tables):
        run(table, model, features, store)
    write_json({"seeds": list(SEEDS), "sizes": SIZES}, folder / "reproduction.json")


def run(table: Table, model: str, features: tuple[str, ...], store: Path) -> None:
    """All targets of one table with one model and some features, those in the store excepted."""
    label = table.label or table.name
    data = table.load()
    inputs: dict[str, pd.DataFrame] = {}
    for target in targets_of(data):
        for name in features:
            key = (label, target, "linear" if name in FREE else model, name)
            if is_done(store, key):
                continue
            if not inputs:
                inputs = dict(feature_tables(table, data))
            if name in inputs:
                found = splits(data, target, inputs[name], key)
                write_csv(digest(added(store, found)), store.with_name("reproduction.csv"))
                print(*key, found.groupby("labels")["tau"].mean().round(3).to_dict(), flush=True)


def targets_of(data: Dataset) -> list[str]:
    """Accuracy, hardware and robustness targets that have values, the primary ones first."""
    facts = data.metadata[data.metadata["group"].isin(GROUPS)]
    ordered = facts.sort_values("primary", ascending=False, kind="stable").index
    return [target for target in ordered if data.targets[target].notna().any()]


def feature_tables(table: Table, data: Dataset) -> Iterator[tuple[str, pd.DataFrame]]:
    """What is predicted from, by name."""
    architectures = data.architectures
    free = free_rows(architectures, data.space)
    yield from ((name, own) for name, (_, own) in free.items())
    graf = GraphFeatures(data.space, simplified="both", choices=True)  # as predictors compute them
    graf = graf.fit_transform(architectures)
    yield "graf", graf
    published = None
    if table.compat is not None:
        published = GraphFeatures(data.space, compat=table.compat).fit_transform(architectures)
        yield "GRAF", published
    proxies = data.proxies.filter(regex="zcp_|synaptic|activation|jacobian|head_")
    if proxies.shape[1]:
        proxies = proxies.set_axis(graf.index)
        yield "proxies", proxies
        yield "graf + proxies", pd.concat([graf, proxies], axis=1)
        if published is not None:
            yield "GRAF + proxies", pd.concat([published, proxies], axis=1)


def splits(data: Dataset, target: str, table: pd.DataFrame, key: tuple[str, ...]) -> pd.DataFrame:
    """The results of all splits with one model on one table of numbers."""
    y = data.targets[target].to_numpy()
    known = np.isfinite(y)
    sizes = sorted({min(size, int(known.sum() * MOST)) for size in SIZES})
    direction = data.metadata.loc[target, "direction"]
    blocks = Parallel(n_jobs=-1, prefer="threads")(
        delayed(evaluate)(
            {"": PerformancePredictor(new_model(key[2], seed), features="given", random_state=seed)},
            table[known], y[known], train_sizes=sizes, seeds=[seed], direction=direction,
        )
        for seed in SEEDS
    )  # fmt: skip
    found = pd.concat(blocks, ignore_index=True).drop(columns="predictor")
    return found.assign(**dict(zip(KEYS, key, strict=True)))


def new_model(name: str, seed: int) -> Any:
    """An unfitted model: graf's by its name, others with their libraries' defaults."""
    if name == "auto":
        return name
    if name == "linear":
        return LinearRegression()
    if name == "random_forest":
        return RandomForestRegressor(random_state=seed)
    return XGBRegressor(tree_method="hist", random_state=seed, n_jobs=1)


def is_done(store: Path, key: tuple[str, ...]) -> bool:
    """Whether the store holds the splits of a block."""
    if not store.exists():
        return False
    done = pd.read_parquet(store, columns=KEYS)
    return bool((done == list(key)).all(axis=1).any())


def digest(results: pd.DataFrame) -> pd.DataFrame:
    """One row per block and number of labels: mean and spread over the splits where tau is defined."""
    groups = results.groupby([*KEYS, "labels"], sort=False)
    table = groups.agg(
        n_splits=("tau", "count"), tau=("tau", "mean"), tau_std=("tau", "std"), rho=("rho", "mean"),
        rho_std=("rho", "std"), fit_seconds=("fit_seconds", "mean"),
    )  # fmt: skip
    table = table.reset_index()
    space_of = {entry.label or entry.name: entry.space for entry in TABLES}
    table.insert(0, "space", table["dataset"].map(space_of))
    return table


if __name__ == "__main__":
    main(output_path("results"), sys.argv[2:])
