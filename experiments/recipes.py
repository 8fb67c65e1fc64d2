"""Ranking pairs of architecture and training recipe, on `digits201_recipes`.

    python experiments/recipes.py [results]

In each of 10 splits half of the cells and two thirds of the recipes are known, and labels are
drawn from the pairs of these. Ranked are four kinds of pairs: other pairs of known cells and
recipes, new cells under known recipes, known cells under new recipes, and new cells under new
recipes. Beside Kendall tau over all pairs stands the mean tau within a recipe (which cell is
best?) and within a cell (which recipe is best?), since recipes alone rank pairs well. Beside graf
stand FLOPs, the recipe, and the sum of a cell's and a recipe's effect. Also written: how much of
the variance is architecture, recipe, interaction and luck. A killed run goes on where it was.
"""

from __future__ import annotations

import json
import warnings
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from _provenance import output_path, write_json
from _resuming import completed
from scipy.special import logit
from scipy.stats import kendalltau
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.linear_model import LinearRegression, Ridge

from graf import Dataset, GraphFeatures, PerformancePredictor, load_dataset
from graf.exceptions import FarFromTrainingWarning
from graf.measure import variance_shares

TARGET = "test_acc"
SIZES = (64, 256, 640)
SEEDS = range(10)
KINDS = {
    "known": (True, True),
    "new cells": (False, True),
    "new recipes": (True, False),
    "both new": (False, False),
}
BOOTSTRAPS = 200


def main(folder: Path) -> None:
    """Run what is missing of the splits, and write the tables."""
    data = load_dataset("digits201_recipes")
    columns = inputs(data)
    results = completed(folder / "recipes.csv", ["seed"], zip(SEEDS), partial(split, data, columns))
    facts = {
        "target": TARGET,
        "cells": data.targets.index.nunique(),
        "recipes": len(data.recipes.drop_duplicates()),
        "seeds": list(SEEDS),
        "variance": variance(data),
        "tau": tables(results),
    }
    write_json(facts, folder / "recipes.json")
    for name, shares in facts["variance"].items():
        print(name, shares)
    keys = {"index": ["labels", "predictor"], "columns": "pairs"}
    print(results.pivot_table(values="tau", **keys).round(3).to_string())


def inputs(data: Dataset) -> dict[str, pd.DataFrame]:
    """What is predicted from, by label; one row per pair."""
    cells = pd.DataFrame(index=list(dict.fromkeys(data.architectures)))
    graph = GraphFeatures(data.space).fit_transform(cells.index).loc[data.architectures]
    same_cells = load_dataset("digits201").select(cells.index)
    proxies = same_cells.proxies.loc[data.architectures]
    choices = pd.DataFrame(data.space.one_hot(data.architectures), data.targets.index).add_prefix("choice_")
    macs = same_cells.info.loc[data.architectures, ["n_macs"]]
    cell, recipe = (
        pd.get_dummies(key, dtype=float) for key in (data.architectures, data.info["recipe"].tolist())
    )
    additive = pd.concat([cell, recipe.add_prefix("recipe_")], axis=1).set_axis(data.targets.index, axis=0)
    return {
        "graf + recipe": pd.concat([graph, data.recipes], axis=1),
        "graf + recipe, extra trees": pd.concat([graph, data.recipes], axis=1),
        "graf + proxies + recipe": pd.concat([graph, proxies, data.recipes], axis=1),
        "recipe alone": data.recipes,
        "FLOPs alone": macs,
        "FLOPs + recipe": pd.concat([macs, data.recipes], axis=1),
        "one-hot + recipe": pd.concat([choices, data.recipes], axis=1),
        "cell + recipe effects": additive,
    }


def model_of(label: str, seed: int) -> PerformancePredictor:
    """graf's own model; a line for FLOPs alone, ridge for sums of effects, and trees where named."""
    others = {
        "FLOPs alone": LinearRegression(),
        "cell + recipe effects": Ridge(0.1),
        "graf + recipe, extra trees": ExtraTreesRegressor(100, max_features=0.5, random_state=seed),
    }
    return PerformancePredictor(others.get(label, "auto"), features="given", random_state=seed)


