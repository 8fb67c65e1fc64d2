"""LabelScores: labels on a scale on which they are about normally distributed, and back."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata, zscore
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import PowerTransformer

__all__ = ["LabelScores"]

Floats = NDArray[np.float64]
FAR = 10.0  # scores beyond the outermost labels that the straight lines reach
NEAR = 1e-6  # scores


class LabelScores(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Power scores of labels, or normal scores of their ranks.

    Power scores are the labels after the power transform that makes them most normal (Yeo & Johnson, Biometrika
    2000), with mean 0 and variance 1. They keep how far apart labels are: that a cell fails says more than that it
    is last. Normal scores (van der Waerden, 1952) are ranks as quantiles of the normal distribution; they
    spread the best labels apart, however close these are. Values between labels are interpolated; beyond
    the outermost ones a straight line goes on, as steep as from the outermost label to the one a tenth of all
    inwards. Both ways are monotone, so that the order of predictions and the coverage of intervals stay.

    Parameters
    ----------
    by_rank : normal scores of the ranks instead of power scores.

    Examples
    --------
    >>> scores = LabelScores().fit(np.array([90.0, 91.0, 92.0]))
    >>> scores.transform([91.0]).round(6), scores.inverse_transform([0.0]).round(6)
    (array([0.]), array([91.]))
    >>> LabelScores(by_rank=True).fit(np.array([10.0, 91.0, 92.0])).transform([91.0])
    array([0.])
    """

    def __init__(self, by_rank: bool = False) -> None:
        self.by_rank = by_rank

    def fit(self, y: Floats) -> Self:
        """Learn the scale from labels (n,)."""
        y = np.asarray(y, np.float64)
        known, at = np.unique(y, return_index=True)
        score = (_normal_scores(y) if self.by_rank else _power_scores(y))[at]
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

    def stretch(self, base: float, off: Floats) -> Floats:
        """How many units of the labels a score is worth (n,), between the score `base` and `off` (n,) from it."""
        step = np.where(np.abs(off) < NEAR, NEAR, off)
        return (self.inverse_transform(base + step) - self.inverse_transform(np.array([base]))) / step


def _power_scores(y: Floats) -> Floats:
    if np.ptp(y) == 0:
        return np.zeros(len(y))
    scaled = zscore(y / np.abs(y).max())  # what a power does depends on the unit
    found = PowerTransformer().fit_transform(scaled[:, None])
    return np.asarray(found)[:, 0]  # set_config may ask for tables


def _normal_scores(y: Floats) -> Floats:
    found: Floats = norm.ppf((rankdata(y) - 0.5) / len(y))
    return found


def _slope(y: Floats, score: Floats, end: int, inner: int) -> float:
    """Slope of the values by the scores at one end; 0 where there is one label only."""
    inner = max(-len(y), min(len(y) - 1, inner))
    run = score[end] - score[inner]
    return float((y[end] - y[inner]) / run) if run else 0.0
