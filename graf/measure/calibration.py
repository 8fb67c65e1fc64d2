"""How far confidence can be trusted: calibration errors and proper scores."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

__all__ = ["brier", "calibration", "expected_calibration_error", "fit_temperature", "nll"]

N_BINS = 15
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def calibration(
    test_logits: Floats, test_y: Ints, validation_logits: Floats, validation_y: Ints
) -> dict[str, float]:
    """Every calibration figure on test images, before and after (`_ts`) temperature scaling.

    The temperature is fitted on validation images (Guo et al., 2017). Logits are float64
    (n, classes). All figures are NaN if training diverged to NaN.
    """
    temperature = fit_temperature(validation_logits, validation_y)
    found = {"temperature": temperature}
    for suffix, scale in (("", 1.0), ("_ts", temperature)):
        figures = _figures(test_logits / scale, test_y)
        found |= {name + suffix: value for name, value in figures.items()}
    return found


def _figures(logits: Floats, y: Ints) -> dict[str, float]:
    p = softmax(logits, axis=1)
    confidence, correct = p.max(axis=1), p.argmax(axis=1) == y
    classwise = [expected_calibration_error(p[:, k], y == k, equal_mass=False) for k in range(p.shape[1])]
    return {
        "ece": expected_calibration_error(confidence, correct, equal_mass=False),
        "ece_mass": expected_calibration_error(confidence, correct, equal_mass=True),
        "ece_classwise": float(np.mean(classwise)),
        "mce": expected_calibration_error(confidence, correct, equal_mass=False, maximum=True),
        "nll": nll(logits, y),
        "brier": brier(p, y),
    }


def expected_calibration_error(
    confidence: Floats,
    correct: NDArray[np.bool_],
    *,
    equal_mass: bool,
    maximum: bool = False,
    n_bins: int = N_BINS,
) -> float:
    """Gap between confidence and accuracy, weighted over bins, or the largest (`maximum`).

    Bins have equal width over [0, 1], each with its lower edge and the last with 1 too, or hold
    equally many examples (`equal_mass`, ties in the order given). Empty bins do not count. NaN
    if a confidence is NaN or there are no examples. Naeini et al., 2015; Nixon et al., 2019.

    Examples
    --------
    >>> round(expected_calibration_error(np.array([.9, .9]), np.array([True, False]), equal_mass=False), 6)
    0.4
    """
    if len(confidence) == 0 or np.isnan(confidence).any():
        return float("nan")
    if equal_mass:
        bins = np.empty(len(confidence), np.intp)
        bins[np.argsort(confidence, kind="stable")] = np.arange(len(confidence)) * n_bins // len(confidence)
    else:
        bins = np.minimum((confidence * n_bins).astype(np.intp), n_bins - 1)
    counts = np.bincount(bins, minlength=n_bins)
    sums = np.bincount(bins, weights=correct - confidence, minlength=n_bins)
    gaps = np.abs(sums[counts > 0])
    return float((gaps / counts[counts > 0]).max() if maximum else gaps.sum() / len(confidence))


def nll(logits: Floats, y: Ints) -> float:
    """Mean negative log-likelihood in nats."""
    return float(-log_softmax(logits, axis=1)[np.arange(len(y)), y].mean())


def brier(p: Floats, y: Ints) -> float:
    """Mean squared distance between probabilities and one-hot classes (Brier, 1950)."""
    return float(((p - np.eye(p.shape[1])[y]) ** 2).sum(axis=1).mean())


def fit_temperature(logits: Floats, y: Ints) -> float:
    """The temperature between 0.05 and 20 that minimises `nll`; NaN if a logit is not finite."""
    if not np.isfinite(logits).all():
        return float("nan")
    result = minimize_scalar(
        lambda log_t: nll(logits / np.exp(log_t), y), bounds=(np.log(0.05), np.log(20)), method="bounded"
    )
    return float(np.exp(result.x))
