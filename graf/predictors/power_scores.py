"""PowerScores: targets that a power makes as normal as it can, and back."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import zscore
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import PowerTransformer

__all__ = ["PowerScores"]

Floats = NDArray[np.float64]
FAR = 10.0  # scores beyond the outermost labels that the straight lines reach


class PowerScores(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Labels after the power transform that makes them most normal (Yeo & Johnson, Biometrika 2000).

    Mean 0, variance 1. Unlike ranks, scores keep how far apart labels are: a cell that fails says more
    than that it is last. Values between labels are interpolated; beyond the outermost ones a straight line
    goes on, as steep as from the outermost label to the one a tenth of all inwards. Both ways
    are monotone, so that the order of predictions and the coverage of intervals stay.

    Examples
    --------
    >>> scores = PowerScores().fit(np.array([90.0, 91.0, 92.0]))
    >>> scores.transform([91.0]).round(6), scores.inverse_transform([0.0]).round(6)
    (array([0.]), array([91.]))
    """

    def fit(self, y: Floats) -> Self:
        """Learn the power from labels (n,)."""
        y = np.asarray(y, np.float64)
        known, at = np.unique(y, return_index=True)
        score = self._scored(y)[at]
        n_tenth = max(1, len(known) // 10)
        low, high = (_slope(known, score, end, inner) for end, inner in ((0, n_tenth), (-1, -1 - n_tenth)))
        self.scores_ = np.concatenate([[score[0] - FAR], score, [score[-1] + FAR]])
        self.labels_ = np.concatenate([[known[0] - FAR * low], known, [known[-1] + FAR * high]])
        return self

    def transform(self, y: Floats) -> Floats:
        """Scores (n,) of values; 0 for all where all labels are equal."""
        return np.interp(y, self.labels_, self.scores_)

    def inverse_transform(self, scores: Floats) -> Floats:
        """Values (n,) of scores."""
        return np.interp(scores, self.scores_, self.labels_)

    def _scored(self, y: Floats) -> Floats:
        if np.ptp(y) == 0:
            return np.zeros(len(y))
        scaled = zscore(y / np.abs(y).max())  # what a power does depends on the unit
        found: Floats = PowerTransformer().fit_transform(scaled[:, None])[:, 0]
        return found


def _slope(y: Floats, score: Floats, end: int, inner: int) -> float:
    """Slope of the values by the scores at one end; 0 where there is one label only."""
    inner = max(-len(y), min(len(y) - 1, inner))
    run = score[end] - score[inner]
    return float((y[end] - y[inner]) / run) if run else 0.0
