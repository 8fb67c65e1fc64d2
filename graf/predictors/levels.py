"""Levels: targets that take few values, as the latency of a device that follows from counts of operations, or an accuracy of 0 under attack."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.predictors.groups import structure
from graf.predictors.metrics import spearman
from graf.predictors.models import fit_model
from graf.predictors.repeats import folds_apart, number_of_architecture

__all__ = ["levels_of", "nearest_level"]

Floats = NDArray[np.float64]
LEAST = 100  # labels, so that half of them say what the model knows
FEWEST = 2  # labels that a model learns from, where nearly all are of one architecture
EACH = 5  # labels per level, on average
WORTH = 0.1  # of what rho lacks to 1; measured: .14 to 1 where levels follow from architectures, .07 at most in rounded noise


def levels_of(model: Any, X: Floats, y: Floats, names: Sequence[str]) -> Floats:
    """The values that predictions of rows like X (n, n_columns) of named columns may take, in order; none if any.

    Labels y (n,) have levels if there are at least 100, of three values or more, five labels to each on average, and
    if the unfitted model knows them: fitted on either half of the labels, its predictions of the other half rank these
    better once each is moved to the nearest level, so that what Spearman's rho lacks to 1 is a tenth less. (Kendall's tau-b
    pays for ties even in rounded noise.) Rows of an architecture, as under several recipes, are in the same half: their
    labels may well be the same. Costs about as much as fitting the model once more, where labels repeat that often;
    nothing elsewhere.
    """
    levels = np.unique(y)
    if len(y) < LEAST or not 2 < len(levels) <= len(y) / EACH:
        return np.empty(0)
    halves = folds_apart(number_of_architecture(X, structure(names)), 2)
    if min(len(train) for train, _ in halves) < FEWEST:
        return np.empty(0)
    unseen = np.empty(len(y))
    for train, test in halves:
        half = deepcopy(model)  # a clone would forget what fitted models of other targets have learned
        unseen[test] = fit_model(half, X[train], y[train]).predict(X[test])
    lacks, lacks_moved = (1 - spearman(y, found) for found in (unseen, nearest_level(levels, unseen)))
    return levels if lacks_moved <= (1 - WORTH) * lacks else np.empty(0)


def nearest_level(levels: Floats, predictions: Floats) -> Floats:
    """Predictions (n,), each moved to the nearest of the levels, if there are any.

    Examples
    --------
    >>> nearest_level(np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.4, 3.5])).tolist()
    [1.0, 1.0, 4.0]
    >>> nearest_level(np.empty(0), np.array([0.5])).tolist()
    [0.5]
    """
    if not len(levels):
        return predictions
    between = levels[:-1] + np.diff(levels) / 2
    return levels[np.searchsorted(between, predictions)]
