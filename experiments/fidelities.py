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
from itertools import chain
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
        yield list(Draw(study, data, table, seed).results())


class Draw:
    """One draw of candidates and of the order in which others are labelled."""

    def __init__(self, study: Study, data: Dataset, table: pd.DataFrame, seed: int) -> None:
        order = np.random.default_rng(seed).permutation(len(data))
        self.candidates, self.others = order[:N_CANDIDATES], order[N_CANDIDATES:]
        self.looked_at = order[: N_CANDIDATES + 2 * max(FULL_TRAININGS)]  # all that labels are bought for
        self.study, self.data, self.table, self.seed = study, data, table, seed
        self.y = data.targets[study.target].to_numpy()
        known = isinstance(study.epochs, float | int)
        self.full = np.full(len(data), study.epochs) if known else data.recipes[study.epochs].to_numpy()

    def results(self) -> Iterator[dict[str, object]]:
        """Kendall tau of every way to spend every budget."""
        for n in FULL_TRAININGS:
            budget = n * self.full.mean()
            about = {
                "dataset": self.study.dataset,
                "seed": self.seed,
                "budget_in_labels": n,
                "budget_epochs": round(budget),
                "model": TREES,
                "fidelity": "",
            }
            bought = affordable(self.others, self.full, budget)
            ways = [self.on_labels(self.table, bought, "labels")]
            ways += [self.on_early(name, budget) for name in self.study.fidelities]
            yield from (about | found for found in chain.from_iterable(ways))

    def on_labels(self, columns: pd.DataFrame, bought: np.ndarray, what: str) -> Iterator[dict[str, object]]:
        """By models that learn from the labels bought."""
        for model in MODELS:
            predicted = self.fitted(columns, self.y, bought, model)
            yield {"spent_on": what, "model": model, "tau": self.tau(predicted)}

    def on_early(self, name: str, budget: float) -> Iterator[dict[str, object]]:
        """By early results: of the candidates, with labels beside them, of others."""
        epochs, checkpoint = self.data.fidelity_metadata.loc[name, ["epochs", "checkpoint"]]
        early, about = self.data.fidelities[name].to_numpy(), {"fidelity": name}
        left = budget - epochs * N_CANDIDATES
        if left >= 0:
            yield about | {"spent_on": "early alone", "model": "none", "tau": self.tau(early)}
        bought = affordable(self.others, self.full if checkpoint else self.full + epochs, left)
        if len(bought) >= 2:
            columns = self.table.assign(**{name: early})
            yield from (about | found for found in self.on_labels(columns, bought, "labels + early"))
        cost = np.full(len(early), epochs)
        cheap, first = (
            self.fitted(self.table, early, affordable(self.others[::-1], cost, budget / part))
            for part in (1, 2)
        )
        yield about | {"spent_on": "early labels", "tau": self.tau(cheap)}
        bought = affordable(self.others, self.full, budget / 2)
        line = np.poly1d(np.polyfit(first[bought], self.y[bought], 1))(first)
        rest = self.fitted(self.table, self.y - line, bought)
        yield about | {"spent_on": "early labels, then labels", "tau": self.tau(line + rest)}

    def fitted(
        self, columns: pd.DataFrame, labels: np.ndarray, bought: np.ndarray, name: str = TREES
    ) -> np.ndarray:
        """Predictions of a model for all rows that are looked at, NaN for the others."""
        forest = ExtraTreesRegressor(50, max_features=0.3, random_state=self.seed)
        model = forest if name == TREES else name
        predictor = PerformancePredictor(model, features="given").fit(columns.iloc[bought], labels[bought])
        predicted = np.full(len(columns), np.nan)
        with warnings.catch_warnings():  # few labels are far from most candidates
            warnings.simplefilter("ignore", FarFromTrainingWarning)
            predicted[self.looked_at] = predictor.predict(columns.iloc[self.looked_at])
        return predicted

    def tau(self, predicted: np.ndarray) -> float:
        """Kendall tau of the candidates."""
        return kendall_tau(self.y[self.candidates], predicted[self.candidates])


def affordable(order: np.ndarray, cost: np.ndarray, budget: float) -> np.ndarray:
    """The first of the order that the budget pays for; no more than `MOST_LABELS`."""
    return order[: np.searchsorted(cost[order].cumsum(), budget, side="right")][:MOST_LABELS]


if __name__ == "__main__":
    main(output_path("results"))
