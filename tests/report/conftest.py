"""A small dataset with a planted effect: conv3x3 raises accuracy and costs latency."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor

from graf import Dataset, get_space
from graf.report.choices import choose_targets
from graf.report.summarize import summarize
from graf.report.target import Settings

FACTS = {
    "kind": ["measured training, one seed", "measured on device"],
    "unit": ["percent", "ms"],
    "direction": ["max", "min"],
    "protocol": ["ten epochs", ""],
    "noise_ceiling": [0.9, np.nan],
    "primary": [True, True],
    "group": ["accuracy", "latency"],
}


@pytest.fixture(scope="session")
def data():
    """90 cells; the first two have no latency."""
    space = get_space("nasbench201")
    cells = pd.Index(dict.fromkeys(space.sample(90, seed=0)), name="architecture")
    noise = np.random.default_rng(0).normal(scale=0.2, size=(2, len(cells)))
    convolutions = np.array([cell.count("conv_3x3") for cell in cells])
    kept = np.array([cell.count("~") - cell.count("none") for cell in cells])
    targets = pd.DataFrame(
        {"test_acc": 3 * convolutions + noise[0], "latency_ms": convolutions + kept + noise[1]}, index=cells
    )
    targets.iloc[:2, 1] = np.nan
    empty = pd.DataFrame(index=cells)
    return Dataset("planted", targets, empty, empty, pd.DataFrame(FACTS, index=targets.columns), space)


@pytest.fixture(scope="session")
def proxies(data):
    """The same with proxies: one that tells the accuracy, one that tells nothing, gaps in both."""
    noise = np.random.default_rng(1).normal(size=len(data))
    table = pd.DataFrame({"telling": data.targets["test_acc"], "idle": noise}, index=data.targets.index)
    table.iloc[::10] = np.nan
    return replace(data, proxies=table)


@pytest.fixture(scope="session")
def quick():
    """Settings that take a moment."""
    model = RandomForestRegressor(8, random_state=0)
    return {
        "model": model,
        "n_explained": 10,
        "train_sizes": (20,),
        "seeds": (0,),
        "n_jobs": 1,
        "n_refits": 0,
    }


@pytest.fixture(scope="session")
def summary(data, quick):
    settings = quick | {"n_explained": 30, "train_sizes": (20, 40), "seeds": (0, 1), "n_refits": 2}
    return summarize(data, choose_targets(data, None), Settings(**settings), lambda text: None)
