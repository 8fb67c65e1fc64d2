"""NormalScores: targets as if they were drawn from a normal distribution, and back; what rivals learn."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from sklearn.base import BaseEstimator, TransformerMixin

__all__ = ["NormalScores"]

Floats = NDArray[np.float64]
FAR = 10.0  # scores beyond the outermost labels that the straight lines reach


class NormalScores(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Ranks of labels as quantiles of the normal distribution (van der Waerden, 1952).

    Values between labels are interpolated; beyond the outermost ones a straight line goes on, as
    steep as from the outermost label to the one a tenth of all ranks inwards. Both ways are
    monotone, so that the order of predictions and the coverage of intervals stay.

    Examples
    --------
    >>> scores = NormalScores().fit(np.array([90.0, 91.0, 94.0]))
    >>> scores.transform([91.0]), scores.inverse_transform([0.0])
    (array([0.]), array([91.]))
    """

    def fit(self, y: Floats) -> Self:
        """Learn the ranks of labels (n,)."""
        y, score = np.unique(np.asarray(y, np.float64), return_index=True)[0], _scores(y)
        n_tenth = max(1, len(y) // 10)
        low, high = (_line(y, score, end, inner) for end, inner in ((0, n_tenth), (-1, -1 - n_tenth)))
        self.scores_ = np.concatenate([[score[0] - FAR], score, [score[-1] + FAR]])
        self.labels_ = np.concatenate([[y[0] - FAR * low], y, [y[-1] + FAR * high]])
        return self

    def transform(self, y: Floats) -> Floats:
        """Scores (n,) of values; 0 for all where all labels are equal."""
        return np.interp(y, self.labels_, self.scores_)

    def inverse_transform(self, scores: Floats) -> Floats:
        """Values (n,) of scores."""
        return np.interp(scores, self.scores_, self.labels_)


def _scores(y: Floats) -> Floats:
    """Score of each distinct label, from the mean rank of its copies."""
    first = np.unique(y, return_index=True)[1]
    return norm.ppf((rankdata(y)[first] - 0.5) / len(y))


def _line(y: Floats, score: Floats, end: int, inner: int) -> float:
    """Slope of the values by the scores at one end; 0 where there is one label only."""
    inner = max(-len(y), min(len(y) - 1, inner))
    run = score[end] - score[inner]
    return float((y[end] - y[inner]) / run) if run else 0.0
