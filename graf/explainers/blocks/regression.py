"""Ordinary least squares on the choices of architectures, with intervals for contrasts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

__all__ = ["ChoiceModel"]

Floats = NDArray[np.float64]
Estimates = tuple[Floats, Floats, Floats, Floats]
EPSILON = 1e-6
ROUNDING = 1e-12  # of the largest value: what is smaller comes from adding up


@dataclass(frozen=True)
class ChoiceModel:
    """An additive model: a mean, and an effect of each option at each position.

    Parameters
    ----------
    coefficients : (n_options,) on the columns of one-hot.
    covariance : (n_options, n_options), robust to unequal variances (HC2; MacKinnon & White, 1985).
    basis : projection (n_options, n_options) on what the data can tell.
    degrees : of freedom that are left.
    smallest : contrast that is more than rounding.
    """

    coefficients: Floats
    covariance: Floats
    basis: Floats
    degrees: int
    smallest: float

    @classmethod
    def fit(cls, one_hot: Floats, y: Floats) -> ChoiceModel:
        """Fit y (n,) to one-hot choices (n, n_options) by least squares.

        The columns of a position add up to 1, so that only contrasts within positions have an estimate;
        the pseudo-inverse leaves the rest open.
        """
        gram = one_hot.T @ one_hot
        inverse = np.linalg.pinv(gram, hermitian=True, rcond=1e-10)
        coefficients = inverse @ (one_hot.T @ y)
        leverage = np.einsum("ij,ij->i", one_hot @ inverse, one_hot)
        left = np.maximum(1 - leverage, EPSILON)
        scaled = one_hot * ((y - one_hot @ coefficients) / np.sqrt(left))[:, None]
        covariance = inverse @ (scaled.T @ scaled) @ inverse
        basis = inverse @ gram
        degrees = max(1, len(y) - round(np.trace(basis)))
        return cls(coefficients, covariance, basis, degrees, ROUNDING * float(np.abs(y).max()))

    def contrasts(self, weights: Floats, level: float) -> Estimates:
        """Estimates, ends of their intervals, and p-values, of contrasts (k, n_options).

        NaN where the data cannot tell.
        """
        told = np.all(np.abs(weights @ self.basis - weights) < EPSILON, axis=1) & np.any(weights, axis=1)
        value = weights @ self.coefficients
        value = np.where(told, np.where(np.abs(value) > self.smallest, value, 0.0), np.nan)
        error = np.sqrt(np.maximum(np.sum((weights @ self.covariance) * weights, axis=1), 0.0))
        half = stats.t.ppf((1 + level) / 2, self.degrees) * error
        with np.errstate(divide="ignore", invalid="ignore"):
            p = np.where(told, 2 * stats.t.sf(np.abs(value) / error, self.degrees), np.nan)
        p[value == 0] = 1.0
        return value, value - half, value + half, p
