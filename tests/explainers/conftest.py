"""Predictors fitted on a few cells: conv3x3 raises one target, skips lower the other."""

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor

from graf import PerformancePredictor, explain, get_space


@pytest.fixture(scope="session")
def cells():
    return get_space("nasbench201").sample(80, seed=0)


@pytest.fixture(scope="session")
def targets(cells):
    noise = np.random.default_rng(0).normal(scale=0.1, size=len(cells))
    convolutions = np.array([cell.count("conv_3x3") for cell in cells])
    skips = np.array([cell.count("skip") for cell in cells])
    return pd.DataFrame({"up": 3 * convolutions + noise, "down": 10 - skips + noise}, index=cells)


@pytest.fixture(scope="session")
def forest():
    return RandomForestRegressor(10, random_state=0)


@pytest.fixture(scope="session")
def predictor(cells, targets, forest):
    return PerformancePredictor(forest).fit(cells, targets)


@pytest.fixture(scope="session")
def explanation(predictor, cells):
    return explain(predictor, cells[:30])
