"""Search on NAS-Bench-201: samples of a Boltzmann machine beside other strategies.

    GRAF_DATA=<folder of nasbench201.csv.gz> python experiments/annealing_search.py [results]

Every strategy searches all 15,625 cells by accuracy, plain and under attack (PGD), in 60 queries
and batches of 5, with 20 seeds. The machine is trained with persistent chains (pcd) or those of simulated annealing through
dimod (annealer), which then draw the candidates too. Settings of the strategy were chosen on CIFAR-100.
Every run is saved when it is done, so that one that was killed goes on where it was.
"""

from __future__ import annotations

from functools import partial
from importlib.metadata import version
from itertools import product
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from _provenance import output_path, write_json
from _resuming import completed

import graf
from graf.files import atomic_path
from graf.searchers import Strategy
from graf.searchers.strategies import Boltzmann

TARGETS = ("cifar10_val_acc", "rob_pgd_linf_1.0")
STRATEGIES: dict[str, str | Strategy] = {
    "random": "random",
    "evolution": "evolution",
    "boltzmann (pcd)": Boltzmann(chains="pcd"),
    "boltzmann (annealer)": Boltzmann(chains="annealer"),
    "guided": "guided",
}
SEEDS, BUDGET, BATCH = range(20), 60, 5
SHOWN = (20, 40, 60)  # queries
TOP = 0.001
KEY = ["target", "seed", "strategy"]


def main(folder: Path) -> None:
    """Run what is missing, and write table, summary and picture."""
    data = graf.load_dataset("nasbench201")
    wanted = product(TARGETS, SEEDS, STRATEGIES)
    results = completed(folder / "annealing_search.csv", KEY, wanted, partial(run, data))
    table = summary(results)
    facts = {
        "packages": {name: version(name) for name in ("dimod", "dwave-samplers")},
        "seeds": sorted(results["seed"].unique().tolist()),
        "budget": BUDGET,
        "batch": BATCH,
        "strategies": {label: repr(strategy) for label, strategy in STRATEGIES.items()},
        "top": f"share of seeds whose best cell is in the top {TOP:.1%}",
        "summary": table.to_dict("records"),
    }
    write_json(facts, folder / "annealing_search.json")
    with atomic_path(folder / "annealing_search.png") as temporary:
        draw(results).savefig(temporary, dpi=110)
    print(table.to_string(index=False))


def run(data: graf.Dataset, target: str, seed: int, strategy: str) -> pd.DataFrame:
    """One search: the best cell after every query, its rank among all cells, and seconds so far."""
    options = {"strategy": STRATEGIES[strategy], "batch": BATCH, "budget": BUDGET, "seed": seed}
    found = graf.search(data, target, **options)
    best = found.history["value"].cummax().to_numpy()
    values = np.sort(data.targets[target].to_numpy())
    seconds = found.seconds.drop(columns=["measuring"]).groupby("number").sum().sum(axis=1).cumsum()
    spent = seconds.reindex(range(BUDGET)).ffill().to_numpy()
    return pd.DataFrame(
        {
            "target": target,
            "strategy": strategy,
            "seed": seed,
            "query": np.arange(1, BUDGET + 1),
            "best": best,
            "regret": values[-1] - best,
            "rank": len(values) - np.searchsorted(values, best, side="right") + 1,
            "seconds": spent,
        }
    )


def summary(results: pd.DataFrame) -> pd.DataFrame:
    """Median and quartiles of rank and regret over seeds, at some numbers of queries."""
    shown = results.assign(top=results["rank"] <= TOP * 15_625)
    groups = shown[shown["query"].isin(SHOWN)].groupby(["target", "query", "strategy"], sort=False)
    return (
        pd.DataFrame(
            {
                "rank_median": groups["rank"].median(),
                "rank_lower": groups["rank"].quantile(0.25),
                "rank_upper": groups["rank"].quantile(0.75),
                "regret_mean": groups["regret"].mean().round(4),
                "regret_std": groups["regret"].std().round(4),
                "top": groups["top"].mean(),
                "seconds": groups["seconds"].median().round(3),
                "seeds": groups.size(),
            }
        )
        .reset_index()
        .sort_values(["target", "query"], kind="stable")
    )


def draw(results: pd.DataFrame) -> plt.Figure:
    """Median rank of the best cell by queries, with quartiles."""
    targets = results["target"].unique()
    shape = {"figsize": (5.5 * len(targets), 4.5), "sharey": True, "squeeze": False}
    figure, grid = plt.subplots(1, len(targets), layout="constrained", **shape)
    for ax, target in zip(grid[0], targets, strict=True):
        for strategy in STRATEGIES:
            own = results[(results["target"] == target) & (results["strategy"] == strategy)]
            low, middle, high = (own.groupby("query")["rank"].quantile(q) for q in (0.25, 0.5, 0.75))
            (line,) = ax.plot(middle.index, middle, label=strategy)
            ax.fill_between(middle.index, low, high, color=line.get_color(), alpha=0.1, linewidth=0)
        ax.axhline(TOP * 15_625, color="black", linestyle=":", label=f"top {TOP:.1%}")
        ax.set(title=target, xlabel="queries", yscale="log")
        ax.grid(alpha=0.3)
    grid[0, 0].set_ylabel("rank of the best cell (of 15,625)")
    grid[0, 0].legend()
    return figure


if __name__ == "__main__":
    main(output_path("results"))
