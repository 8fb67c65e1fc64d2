"""MixedForest: a forest of trees of two kinds, for many columns that tell much the same."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.utils import check_X_y

__all__ = ["MixedForest"]

Floats = NDArray[np.float64]


class MixedForest(RandomForestRegressor):  # type: ignore[misc]  # scikit-learn has no types
    """The mean of a random forest (Breiman, 2001) and of extremely randomised trees (Geurts et al., 2006).

    Trees of the first are grown on bootstrap samples and search for the best thresholds; those of the second see all
    rows and draw thresholds at random. Both err in ways of their own, of which their mean keeps less. Each split sees
    a third of the columns, drawn at random: many columns tell much the same, and those that a full search would never
    take have a say. A prediction is a mean over leaves, so that SHAP values are exact.

    Parameters
    ----------
    n_estimators : trees of each kind.
    max_features : share of the columns that a split sees.
    random_state : seed of rows, columns and thresholds; None draws from numpy's global one, as scikit-learn does.
    n_jobs : threads, None for one.

    Attributes
    ----------
    estimators_ : the trees of the first kind, then those of the second.

    Examples
    --------
    >>> forest = MixedForest(n_estimators=10, random_state=0).fit([[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    >>> len(forest.estimators_), bool(forest.predict([[0.0]]) < forest.predict([[2.0]]))
    (20, True)
    """

    def __init__(
        self,
        n_estimators: int = 100,
        max_features: float = 1 / 3,
        random_state: int | None = None,
        n_jobs: int | None = None,
    ) -> None:
        super().__init__(n_estimators, max_features=max_features, random_state=random_state, n_jobs=n_jobs)

    def fit(self, X: Floats, y: Floats) -> Self:
        """Learn from rows (n, n_columns), NaN where undefined, and labels (n,) or (n, n_targets)."""
        as_it_is = {"accept_sparse": True, "dtype": None, "ensure_all_finite": "allow-nan"}
        _, y = check_X_y(X, y, multi_output=True, y_numeric=True, **as_it_is)
        exponent = _exponent(y)
        start = _start(y, exponent)
        scaled = np.ldexp(y - start, -exponent)
        super().fit(X, scaled)
        random = ExtraTreesRegressor(**self.get_params()).fit(X, scaled)
        self.estimators_ += random.estimators_
        for tree in self.estimators_:
            tree.tree_.value[...] = np.ldexp(tree.tree_.value, exponent) + start
        return self

    @property
    def estimators_samples_(self) -> list[NDArray[np.intp]]:
        """Positions of the rows that each tree was grown on: a bootstrap sample, or all of them."""
        of_all: list[NDArray[np.intp]] = super().estimators_samples_
        drawn = of_all[: len(of_all) // 2]
        return drawn + [np.arange(len(rows)) for rows in drawn]


def _exponent(y: Floats) -> int:
    """The power of two that is next above half the range of labels.

    Trees split no further where the error is below 2e-16, whatever the unit: they are to see labels of about 1. A
    power of two scales without rounding, so that the unit changes nothing else.
    """
    return int(np.frexp(np.max(y) / 2 - np.min(y) / 2)[1])


def _start(y: Floats, exponent: int) -> float:
    """What is subtracted from labels that differ by less than a thousandth of their size; 0 for all others.

    Trees subtract the square of a mean from a mean of squares, which leaves nothing of small differences.
    """
    coarse = exponent + 10
    return float(np.ldexp(np.trunc(np.ldexp(np.min(y), -coarse, dtype=np.float64)), coarse))
