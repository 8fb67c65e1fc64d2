"""Strategies of search on published tables and digits201, at equal budgets.

    GRAF_DATA=<folder of the tables> python experiments/search_comparison.py [results] [condition ...]

Every strategy measures as many architectures as the others, 20 seeds each. Noted at several budgets: the
regret and rank of the best so far among all architectures; how much better it is than the average random
architecture (Yang, Esperança & Carlucci, NAS evaluation is frustratingly hard, ICLR 2020); for two
objectives the hypervolume as a share of the true front's (objectives scaled to the table's range, reference
at the worst values); and the seconds of proposing, features, fits and predictions. Features of a table are computed once,
and their seconds are noted in the JSON file. Finished runs are kept in a journal; a run that was killed goes on.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd
from _provenance import output_path, write_csv, write_json
from pymoo.indicators.hv import HV
from scipy.stats import rankdata

from graf import Dataset, GraphFeatures, PerformancePredictor, load_dataset, search
from graf.journal import Journal, JournalKind
from graf.searchers.fitness import is_efficient
from graf.searchers.strategies import (
    NSGA2,
    Boltzmann,
    Evolution,
    Explained,
    Guided,
    LocalSearch,
    RandomSearch,
    Strategy,
)

SEEDS = range(20)
RUNS = JournalKind("search_comparison.jsonl", ("condition", "strategy", "seed"))
BUDGETS = (10, 20, 30, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300)
BOOTSTRAPS = 1000
ACCELERATORS = {
    "ZCU102 latency": "latency_zcu102_mean_ms",
    "VCK190 latency": "latency_vck190_mean_ms",
    "A100 throughput": "throughput_a100_mean",
    "RTX 3090 throughput": "throughput_3090_mean",
    "TPUv2 throughput": "throughput_tpuv2_mean",
    "TPUv3 throughput": "throughput_tpuv3_mean",
}


@dataclass(frozen=True)
class Condition:
    """A table, what is wanted of it, and how many may be measured."""

    name: str
    dataset: str
    targets: tuple[str, ...]
    budget: int
    batch: int = 5

    @property
    def strategies(self) -> dict[str, Strategy]:
        """Those that are compared, by name."""
        common: dict[str, Strategy] = {
            "random": RandomSearch(),
            "local": LocalSearch(),
            "evolution": Evolution(),
            "boltzmann": Boltzmann(),
            "guided": Guided(),
        }
        if len(self.targets) > 1 or self.dataset == "nasbench101":
            return {**common, "nsga2": NSGA2()}
        ablation: dict[str, Strategy] = {
            "evolution, SHAP": Explained(),
            "evolution, reduced": Explained(greed=0.0, reduced=True),
            "evolution, SHAP, reduced": Explained(reduced=True),
        }
        return common | (ablation if self.dataset in ("nasbench201", "digits201") else {})


CONDITIONS = {
    condition.name: condition
    for condition in (
        Condition("NAS-Bench-201 accuracy", "nasbench201", ("cifar10_val_acc",), 60),
        Condition(
            "NAS-Bench-201 accuracy, edge GPU",
            "nasbench201",
            ("cifar10_val_acc", "hw_edgegpu_latency"),
            150,
            10,
        ),
        Condition(
            "NAS-Bench-201 accuracy, PGD", "nasbench201", ("cifar10_val_acc", "rob_pgd_linf_1.0"), 150, 10
        ),
        Condition("digits201 accuracy", "digits201", ("test_acc",), 60),
        Condition("digits201 accuracy, latency", "digits201", ("test_acc", "latency_b1_ms"), 60),
        Condition("NAS-Bench-101 accuracy", "nasbench101", ("val_acc_ep108",), 300, 20),
        *(
            Condition(
                f"Accel-NASBench top-1, {name}", "accel_nasbench_imagenet", ("val_top1_pct", column), 300, 20
            )
            for name, column in ACCELERATORS.items()
        ),
    )
}


@dataclass
class Table:
    """A table with its features."""

    data: Dataset
    features: pd.DataFrame


@cache
def table(name: str) -> Table:
    """The dataset with the features of all its architectures."""
    data = load_dataset(name)
    return Table(data, GraphFeatures(data.space, simplified="both").fit_transform(data.architectures))


def gains(condition: Condition) -> pd.DataFrame:
    """Objectives of all architectures, scaled to the table's range, 1 is best."""
    data = table(condition.dataset).data
    values = data.targets[list(condition.targets)].dropna()
    signs = [1.0 if data.metadata.loc[name, "direction"] == "max" else -1.0 for name in condition.targets]
    turned = values * signs
    return (turned - turned.min()) / (turned.max() - turned.min())


