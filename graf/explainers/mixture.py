"""What each feature added to a prediction of model="auto": its members' shares, in units of the target."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from graf.explainers.shap_values import shap_values
from graf.predictors.auto import AutoRegressor
from graf.predictors.gaussian_process import GroupGaussianProcess
from graf.predictors.view import View

__all__ = ["Attribution", "mixture_values", "process_values", "weighed"]

Floats = NDArray[np.float64]
Order = NDArray[np.intp]
Attribution = tuple[Floats, Floats, float]  # values, their standard errors, base value
N_BACKGROUND = 16  # rows that stand for what is unknown


def mixture_values(
    model: AutoRegressor, X: Floats, background: Floats | None, random_state: int
) -> Attribution:
    """Values (n, n_features) of a fitted mixture, their standard errors, and their base value.

    In the scores that members predict, a value is the weighted sum of the trees' exact SHAP
    value and the processes' sampled Owen values (`process_values`). Back in units of the target, a
    row's values are stretched by what the monotone way back does to what lies between base
    value and prediction, so that they add up (the rescale rule of DeepLIFT: Shrikumar et al., 2017).
    """
    rows = _background(model, background)
    parts = [_view_values(view, X, rows, background, random_state) for view in model.views_]
    values, errors, bases = weighed(model.weights_, parts)
    unit = model.scores_.stretch(bases, values.sum(axis=1))[:, None]
    return values * unit, errors * unit, float(model.scores_.inverse_transform(np.array(bases)))


def _view_values(
    view: View, X: Floats, rows: Floats, background: Floats | None, random_state: int
) -> Attribution:
    """Values (n, n_features) of a view in scores: 0 for the columns that it does not see."""
    seen, around = view.seen(X), None if background is None else view.seen(background)
    parts = [
        process_values(process, seen, view.families_, view.seen(rows), random_state)
        for process in view.processes_
    ]
    for trees in view.trees_:
        exact, tree_base = shap_values(trees, seen, around)
        parts.append((exact, np.zeros_like(exact), tree_base))
    *found, base = weighed(view.weights_, parts)
    values, errors = np.zeros((2, *X.shape))
    values[:, view.columns], errors[:, view.columns] = found
    return values, errors, base


def weighed(weights: Iterable[float], parts: Sequence[Attribution]) -> Attribution:
    """Weighted sums of values, of their errors, which add up at most, and of base values."""
    pairs = list(zip(weights, parts, strict=True))
    values, errors = sum(w * part[0] for w, part in pairs), sum(abs(w) * part[1] for w, part in pairs)
    return np.asarray(values), np.asarray(errors), float(sum(w * part[2] for w, part in pairs))


def process_values(
    process: GroupGaussianProcess,
    X: Floats,
    groups: Sequence[Hashable],
    background: Floats,
    random_state: int = 0,
) -> Attribution:
    """Sampled Owen values (n, n_columns) of a process, their standard errors, and their base value.

    The Owen value (Owen, Values of games with a priori unions, 1977) is the mean of what a column
    adds when columns become known one after another, those of a group together, over all
    such orders; what is not yet known is taken from background rows (interventional). Each background row
    (n_background, n_columns) is drawn twice, with an order and its reverse. Errors are those of few
    background rows, which are the same for all seeds, and undefined (NaN) where there is one. Values and base
    value add up to the prediction whatever the draws. O(n n_background n_columns n_labels).
    """
    from graf.kernels.owen import owen

    rng = np.random.default_rng(random_state)
    orders = np.array([_there_and_back(groups, rng) for _ in background])
    found = np.zeros((2, *X.shape))
    starts = process.scaled(background)
    for ranked, start, (factor, train, dual) in zip(process.scaled(X), starts, process.terms(), strict=True):
        out = np.empty((2, *X.shape))
        apart = cdist(start, train, "sqeuclidean")
        owen(ranked, np.ascontiguousarray(train.T), dual, start, apart, orders, out)
        found += factor * out  # draws share orders, so that errors add up at most
    return found[0], found[1], float(process.predict(background).mean())


def _there_and_back(groups: Sequence[Hashable], rng: np.random.Generator) -> tuple[Order, Order]:
    """An order of columns in which those of a group follow each other, and its reverse."""
    number = pd.factorize(np.asarray(groups))[0]
    order = np.lexsort((rng.permutation(len(number)), rng.permutation(number.max() + 1)[number]))
    return order, order[::-1]


def _background(model: AutoRegressor, rows: Floats | None) -> Floats:
    """Rows evenly spaced by what is predicted of them, so that a few stand for all."""
    rows = model.rows_ if rows is None else rows
    places = np.linspace(0, len(rows) - 1, min(N_BACKGROUND, len(rows))).round().astype(int)
    return rows[np.argsort(model.predict(rows), kind="stable")[places]]