def split(data: Dataset, columns: dict[str, pd.DataFrame], seed: int) -> pd.DataFrame:
    """One split: every predictor with every number of labels on every kind of pairs."""
    rng = np.random.default_rng(seed)
    cells, recipes = data.targets.index.to_numpy(), data.info["recipe"].to_numpy()
    known_cell, known_recipe = (
        np.isin(values, rng.permutation(np.unique(values))[: round(share * len(np.unique(values)))])
        for values, share in ((cells, 0.5), (recipes, 2 / 3))
    )
    order = rng.permutation(np.flatnonzero(known_cell & known_recipe))
    y = data.targets[TARGET].to_numpy()
    found = []
    for (label, table), size in product(columns.items(), SIZES):
        train = order[:size]
        predictor = model_of(label, seed).fit(table.iloc[train], y[train])
        with warnings.catch_warnings():  # new recipes are far from all labels, as is meant here
            warnings.simplefilter("ignore", FarFromTrainingWarning)
            predicted = predictor.predict(table)
        for kind, (old_cell, old_recipe) in KINDS.items():
            test = (known_cell == old_cell) & (known_recipe == old_recipe)
            test[order[: max(SIZES)]] = False
            rows = pd.DataFrame({"cell": cells, "recipe": recipes, "true": y, "predicted": predicted})[test]
            facts = {
                "seed": seed,
                "predictor": label,
                "labels": size,
                "pairs": kind,
                "tested": int(test.sum()),
            }
            found.append(facts | taus(rows))
    return pd.DataFrame(found)


def taus(rows: pd.DataFrame) -> dict[str, float]:
    """Kendall tau over all rows, and its mean within a recipe and within a cell."""
    within = {
        f"tau_within_{key}": np.mean([tau(group) for _, group in rows.groupby(key) if len(group) > 4])
        for key in ("recipe", "cell")
        if rows.groupby(key).size().max() > 4
    }
    return {"tau": tau(rows), **within}


def tau(rows: pd.DataFrame) -> float:
    """Kendall tau; 0 for constant predictions, which rank nothing."""
    constant = np.ptp(rows["predicted"]) == 0
    return 0.0 if constant else float(kendalltau(rows["true"], rows["predicted"]).statistic)


def tables(results: pd.DataFrame) -> list[dict[str, object]]:
    """Mean and standard deviation over the splits."""
    names = ["tau", "tau_within_recipe", "tau_within_cell"]
    groups = results.groupby(["pairs", "labels", "predictor"], sort=False)[names]
    spread = groups.agg(["mean", "std"]).round(4)
    spread.columns = ["_".join(name) for name in spread.columns]
    return json.loads(spread.reset_index().to_json(orient="records"))


def variance(data: Dataset) -> dict[str, object]:
    """Shares of the variance of accuracy and of its logit, with spread over resampled cells."""
    table = pd.concat([data.targets[TARGET], data.info], axis=1).rename(columns={TARGET: "first"})
    keys = {"index": "architecture", "columns": "recipe"}
    first = table.pivot_table(values="first", **keys)
    again = table.pivot_table(values=f"{TARGET}_seed1", **keys).dropna()
    repeats = np.stack([first.loc[again.index].to_numpy(), again.to_numpy()], axis=2)
    n_images = 597
    bounded = [logit((x * n_images + 0.5) / (n_images + 1)) for x in (first.to_numpy(), repeats)]
    pairs = [(i, j) for i, j in product(range(repeats.shape[1]), repeat=2)]
    agreement = {(i, j): kendalltau(repeats[:, i, 0], repeats[:, j, 1]).statistic for i, j in pairs}
    return {
        "accuracy": shares(first.to_numpy(), repeats),
        "logit of accuracy": shares(*bounded),
        "tau of cells between two seeds": {
            "same recipe": round(float(np.mean([t for (i, j), t in agreement.items() if i == j])), 3),
            "different recipes": round(float(np.mean([t for (i, j), t in agreement.items() if i != j])), 3),
            "cells": len(again),
        },
    }


def shares(values: np.ndarray, repeats: np.ndarray) -> dict[str, dict[str, float]]:
    """Shares, and their standard deviation over bootstrap samples of the cells."""
    rng = np.random.default_rng(0)
    samples = [
        variance_shares(*(x[rng.integers(len(x), size=len(x))] for x in (values, repeats)))
        for _ in range(BOOTSTRAPS)
    ]
    return {
        "share": variance_shares(values, repeats).round(4).to_dict(),
        "std": pd.DataFrame(samples).std().round(4).to_dict(),
    }


if __name__ == "__main__":
    main(output_path("results"))