def run(condition: Condition, strategy: str, seed: int) -> dict[str, Any]:
    """One search, and what it had found at each budget."""
    source = table(condition.dataset)
    targets = list(condition.targets) if len(condition.targets) > 1 else condition.targets[0]
    found = search(
        source.data,
        targets,
        PerformancePredictor("auto", features="given"),
        condition.budget,
        seed,
        strategy=condition.strategies[strategy],
        proxies=source.features,
        batch=condition.batch if strategy != "nsga2" else None,
    )
    rows = gains(condition)
    reached = rows.loc[found.history["architecture"]].to_numpy()
    seconds = found.seconds.drop(columns=["number", "measuring", "proxies"]).sum().round(4).to_dict()
    budgets = [budget for budget in BUDGETS if budget <= condition.budget]
    return {
        "condition": condition.name,
        "strategy": strategy,
        "seed": seed,
        "seconds": seconds,
        "reached": {budget: quality(condition, rows, reached[:budget]) for budget in budgets},
    }


def quality(condition: Condition, rows: pd.DataFrame, reached: np.ndarray) -> dict[str, float]:
    """How good the measured architectures are."""
    if len(condition.targets) > 1:
        return {"hypervolume": hypervolume(reached) / best_volume(condition)}
    name = condition.targets[0]
    values = table(condition.dataset).data.targets[name].dropna()
    best = values.min() + reached.max() * (values.max() - values.min())
    return {
        "regret": float(values.max() - best),
        "rank": int((rows.to_numpy() > reached.max()).sum()) + 1,
        "improvement": float(100 * (best - values.mean()) / values.mean()),
    }


@cache
def best_volume(condition: Condition) -> float:
    """Hypervolume of the true front."""
    values = gains(condition).to_numpy()
    return hypervolume(values[is_efficient(values)])


def hypervolume(values: np.ndarray) -> float:
    """Volume that gains between 0 and 1 dominate."""
    return float(HV(ref_point=np.zeros(values.shape[1]))(-values[is_efficient(values)]))


def digest(records: list[dict[str, Any]]) -> pd.DataFrame:
    """One row per run and budget."""
    return pd.DataFrame(
        {
            **{key: record[key] for key in RUNS.key},
            "budget": int(budget),
            **reached,
            "seconds": round(sum(record["seconds"].values()), 3),
            "seconds_fits": record["seconds"]["fits"],
        }
        for record in records
        for budget, reached in record["reached"].items()
    )


def medians(rows: pd.DataFrame) -> dict[str, Any]:
    """Median and quartiles by condition, strategy and budget of what each condition is judged by."""
    summary: dict[str, Any] = {}
    for (condition, strategy, budget), group in rows.groupby(["condition", "strategy", "budget"], sort=False):
        facts = {"n_seeds": len(group)}
        for name in ("regret", "rank", "improvement", "hypervolume"):
            if group[name].notna().any():
                facts[name] = [float(f"{q:.5g}") for q in group[name].quantile([0.25, 0.5, 0.75])]
        summary.setdefault(condition, {}).setdefault(strategy, {})[str(budget)] = facts
    return summary


