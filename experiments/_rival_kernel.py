"""A Gaussian process with a Weisfeiler-Lehman kernel over cells, as in NAS-BOWL (Ru et al., ICLR 2021)."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import linalg
from scipy.sparse import csr_matrix, hstack
from sklearn.base import BaseEstimator, RegressorMixin

from graf.predictors.label_scores import LabelScores

__all__ = ["WLGaussianProcess", "wl_features"]

Floats = NDArray[np.float64]
NOISES = np.logspace(-5, 1, 25)  # share of the signal's variance


def wl_features(counts: list[csr_matrix]) -> list[csr_matrix]:
    """Per number of rounds, rows of length 1 whose inner products are the normalised kernel."""
    return [_unit(hstack(counts[: depth + 1], format="csr")) for depth in range(len(counts))]


def _unit(counts: csr_matrix) -> csr_matrix:
    lengths = np.sqrt(np.asarray(counts.multiply(counts).sum(axis=1)).ravel())
    return counts.multiply(1 / lengths[:, None]).tocsr()


class WLGaussianProcess(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Rounds of labels, signal and noise are those of highest marginal likelihood.

    It learns normal scores of the labels. Its only column is the number of the cell in `features`.

    Parameters
    ----------
    features : a function without arguments that gives `wl_features` of all cells.
    """

    def __init__(self, features: Any) -> None:
        self.features = features

    def fit(self, X: Floats, y: Floats) -> Self:
        """Learn from numbers of cells (n, 1) and labels (n,)."""
        self.scores_ = LabelScores(by_rank=True).fit(y)
        self._train = X[:, 0].astype(int)
        scores = self.scores_.transform(y)
        fits = [
            _best_noise(self._kernel(depth, self._train), scores) for depth in range(len(self.features()))
        ]
        self.depth_ = int(np.argmax([evidence for evidence, _, _ in fits]))
        _, self.noise_, self._dual = fits[self.depth_]
        return self

    def _kernel(self, depth: int, rows: NDArray[np.int_]) -> Floats:
        features = self.features()[depth]
        return (features[rows] @ features[self._train].T).toarray()

    def predict(self, X: Floats) -> Floats:
        """Predictions (n,)."""
        return self.scores_.inverse_transform(self._kernel(self.depth_, X[:, 0].astype(int)) @ self._dual)


def _best_noise(kernel: Floats, scores: Floats) -> tuple[float, float, Floats]:
    """Log marginal likelihood but for a constant, noise as a share of the signal, dual coefficients."""
    values, vectors = linalg.eigh(kernel)
    turned = vectors.T @ scores
    spectra = np.maximum(values, 0) + NOISES[:, None]
    signals = (turned**2 / spectra).mean(axis=1)  # most likely signal variance for each noise
    evidence = -0.5 * (len(scores) * np.log(signals) + np.log(spectra).sum(axis=1))
    best = int(np.argmax(evidence))
    return float(evidence[best]), float(NOISES[best]), vectors @ (turned / spectra[best])
