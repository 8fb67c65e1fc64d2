"""graf beside the published predictors: the same splits, every one from its definition.

    GRAF_DATA=<folder of the tables> python experiments/rivals.py [results [splits] [speed] [figure]]

Kendall tau on all architectures that were not trained on. Splits are those of
`graf.predictors.evaluate`, models have the seed of the split. Every block of splits is saved when
it is done, most telling first, so that a run that was killed goes on where it was; splits that
`reproduction.py` has run are taken from its results.
`seconds` is the processor time of one thread for fitting and predicting all others, features excluded.
Not among the rivals: TabPFN, whose packages do not hold its weights.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from time import thread_time
from typing import Any

import numpy as np
import pandas as pd
from _provenance import output_path, write_csv, write_json
from _resuming import added
from _rival_models import new_model
from _rival_plot import plot
from _rival_reuse import reused
from _rival_speed import speed
from _rival_tasks import TASKS, Task, inputs
from joblib import Parallel, delayed

from graf import PerformancePredictor
from graf.predictors import evaluate

KEYS = ["dataset", "target", "model", "features", "labels", "seed"]
OWN = tuple((model, "graf*") for model in ("auto", "mixed forest", "boosted trees"))
FREE = (("line", "FLOPs"), ("line", "parameters"), ("random forest", "one-hot"))
PUBLISHED = (("random forest", "GRAF*"), ("random forest", "graf*"), *FREE, ("XGBoost", "GRAF*"))
QUICK = (("WL kernel GP", "cells"), ("random forest", "paths"), ("auto, permuted labels", "graf*"))
SLOW = (
    ("GCN", "cells"),
    ("GIN", "cells"),
    ("XGB+", "GRAF*"),
    ("GCN", "cells + graf"),
    ("GIN", "cells + graf"),
)
GRAPH = tuple(
    (model, features)
    for features in ("graf", "GRAF")
    for model, _ in OWN
    if (model, features) != ("auto", "GRAF")
)
PLAN = (  # rows, seeds, most labels; features with a star have the proxies where the target uses them
    (OWN[:1], range(2), 128),
    (OWN[:1], range(2), 1024),
    (OWN[1:], range(2), 1024),
    (OWN[2:], range(20), 128),
    (OWN[2:], range(10), 1024),
    (PUBLISHED, range(2), 1024),
    (OWN[:1], range(2, 20), 128),
    (OWN[:1], range(2, 10), 1024),
    (QUICK, range(2), 1024),
    (SLOW, range(2), 128),
    (OWN, range(2, 5), 1024),
    (PUBLISHED, range(2, 5), 1024),
    (GRAPH, range(3), 1024),
    (OWN + PUBLISHED + QUICK, range(5, 10), 128),
    (SLOW, range(1), 1024),
    (OWN + PUBLISHED, range(5, 10), 1024),
    (OWN + PUBLISHED, range(10, 20), 128),
    (GRAPH + QUICK, range(10), 1024),
    (SLOW, range(2, 5), 128),
    (SLOW, range(1, 3), 1024),
    (SLOW, range(5, 10), 128),
)
Job = tuple[Task, str, str, int, int]


def main(folder: Path, parts: list[str]) -> None:
    """Run what is missing of the parts."""
    store = folder / "rivals_splits.parquet"
    if "splits" in parts:
        run(store)
    if "speed" in parts:
        write_json({"fit_and_predict": speed()}, folder / "rivals_speed.json")
    if "figure" in parts:
        results = pd.read_parquet(store)
        write_csv(summary(results), folder / "rivals.csv")
        plot(summary(results), folder / "rivals.png")
        write_json({"splits": len(results)}, folder / "rivals.json")


def run(store: Path) -> None:
    """Run the splits that are missing, the most telling first."""
    if not store.exists():
        save(store, reused(store.with_name("reproduction_splits.parquet")))
    for block in blocks():
        if jobs := list(missing(block, store)):
            found = pd.DataFrame(Parallel(n_jobs=2, prefer="threads")(delayed(split)(*job) for job in jobs))
            save(store, found)
            means = found[["tau", "seconds"]].mean().round(3)
            print(*found.loc[0, KEYS[:5]], len(found), means.to_dict(), flush=True)


def blocks() -> Iterator[list[Job]]:
    """Splits of one row of the table, in the order of the plan."""
    for rows, seeds, most in PLAN:
        for task, (model, features) in product(TASKS, rows):
            features = features.replace("*", " + proxies" if task.proxies else "")
            for size in task.sizes:
                if size <= most:
                    yield [(task, model, features, size, seed) for seed in seeds]


def missing(jobs: Iterable[Job], store: Path) -> Iterator[Job]:
    """Jobs whose results are not in the store."""
    known = pd.read_parquet(store, columns=KEYS) if store.exists() else pd.DataFrame(columns=KEYS)
    done = set(known.itertuples(index=False, name=None))
    for job in jobs:
        task, *rest = job
        if (task.dataset, task.target, *rest) not in done:
            yield job


def split(task: Task, model: str, features: str, size: int, seed: int) -> dict[str, Any]:
    """Result of one row on one split."""
    own = inputs(task.dataset)
    table = own.table(features, task.proxies)
    y = own.data.targets[task.target].to_numpy()
    known = np.isfinite(y)
    estimator = new_model(model, own, list(table), seed)
    predictor = PerformancePredictor(estimator, features="given", random_state=seed, warn_beyond=None)
    direction = own.data.metadata.loc[task.target, "direction"]
    start = thread_time()
    found = evaluate(
        {"": (predictor, table[known])}, table[known], y[known],
        train_sizes=[size], seeds=[seed], direction=direction,
    )  # fmt: skip
    figures = found.loc[0, ["tau", "rho", "r2", "mae", "regret"]].astype(float).to_dict()
    keys = dict(zip(KEYS, (task.dataset, task.target, model, features, size, seed), strict=True))
    return keys | figures | {"seconds": thread_time() - start}


def save(store: Path, found: pd.DataFrame) -> None:
    """Add a block to the store, and renew what is made of it."""
    write_csv(summary(added(store, found)), store.with_name("rivals.csv"))


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread by row and number of labels; ratio to the published forest over common splits."""
    forest = {(task.dataset, task.target): task.published for task in TASKS}
    targets = pd.MultiIndex.from_frame(results[["dataset", "target"]])
    is_forest = (results["model"] == "random forest") & (results["features"] == targets.map(forest))
    where = ["dataset", "target", "labels", "seed"]
    results = results.merge(results.loc[is_forest, [*where, "tau"]], "left", where, suffixes=("", "_forest"))
    results["tau_shared"] = results["tau"].where(results["tau_forest"].notna())
    groups = results.groupby([key for key in KEYS if key != "seed"], sort=False)
    table = groups.agg(
        n_splits=("tau", "size"), tau=("tau", "mean"), tau_std=("tau", "std"), rho=("rho", "mean"),
        seconds=("seconds", "mean"), shared=("tau_shared", "mean"), forest=("tau_forest", "mean"),
    )  # fmt: skip
    table["ratio_to_published_forest"] = table.pop("shared") / table.pop("forest")
    return table.reset_index()


if __name__ == "__main__":
    main(output_path("results"), sys.argv[2:] or ["splits", "speed", "figure"])