def rankings(rows: pd.DataFrame) -> dict[str, Any]:
    """Mean ranks of strategies by condition and budget, and how stable they are.

    Stability within a condition: how often the first stays first when seeds are drawn again. Between
    conditions: Kendall's W, and the mean Kendall tau of pairs of rankings.
    """
    rows = rows.assign(score=rows["hypervolume"].fillna(-rows["regret"]))
    rng = np.random.default_rng(0)
    found: dict[str, Any] = {"conditions": {}}
    ranks = {}
    for (condition, budget), group in rows.groupby(["condition", "budget"], sort=False):
        scores = group.pivot_table(index="seed", columns="strategy", values="score").dropna()
        scores = scores[[name for name in scores if "," not in name]]
        if len(scores) < 2 or scores.shape[1] < 2:
            continue
        mean = pd.Series(rankdata(-scores, axis=1).mean(axis=0), index=scores.columns).sort_values()
        drawn = rng.integers(len(scores), size=(BOOTSTRAPS, len(scores)))
        firsts = scores.columns[scores.to_numpy()[drawn].mean(axis=1).argmax(axis=1)]
        best = scores.mean().idxmax()
        ranks[condition, budget] = mean
        found["conditions"][f"{condition}, {budget}"] = {
            "mean_ranks": mean.round(2).to_dict(),
            "first": best,
            "stays_first": float((firsts == best).mean()),
        }
    common = ["random", "local", "evolution", "boltzmann", "guided"]
    matrix = np.array([rankdata(mean[common]) for mean in ranks.values() if set(common) <= set(mean.index)])
    if len(matrix) > 1:
        m, k = matrix.shape
        spread = ((matrix.sum(axis=0) - matrix.sum(axis=0).mean()) ** 2).sum()
        taus = [_tau(a, b) for a, b in combinations(matrix, 2)]
        found |= {
            "kendall_w": 12 * spread / (m**2 * (k**3 - k)),
            "mean_kendall_tau": float(np.mean(taus)),
            "rankings": m,
        }
    return found


def _tau(a: np.ndarray, b: np.ndarray) -> float:
    pairs = [np.sign(a[i] - a[j]) * np.sign(b[i] - b[j]) for i, j in combinations(range(len(a)), 2)]
    return float(np.mean(pairs))


def step_seconds() -> dict[str, float]:
    """Seconds of one proposal of 10 from 10,000 candidates with 200 labels, nothing computed before."""
    from graf import Search

    data = load_dataset("nasbench201")
    cells = data.targets["cifar10_val_acc"].sample(200, random_state=0)
    running = Search("nasbench201", strategy=Guided(pool=10_000))
    running.tell(cells.index.tolist(), cells.to_numpy())
    start = perf_counter()
    running.ask(10)
    whole = perf_counter() - start
    return {
        "seconds": whole,
        **running.result.seconds.iloc[-1].drop(["number", "measuring", "proxies"]).to_dict(),
    }


def main(folder: Path, only: list[str]) -> None:
    """Run what is missing, seed by seed, and write the tables."""
    journal = Journal(folder, RUNS, {"budgets": list(BUDGETS)})
    conditions = [condition for name, condition in CONDITIONS.items() if not only or name in only]
    for seed in SEEDS:
        for condition in conditions:
            missing = journal.missing([(condition.name, strategy, seed) for strategy in condition.strategies])
            for _, strategy, _ in missing:
                journal.append(run(condition, strategy, seed))
            if missing:
                write(folder, journal.records)
                print(seed, condition.name, flush=True)
    write(folder, journal.records, step=step_seconds())


def write(folder: Path, records: list[dict[str, Any]], **facts: Any) -> None:
    """The runs as CSV, their digest as JSON."""
    rows = digest(records)
    for column in ("regret", "rank", "improvement", "hypervolume"):
        rows[column] = rows.get(column, np.nan)
    write_csv(rows, folder / "search_comparison.csv")
    content = {**facts, "medians": medians(rows), "rankings": rankings(rows)}
    write_json(content, folder / "search_comparison.json")


if __name__ == "__main__":
    main(output_path("results"), sys.argv[2:])
