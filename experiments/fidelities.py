"""What early results are worth: Kendall tau against the total cost of training, in epochs.

    GRAF_DATA=<folder of nasbench201.csv.gz> python experiments/fidelities.py [results]

200 random candidates are to be ranked by their accuracy after full training, for a budget of
epochs. It is spent in one of five ways:

- labels: on full trainings of other architectures; the candidates cost nothing.
- labels + early: every candidate and every labelled architecture is trained for a few epochs, and
  the predictor sees these accuracies beside the features; what is left buys labels.
- early alone: the candidates are ranked by their early accuracy, with no predictor.
- early labels: the predictor learns from early accuracies of many other architectures.
- early labels, then labels: half of the budget each; a first predictor learns early accuracies, and
  full ones are a line in its predictions plus what a second one learns of the rest (Kennedy &
  O'Hagan, Predicting the output from a complex computer code when fast approximations are
  available, 2000).

The first two are done by graf's own model and by extra trees, the others by extra trees. An early
result of `checkpoint` kind costs nothing where training goes on from it. 10 draws each. A killed run
goes on where it was; the results name the tables that were run.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from _provenance import output_path, write_csv, write_json
from sklearn.ensemble import ExtraTreesRegressor

from graf import Dataset, GraphFeatures, PerformancePredictor, load_dataset
from graf.exceptions import FarFromTrainingWarning
from graf.predictors import kendall_tau

N_CANDIDATES = 200
SEEDS = range(10)
TREES = "extra trees"
MODELS = (TREES, "auto")
MOST_LABELS = 500  # more of an early result teach little, and cost time here
FULL_TRAININGS = (16, 32, 64, 128)  # budgets, in labels of full training


@dataclass(frozen=True)
class Study:
    """A table, its target, how long full training takes (or the column that says it), early results."""

    dataset: str
    target: str
    epochs: float | str
    fidelities: tuple[str, ...]


STUDIES = (
    Study("nasbench201", "cifar10_val_acc", 200, ("cifar10_val_acc_ep12",)),
    Study("nasbench101", "val_acc_ep108", 108, ("val_acc_ep12", "val_acc_ep36")),
    Study("digits201_recipes", "test_acc", "epochs", ("val_acc_ep1", "val_acc_ep3")),
)


def main(folder: Path) -> None:
    """Run what is missing, and write the tables."""
    path = folder / "fidelities.csv"
    results = pd.read_csv(path) if path.exists() else pd.DataFrame({"dataset": [], "seed": []})
    for study in STUDIES:
        done = set(results.loc[results["dataset"] == study.dataset, "seed"])
        for rows in run(study, sorted(set(SEEDS) - done)):
            results = pd.concat([results, pd.DataFrame(rows)], ignore_index=True)
            write_csv(results, path)
    keys = ["dataset", "fidelity", "spent_on", "model", "budget_in_labels", "budget_epochs"]
    table = results.groupby(keys, sort=False)["tau"].agg(["mean", "std", "count"]).round(4)
    found = json.loads(table.reset_index().to_json(orient="records"))
    write_json({"candidates": N_CANDIDATES, "seeds": list(SEEDS), "tau": found}, folder / "fidelities.json")
    print(table["mean"].unstack(["budget_in_labels", "budget_epochs"]).to_string())  # noqa: PD010 - a table to read


def run(study: Study, seeds: Sequence[int]) -> Iterator[list[dict[str, object]]]:
    """The draws of a study, one after the other."""
    if not seeds:
        return
    data = load_dataset(study.dataset)
    known = pd.concat([data.targets[study.target], data.fidelities[list(study.fidelities)]], axis=1).notna()
    data = data.select(known.all(axis=1).to_numpy())
    if "connected" in data.info:
        data = data.select(data.info["connected"] == 1)
    graph = GraphFeatures(data.space).fit_transform(list(dict.fromkeys(data.architectures)))
    table = pd.concat([graph.loc[data.architectures], data.recipes], axis=1)
    for seed in seeds:
        yield list(draw(study, data, table, seed))


def draw(study: Study, data: Dataset, table: pd.DataFrame, seed: int) -> Iterator[dict[str, object]]:
    """One draw of candidates and of the order in which others are labelled."""
    order = np.random.default_rng(seed).permutation(len(data))
    candidates, others = order[:N_CANDIDATES], order[N_CANDIDATES:]
    looked_at = order[: N_CANDIDATES + 2 * max(FULL_TRAININGS)]  # all that labels are bought for
    y = data.targets[study.target].to_numpy()
    full = (
        np.full(len(data), study.epochs)
        if isinstance(study.epochs, float | int)
        else data.recipes[study.epochs].to_numpy()
    )

    def fitted(
        columns: pd.DataFrame, labels: np.ndarray, bought: np.ndarray, name: str = TREES
    ) -> np.ndarray:
        forest = ExtraTreesRegressor(50, max_features=0.3, random_state=seed)
        model = forest if name == TREES else name
        predictor = PerformancePredictor(model, features="given").fit(columns.iloc[bought], labels[bought])
        predicted = np.full(len(columns), np.nan)
        with warnings.catch_warnings():  # few labels are far from most candidates
            warnings.simplefilter("ignore", FarFromTrainingWarning)
            predicted[looked_at] = predictor.predict(columns.iloc[looked_at])
        return predicted

    @cache
    def early_fit(name: str, n: int) -> np.ndarray:
        return fitted(table, data.fidelities[name].to_numpy(), others[::-1][:n])

    def tau(predicted: np.ndarray) -> float:
        return kendall_tau(y[candidates], predicted[candidates])

    for n in FULL_TRAININGS:
        budget = n * full.mean()
        row = {
            "dataset": study.dataset,
            "seed": seed,
            "budget_in_labels": n,
            "budget_epochs": round(budget),
            "model": TREES,
        }
        bought = affordable(others, full, budget)
        for model in MODELS:
            found = tau(fitted(table, y, bought, model))
            yield row | {"fidelity": "", "spent_on": "labels", "model": model, "tau": found}
        for name in study.fidelities:
            epochs, checkpoint = data.fidelity_metadata.loc[name, ["epochs", "checkpoint"]]
            early, cost = data.fidelities[name].to_numpy(), np.full(len(data), epochs)
            row |= {"fidelity": name}
            left = budget - epochs * N_CANDIDATES
            if left >= 0:
                yield row | {"spent_on": "early alone", "model": "none", "tau": tau(early)}
            bought = affordable(others, full if checkpoint else full + epochs, left)
            if len(bought) >= 2:
                columns = table.assign(**{name: early})
                for model in MODELS:
                    found = tau(fitted(columns, y, bought, model))
                    yield row | {"spent_on": "labels + early", "model": model, "tau": found}
            cheap, first = (
                early_fit(name, len(affordable(others[::-1], cost, budget / part))) for part in (1, 2)
            )
            yield row | {"spent_on": "early labels", "tau": tau(cheap)}
            bought = affordable(others, full, budget / 2)
            line = np.poly1d(np.polyfit(first[bought], y[bought], 1))(first)
            rest = fitted(table, y - line, bought)
            yield row | {"spent_on": "early labels, then labels", "tau": tau(line + rest)}


def affordable(order: np.ndarray, cost: np.ndarray, budget: float) -> np.ndarray:
    """The first of the order that the budget pays for; no more than `MOST_LABELS`."""
    return order[: np.searchsorted(cost[order].cumsum(), budget, side="right")][:MOST_LABELS]


if __name__ == "__main__":
    main(output_path("results"))
