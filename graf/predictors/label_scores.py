"""LabelScores: labels on a scale on which they are about normally distributed, and back."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression
from scipy.stats import norm, rankdata, zscore
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.preprocessing import PowerTransformer

from graf.predictors.choices import sure_share

__all__ = ["LabelScores", "rising_mean"]

Floats = NDArray[np.float64]
FAR = 10.0  # scores beyond the outermost labels that the straight lines reach
NEAR = 1e-6  # scores
FOLDS = 10


class LabelScores(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Power scores of labels, or normal scores of their ranks.

    Power scores are the labels after the power transform that makes them most normal (Yeo & Johnson, Biometrika
    2000), with mean 0 and variance 1. They keep how far apart labels are: that a cell fails says more than that it
    is last. Normal scores (van der Waerden, 1952) are ranks as quantiles of the normal distribution; they
    spread the best labels apart, however close these are. Values between labels are interpolated; beyond
    the outermost ones a straight line goes on, as steep as from the outermost label to the one a tenth of all
    inwards, but by no more than the range of the labels for each score: where most labels are the same, as
    failing under an attack, powers draw the others together. Both ways are monotone, so that the order of predictions and the coverage of intervals stay.

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

    def calibrate(self, predicted: Floats, y: Floats) -> Floats:
        """Move the labels of scores to where labels y (n,) lie whose scores (n,) were predicted without them.

        A model of scores errs by about as many scores everywhere, but where labels are far apart within a score, as
        those of networks that fail, this is by many units, and not to both sides alike. The mean of such labels,
        rising with the predicted scores (centred isotonic regression; Oron & Flournoy, Statistics in Biopharmaceutical
        Research 2017), takes over as much of the way back as is sure to err less on unseen labels (`sure_share`).
        Scores of ranks stay: their use is how far apart they put the best. Returns the labels (n,) of the predicted
        scores by means that have not seen them.
        """
        before, unit = self.inverse_transform(predicted), np.ptp(y)
        if self.by_rank or unit == 0:
            return before
        unseen = np.empty(len(y))
        for fold in range(FOLDS):
            out = np.arange(len(y)) % FOLDS == fold
            unseen[out] = np.interp(predicted[out], *rising_mean(predicted[~out], y[~out]))
        share = sure_share(before / unit, unseen / unit, y / unit)
        if share > 0:
            at, mean = rising_mean(predicted, y)
            scores = np.union1d(self.scores_, at)
            self.labels_ = (1 - share) * self.inverse_transform(scores) + share * np.interp(scores, at, mean)
            self.scores_ = scores
        return (1 - share) * before + share * unseen

    def stretch(self, base: float, off: Floats) -> Floats:
        """How many units of the labels a score is worth (n,), between the score `base` and `off` (n,) from it."""
        step = np.where(np.abs(off) < NEAR, NEAR, off)
        return (self.inverse_transform(base + step) - self.inverse_transform(np.array([base]))) / step


def rising_mean(predicted: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Mean labels that rise with predicted scores, and the scores they are at.

    Neighbours whose labels (n,) do not rise with their predicted scores (n,) are one point, in their middle.

    Examples
    --------
    >>> rising_mean(np.array([1.0, 2.0, 3.0]), np.array([5.0, 8.0, 7.0]))
    (array([1. , 2.5]), array([5. , 7.5]))
    """
    order = np.lexsort((-y, predicted))  # of the same score, the larger labels first: their mean is one
    found = isotonic_regression(y[order])
    starts = found.blocks[:-1]
    centres = np.add.reduceat(predicted[order], starts) / np.diff(found.blocks)
    return centres, found.x[starts]


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
    """Slope of the values by the scores at one end, their range at most; 0 where there is one label only."""
    inner = max(-len(y), min(len(y) - 1, inner))
    rise, run = abs(y[end] - y[inner]), abs(score[end] - score[inner])
    return float(rise / max(run, rise / np.ptp(y))) if rise else 0.0
