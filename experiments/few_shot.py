"""Ten labels from a new device: what other devices, measured on other cells, add.

    GRAF_DATA=<folder of the tables> python experiments/few_shot.py [results]

For NAS-Bench-201 and FBNet in turn, each device is the new one: it has 10 labels (also 30 and 100), all others 900
each on other architectures (protocol in the manner of HELP: Lee et al., NeurIPS 2021, who train
a network on them first). Test: 1,000 further architectures, 10 draws. Beside graf alone and graf
with `share_targets` stand what costs nothing: the mean rank on the other devices, and the other
device that ranks the labels best, both by graf's predictions.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from _provenance import output_path, write_csv, write_json
from sklearn.ensemble import RandomForestRegressor

from graf import GraphFeatures, PerformancePredictor, load_dataset
from graf.predictors import kendall_tau, spearman
from graf.predictors.auto import AutoRegressor
from graf.predictors.transfer import TransferRegressor

DATASETS = ("nasbench201_devices", "fbnet_devices")
N_KNOWN, N_TEST, SIZES, SEEDS = 900, 1000, (10, 30, 100), range(10)
EVERY = 3  # every third device is the new one in turn, to keep the run short


def main(folder: Path) -> None:
    """All datasets; the digest holds means and spreads over devices and draws."""
    trials = pd.DataFrame([row for name in DATASETS for row in dataset(name)])
    write_csv(trials, folder / "few_shot.csv")
    mean = trials.groupby(["dataset", "labels", "method"])[["tau", "rho"]].agg(["mean", "std"])
    print(mean.round(3).to_string())
    digest = mean.round(4).set_axis(["tau_mean", "tau_std", "rho_mean", "rho_std"], axis=1).reset_index()
    write_json({"seeds": list(SEEDS), "results": digest.to_dict("records")}, folder / "few_shot.json")


def dataset(name: str) -> list[dict[str, object]]:
    """Every new device of one dataset, with every number of labels and draw."""
    data = load_dataset(name)
    devices = [target for target in data.targets if data.targets[target].notna().all()]
    rows = np.random.default_rng(0).permutation(len(data))[: N_KNOWN + max(SIZES) + N_TEST]
    columns = GraphFeatures(data.space, simplified="both", choices=True)  # as predictors compute them
    features = columns.fit_transform([data.architectures[i] for i in rows])
    targets = data.targets[devices].iloc[rows].set_axis(features.index)
    known, pool, test = np.split(np.arange(len(rows)), [N_KNOWN, N_KNOWN + max(SIZES)])
    model = PerformancePredictor("auto", features="given", warn_beyond=None)
    fitted = model.fit(features.iloc[known], targets.iloc[known])
    on_pool, on_test = (fitted.predict(features.iloc[part]) for part in (pool, test))
    rows, answers = features.iloc[known[-1] + 1 :].to_numpy(), pd.concat([on_pool, on_test])
    others = {other: Remembered(rows, answers[other].to_numpy()) for other in devices}
    found = []
    for device in devices[::EVERY]:
        rest = [other for other in devices if other != device]
        for n in SIZES:
            for seed in SEEDS:
                drawn = np.random.default_rng(seed).permutation(len(pool))[:n]
                y, truth = targets[device].iloc[pool[drawn]], targets[device].iloc[test]
                drawn_X, X = features.iloc[pool[drawn]], features.iloc[test]
                answers = predictions(others, drawn_X, y, X, rest)
                best = max(rest, key=lambda other: kendall_tau(y, on_pool[other].iloc[drawn]))
                answers |= {"nearest device": on_test[best], "mean rank": on_test[rest].rank().mean(axis=1)}
                found += [
                    {"dataset": name, "device": device, "labels": n, "seed": seed, "method": method,
                     "tau": kendall_tau(truth, answer), "rho": spearman(truth, answer)}
                    for method, answer in answers.items()
                ]  # fmt: skip
        print(name, device, flush=True)
    return found


class Remembered:
    """A fitted model that has answered once for all rows that it will be asked about."""

    def __init__(self, rows: np.ndarray, answers: np.ndarray) -> None:
        self.answers = {row.tobytes(): answer for row, answer in zip(rows, answers, strict=True)}
        self.rows_, self.unseen_ = rows[:0], answers[:0]  # it learned from none of them

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The answers (n,) for rows (n, n_columns)."""
        return np.array([self.answers[row.tobytes()] for row in np.ascontiguousarray(X)])


def predictions(
    others: dict[str, Remembered], X: pd.DataFrame, y: pd.Series, test: pd.DataFrame, rest: list[str]
) -> dict[str, np.ndarray]:
    """What graf predicts for the test rows, alone and with the other devices' models."""
    helpers = {other: others[other] for other in rest}
    shared = TransferRegressor(AutoRegressor(list(X)), helpers).fit(X.to_numpy(), y.to_numpy())
    graphs = [name for name in X if not name.startswith("choice(")]  # the forest learns from structure alone
    forest = RandomForestRegressor(random_state=0)
    alone = {"random forest": (forest, graphs), "auto": ("auto", list(X))}
    found = {"auto, shared": shared.predict(test.to_numpy())}
    for label, (model, seen) in alone.items():
        predictor = PerformancePredictor(model, features="given", warn_beyond=None).fit(X[seen], y)
        found[label] = predictor.predict(test[seen])
    return found


if __name__ == "__main__":
    main(output_path("results"))
