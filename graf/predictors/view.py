"""View: the members of a mixture that see the same columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin, clone
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.utils.validation import check_is_fitted

from graf.predictors.gaussian_process import GroupGaussianProcess
from graf.predictors.groups import families, statistics

__all__ = ["SMALLEST", "View", "mixture"]

Floats = NDArray[np.float64]
N_TREES, SHARE_OF_COLUMNS, FOLDS = 100, 0.5, 10
SMALLEST = 1e-12  # mean squared error of what makes none


class View(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Two Gaussian processes and extremely randomised trees on some of the columns, weighed by their errors.

    A `GroupGaussianProcess` with one weight per family of columns, another with one per statistic, and 100
    extremely randomised trees (Geurts et al., 2006) on bootstrap samples. Each counts in inverse proportion to its
    mean squared error on training rows that it did not see (leave-one-out, out-of-bag).

    Parameters
    ----------
    columns : positions of the columns that it sees.
    names : names of these columns.
    random_state : seed of the trees.
    n_jobs : threads that grow trees, None for one.

    Attributes
    ----------
    families_ : family of each column that it sees.
    processes_, trees_ : the members: processes in the order of families, statistics, and one forest.
    weights_ : weight of each member, trees last; they add up to 1.
    unseen_, unseen_std_ : prediction (n,) of each training row by members that did not see it, and its
        standard deviation.
    error_ : mean squared error of `unseen_`.
    apart_ : for each grouping that `fit` got, both by members that saw no row of its group.

    Notes
    -----
    Targets should have mean 0 and variance 1.
    """

    def __init__(
        self,
        columns: Sequence[int],
        names: Sequence[str],
        random_state: int | None = 0,
        n_jobs: int | None = None,
    ) -> None:
        self.columns = columns
        self.names = names
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X: Floats, y: Floats, groupings: Sequence[NDArray[np.intp]] = ()) -> Self:
        """Learn from rows (n, n_columns of all) and targets (n,); a grouping (n,) numbers groups of rows."""
        seen = self.seen(X)
        together = self._together()
        self.families_ = together[0]
        self.processes_ = [
            GroupGaussianProcess(groups, self.random_state).fit(seen, y, groupings) for groups in together
        ]
        self.trees_ = self._grown(seen, y)
        self._weigh(y)
        self.apart_ = [self._apart(seen, y, k, group) for k, group in enumerate(groupings)]
        return self

    def _together(self) -> list[list[str]]:
        """Group of each column, for each process."""
        return [families(self.names), statistics(self.names)]

    def _grown(self, seen: Floats, y: Floats) -> list[ExtraTreesRegressor]:
        trees = ExtraTreesRegressor(
            N_TREES,
            max_features=SHARE_OF_COLUMNS,
            bootstrap=True,
            oob_score=True,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
        ).fit(seen, y)
        return [trees.set_params(n_jobs=None)]  # threads would add up the trees in any order

    def seen(self, X: Floats) -> Floats:
        """The columns of rows that it sees."""
        return X[:, self.columns]

    def _weigh(self, y: Floats) -> None:
        means = [process.loo_mean_ for process in self.processes_]
        unseen = np.stack([*means, *(trees.oob_prediction_ for trees in self.trees_)])
        errors = np.maximum(np.mean((unseen - y) ** 2, axis=1), SMALLEST)
        self.weights_ = 1 / errors / np.sum(1 / errors)
        self._tree_std = float(np.sqrt(errors[-1]))
        stds = [process.loo_std_ for process in self.processes_]
        stds += [np.full(len(y), self._tree_std) for _ in self.trees_]
        self.unseen_, self.unseen_std_ = mixture(self.weights_, unseen, np.stack(stds))
        self.error_ = float(np.mean((self.unseen_ - y) ** 2))

    def _apart(self, seen: Floats, y: Floats, k: int, group: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Predictions without each group. Trees are grown again: where a row is out of the bag, others of its group are not."""
        folds = GroupKFold(min(FOLDS, len(np.unique(group))))
        means = [process.logo_[k][0] for process in self.processes_]
        stds = [process.logo_[k][1] for process in self.processes_]
        for trees in self.trees_:
            anew = clone(trees).set_params(oob_score=False)
            means.append(cross_val_predict(anew, seen, y, groups=group, cv=folds))
            stds.append(np.full(len(y), self._tree_std))
        return mixture(self.weights_, np.stack(means), np.stack(stds))

    def predict(self, X: Floats) -> Floats:
        """Predictions (n,) of rows (n, n_columns of all)."""
        check_is_fitted(self, "weights_")
        seen = self.seen(X)
        means: Floats = np.stack([member.predict(seen) for member in [*self.processes_, *self.trees_]])
        return self.weights_ @ means

    def predict_with_std(self, X: Floats) -> tuple[Floats, Floats]:
        """Predictions (n,) and their standard deviations."""
        check_is_fitted(self, "weights_")
        seen = self.seen(X)
        found = [process.predict(seen, return_std=True) for process in self.processes_]
        found += [(trees.predict(seen), np.full(len(X), self._tree_std)) for trees in self.trees_]
        means, stds = (np.stack(part) for part in zip(*found, strict=True))
        return mixture(self.weights_, means, stds)


def mixture(weights: Floats, means: Floats, stds: Floats) -> tuple[Floats, Floats]:
    """Mean and standard deviation (n,) of mixtures of normal distributions (parts, n).

    Examples
    --------
    >>> mean, std = mixture(np.array([0.5, 0.5]), np.array([[0.0], [2.0]]), np.array([[0.0], [0.0]]))
    >>> mean.tolist(), std.tolist()
    ([1.0], [1.0])
    """
    mean: Floats = weights @ means
    return mean, np.sqrt(weights @ (stds**2 + (means - mean) ** 2))
