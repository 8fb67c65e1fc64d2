"""AutoRegressor: Gaussian processes and extremely randomised trees on one or two views of graphs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from graf.predictors.choices import Choices, sure_share
from graf.predictors.groups import choices, structure, views
from graf.predictors.jackknife import own_share, width_that_holds
from graf.predictors.label_scores import LabelScores
from graf.predictors.repeats import is_among, number_of_architecture, number_of_row, recipe
from graf.predictors.view import SMALLEST, View, mixture

__all__ = ["AutoRegressor"]

Floats = NDArray[np.float64]
JUDGED_BY = 300  # labels
TEMPER = 10  # labels; unseen errors lie together, so that a likelihood, a half, would be too sure
# labels: weights of columns were learned with the row that is left out; measured at 32 and 128
OPTIMISM = 3.0


class AutoRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """The predictor for few labels: a mixture of members that err in different ways.

    Members learn power scores of the labels. Two Gaussian processes and extremely randomised trees (`View`) see the
    columns of graphs as they are, another three those of simplified graphs, if there are any; columns that are no
    graph features are seen by all. Within a view members are weighed by their errors on unseen training
    rows. The view with the smaller such error counts the more, the more labels say so: in proportion to the mean
    squared error to the power of -n / 10, a tempered likelihood. Of more than 300 labels 300 say which view is the
    better one, and it alone learns from all. A process that sees nothing but what architectures chose
    (`Choices`) takes over as much of the mixture as unseen training rows are sure of (`sure_share`).
    Rows that are the same count as one, with the mean of their labels: a row that is left out must not be known
    by its twin. Predicted scores become the labels that unseen rows of such scores have (`LabelScores.calibrate`).
    Where architectures occur in several rows, as under several training recipes, intervals for new
    architectures are as wide as leaving out whole architectures says, those for new recipes as leaving out whole
    recipes does, if these occur in several rows; those for known ones are as wide as leaving out rows says.

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
    scores_ : `LabelScores` of the labels.
    views_ : the fitted `View` of graphs as they are, and that of simplified ones, or the better of them; and
        `Choices`, if they have a share.
    weights_ : weight of each view; they add up to 1.
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
        number = number_of_row(X)
        labels = np.bincount(number, y) / np.bincount(number)
        X = X[np.unique(number, return_index=True)[1]]
        self.scores_ = LabelScores(self.by_rank).fit(labels)
        scores = self.scores_.transform(labels)
        names = [f"x{i}" for i in range(X.shape[1])] if self.names is None else self.names
        self._parts, groupings = _recurring(X, structure(names))
        self.views_ = [
            self._view(columns, names).fit(X, scores, groupings)
            for columns in self._columns(names, X, scores)
        ]
        self._weigh(scores)
        self._add_choices(names, X, scores, groupings)
        self._set_widths(number, y, self.scores_.calibrate(self._unseen()[0], labels), groupings)
        return self

    def _view(self, columns: list[int], names: Sequence[str]) -> View:
        return View(columns, [names[i] for i in columns], self.random_state, self.n_jobs)

    def _columns(self, names: Sequence[str], X: Floats, scores: Floats) -> list[list[int]]:
        """Those of both views, or with many labels of the better one alone."""
        both = views(names)
        if len(both) == 1 or len(X) <= JUDGED_BY:
            return both
        few = np.random.default_rng(self.random_state).permutation(len(X))[:JUDGED_BY]
        return [min(both, key=lambda columns: self._view(columns, names).fit(X[few], scores[few]).error_)]

    def _weigh(self, scores: Floats) -> None:
        errors = np.maximum([view.error_ for view in self.views_], SMALLEST)
        shares = (errors / errors.min()) ** (-len(scores) / TEMPER)
        self.weights_ = shares / shares.sum()

    def _add_choices(
        self, names: Sequence[str], X: Floats, scores: Floats, groupings: Sequence[NDArray[np.intp]]
    ) -> None:
        """Give part of all weights to the process that sees choices alone."""
        columns = choices(names)
        if not columns or set(columns) & set(self.views_[0].columns):
            return
        added = Choices(columns, [names[i] for i in columns], self.random_state).fit(X, scores, groupings)
        share = sure_share(self._unseen()[0], added.unseen_, scores)
        if share > 0:
            self.views_.append(added)
            self.weights_ = np.append((1 - share) * self.weights_, share)

    def _unseen(self, part: int | None = None) -> tuple[Floats, Floats]:
        """Scores (n_distinct,) of training rows by members that did not see them, and their standard deviation.

        Or, of some part that recurs, by members that saw no row with the same one.
        """
        of_views = [
            (view.unseen_, view.unseen_std_) if part is None else view.apart_[part] for view in self.views_
        ]
        return mixture(self.weights_, *map(np.stack, zip(*of_views, strict=True)))

    def _set_widths(
        self, number: NDArray[np.intp], y: Floats, unseen: Floats, groupings: Sequence[NDArray[np.intp]]
    ) -> None:
        """Learn how far labels lie from predictions without their row, and without each part that recurs, in widths."""
        own, self.unseen_ = self._own_width(*self._unseen())[number], unseen[number]
        n_distinct = int(number.max()) + 1
        self._usual_width = np.median(own)
        self._own_share = own_share(own, np.abs(self.unseen_ - y), n_distinct)
        self._misses = self._missed(self.unseen_, own, y, n_distinct)
        self._misses_apart = []
        for k, group in enumerate(groupings):
            mean, std = (part[number] for part in self._unseen(k))
            found = self.scores_.inverse_transform(mean)
            own = self._own_width(mean, std)
            self._misses_apart.append(self._missed(found, own, y, int(group.max()) + 1))

    def _missed(self, found: Floats, own: Floats, y: Floats, n_left_out: int) -> Floats:
        """How far labels (n,) are missed in units of their widths, in increasing order, where `n_left_out` were left out in turn."""
        off, width = np.abs(found - y), self._width(own)
        misses = np.divide(off, width, out=np.zeros_like(off), where=width > 0)
        return np.sort(misses) * (1 + OPTIMISM / n_left_out)

    def predict_scores(self, X: Floats) -> tuple[Floats, Floats]:
        """Mean and standard deviation (n,) of the scores of rows (n, n_columns)."""
        check_is_fitted(self, "weights_")
        means, stds = (
            np.stack(part) for part in zip(*(view.predict_with_std(X) for view in self.views_), strict=True)
        )
        return mixture(self.weights_, means, stds)

    def predict(self, X: Floats) -> Floats:
        """Predictions (n,) of rows (n, n_columns)."""
        check_is_fitted(self, "weights_")
        means = np.stack([view.predict(X) for view in self.views_])
        return self.scores_.inverse_transform(self.weights_ @ means)

    def predict_with_width(self, X: Floats, coverage: float) -> tuple[Floats, Floats]:
        """Predictions (n,), and half the width (n,) of intervals that hold the label as often as `coverage` says.

        Half the width lies between the row's own standard deviation and the usual one, as near to the former as
        it tells how far training rows are missed (`own_share`), times a number that makes the intervals of as many
        training rows hold their own label, each predicted without it. For a row with a new architecture, or recipe,
        they are predicted without all rows of theirs; the larger number counts.
        """
        mean, std = self.predict_scores(X)
        width = self._width(self._own_width(mean, std))
        factor = np.zeros(len(X))
        for columns, misses in zip(self._parts, self._misses_apart, strict=True):
            new = ~is_among(X[:, columns], self.rows_[:, columns])
            factor = np.maximum(factor, np.where(new, width_that_holds(misses, coverage), 0))
        usual = width_that_holds(self._misses, coverage)
        return self.scores_.inverse_transform(mean), np.where(factor > 0, factor, usual) * width

    def _width(self, own: Floats) -> Floats:
        """The weighted geometric mean of rows' own widths and of the usual one."""
        return np.asarray(own**self._own_share * self._usual_width ** (1 - self._own_share))

    def _own_width(self, mean: Floats, std: Floats) -> Floats:
        """A standard deviation of the scores in units of the labels."""
        above, below = (self.scores_.inverse_transform(mean + side * std) for side in (1, -1))
        return (above - below) / 2

    def novelty(self, X: Floats) -> Floats:
        """How far (n,) rows are from the training rows, in the mean of the views; see `GroupGaussianProcess.novelty`."""
        parts = [(w, view) for w, view in zip(self.weights_, self.views_, strict=True) if w > 0]
        return np.sum([w * view.processes_[0].novelty(view.seen(X)) for w, view in parts], axis=0)


def _recurring(X: Floats, structure: list[int]) -> tuple[list[list[int]], list[NDArray[np.intp]]]:
    """Columns of the parts of an item that occur in several rows, its architecture and its recipe, and their numbers (n,)."""
    architecture, beside = number_of_architecture(X, structure), recipe(X, structure)
    parts = [(structure, architecture)]
    if beside:
        parts.append((beside, number_of_row(X[:, beside])))
    found = [(columns, number) for columns, number in parts if number.max() + 1 < len(X)]
    return [columns for columns, _ in found], [number for _, number in found]
