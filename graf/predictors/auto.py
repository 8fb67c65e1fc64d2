"""AutoRegressor: two Gaussian processes and extremely randomised trees, weighed by their errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.utils.validation import check_is_fitted

from graf.predictors.gaussian_process import GroupGaussianProcess
from graf.predictors.groups import families, statistics
from graf.predictors.jackknife import width_that_holds
from graf.predictors.label_scores import LabelScores

__all__ = ["AutoRegressor"]

Floats = NDArray[np.float64]
N_TREES, SHARE_OF_COLUMNS = 200, 0.5
SMALLEST = 1e-12  # error of a member that makes none
OPTIMISM = (
    4.0  # labels: weights of columns were learned with the row that is left out; measured at 32 and 128
)


class AutoRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """The predictor for few labels: a mixture of members that err in different ways.

    Members learn power scores of the labels: a `GroupGaussianProcess` with one weight per
    family of columns, another with one per statistic, and 200 extremely randomised trees (Geurts et al.,
    2006) on bootstrap samples. Each counts in inverse proportion to its mean squared error
    on training rows that it did not see (leave-one-out, out-of-bag).

    Parameters
    ----------
    names : names of the columns, which say what belongs together; None puts each on its own.
    random_state : seed of the trees.
    n_jobs : threads that grow trees, None for one.
    by_rank : learn normal scores of the labels instead (`LabelScores`), which rank all architectures worse, but spread the
        best ones apart: searches for the best find it sooner.

    Attributes
    ----------
    rows_ : the training rows, (n, n_columns).
    families_ : family of each column.
    scores_ : `LabelScores` of the labels.
    processes_, trees_ : the members; the processes in the order of families, statistics.
    weights_ : weight of each member (3,), trees last; they add up to 1.
    unseen_ : prediction (n,) of each training row by members that did not see it.
    """

    def __init__(
        self,
        names: Sequence[str] | None = None,
        random_state: int | None = 0,
        n_jobs: int | None = None,
        by_rank: bool = False,
    ) -> None:
        self.names = names
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.by_rank = by_rank

    def fit(self, X: Floats, y: Floats) -> Self:
        """Learn from rows (n, n_columns), NaN where undefined, and labels (n,)."""
        self.n_features_in_ = X.shape[1]
        self.rows_ = X
        self.scores_ = LabelScores(self.by_rank).fit(y)
        scores = self.scores_.transform(y)
        names = [f"x{i}" for i in range(X.shape[1])] if self.names is None else self.names
        self.families_ = families(names)
        self.processes_ = [
            GroupGaussianProcess(groups, self.random_state).fit(X, scores)
            for groups in (self.families_, statistics(names))
        ]
        self.trees_ = ExtraTreesRegressor(
            N_TREES,
            max_features=SHARE_OF_COLUMNS,
            bootstrap=True,
            oob_score=True,
            random_state=self.random_state,
            n_jobs=self.n_jobs,
        ).fit(X, scores)
        self.trees_.set_params(n_jobs=None)  # threads would add up the trees in any order
        self._weigh(scores, y)
        return self

    def _weigh(self, scores: Floats, y: Floats) -> None:
        """Weights of the members, and how far labels lie from predictions that did not see them."""
        unseen = np.stack([*(process.loo_mean_ for process in self.processes_), self.trees_.oob_prediction_])
        errors = np.maximum(np.mean((unseen - scores) ** 2, axis=1), SMALLEST)
        self.weights_ = 1 / errors / np.sum(1 / errors)
        self._tree_std = np.sqrt(errors[-1])
        std = self._spread(unseen, np.stack([process.loo_std_ for process in self.processes_]))
        self._set_widths(self.weights_ @ unseen, std, y)

    def _set_widths(self, mean: Floats, std: Floats, y: Floats) -> None:
        """How many widths labels lie from what is predicted without them, in increasing order."""
        width = self._local_width(mean, std)
        self._usual_width = np.median(width)
        width = np.sqrt(width * self._usual_width)
        self.unseen_ = self.scores_.inverse_transform(mean)
        off = np.abs(self.unseen_ - y)
        misses = np.divide(off, width, out=np.zeros_like(off), where=width > 0)
        self._misses = np.sort(misses) * (1 + OPTIMISM / len(y))

    def _spread(self, means: Floats, stds: Floats) -> Floats:
        """Standard deviation (n,) of the mixture of the members' normal distributions."""
        variances = np.concatenate([stds**2, np.full((1, means.shape[1]), self._tree_std**2)])
        mean = self.weights_ @ means
        return np.sqrt(self.weights_ @ (variances + (means - mean) ** 2))

    def predict_scores(self, X: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation (n,) of the scores of rows (n, n_columns)."""
        check_is_fitted(self, "weights_")
        found = [process.predict(X, return_std=True) for process in self.processes_]
        means = np.stack([*(mean for mean, _ in found), self.trees_.predict(X)])
        return self.weights_ @ means, self._spread(means, np.stack([std for _, std in found]))

    def predict(self, X: Floats) -> Floats:
        """Predictions (n,) of rows (n, n_columns)."""
        check_is_fitted(self, "weights_")
        means = np.stack([member.predict(X) for member in (*self.processes_, self.trees_)])
        return self.scores_.inverse_transform(self.weights_ @ means)

    def predict_with_width(self, X: Floats, coverage: float) -> tuple[Floats, Floats]:
        """Predictions (n,), and half the width (n,) of intervals that hold the label as often as `coverage` says.

        Half the width is the geometric mean of the row's own standard deviation and of the usual one,
        times a number that makes the intervals of as many training rows hold their own label,
        each predicted without it.
        """
        mean, std = self.predict_scores(X)
        width = np.sqrt(self._local_width(mean, std) * self._usual_width)
        return self.scores_.inverse_transform(mean), width_that_holds(self._misses, coverage) * width

    def _local_width(self, mean: Floats, std: Floats) -> Floats:
        """A standard deviation of the scores in units of the labels."""
        above, below = (self.scores_.inverse_transform(mean + side * std) for side in (1, -1))
        return (above - below) / 2

    def novelty(self, X: Floats) -> Floats:
        """How far (n,) rows are from the training rows; see `GroupGaussianProcess.novelty`."""
        return self.processes_[0].novelty(X)
