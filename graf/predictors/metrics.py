"""How well predictions rank architectures and meet their values."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.metrics import mean_absolute_error, r2_score

from graf.checks import is_whole, unmasked
from graf.directions import DIRECTIONS, SIGNS
from graf.exceptions import InputError, check_known

__all__ = ["check_direction", "kendall_tau", "mae", "r2", "score", "spearman", "top_k_regret"]

Direction = Literal["max", "min"]
Floats = NDArray[np.float64]


def kendall_tau(y_true: Any, y_pred: Any) -> float:
    """Kendall's tau-b: concordant minus discordant pairs over all, ties taken into account.

    Both arrays have shape (n,). NaN if either is constant. O(n log n). Kendall, 1945.

    Examples
    --------
    >>> round(kendall_tau([1, 2, 3, 4], [10, 30, 20, 40]), 3)
    0.667
    """
    true, predicted = _pair(y_true, y_pred)
    return np.nan if _constant(true, predicted) else float(stats.kendalltau(true, predicted).statistic)


def spearman(y_true: Any, y_pred: Any) -> float:
    """Spearman's rho: the linear correlation of the ranks; NaN if either is constant.

    Examples
    --------
    >>> round(spearman([1, 2, 3, 4], [10, 30, 20, 40]), 3)
    0.8
    """
    true, predicted = _pair(y_true, y_pred)
    return np.nan if _constant(true, predicted) else float(stats.spearmanr(true, predicted).statistic)


def r2(y_true: Any, y_pred: Any) -> float:
    """Share of the variance that the predictions explain, 1 at best; NaN for constant `y_true`.

    Examples
    --------
    >>> r2([1, 2, 3], [2, 2, 2])
    0.0
    """
    true, predicted = _pair(y_true, y_pred)
    return np.nan if _constant(true) else float(r2_score(true, predicted))


def mae(y_true: Any, y_pred: Any) -> float:
    """Mean absolute error, in the unit of the target.

    Examples
    --------
    >>> mae([1, 2, 3], [2, 2, 2])
    0.6666666666666666
    """
    return float(mean_absolute_error(*_pair(y_true, y_pred)))


def top_k_regret(y_true: Any, y_pred: Any, k: int = 10, direction: Direction = "max") -> float:
    """What is lost by measuring only the `k` items predicted best, in the unit of the target.

    The distance, 0 at best, from the best true value to the best one among the chosen items.
    Of items with equal predictions those that come first are chosen. `direction` says which end
    of the target is better.

    Examples
    --------
    >>> top_k_regret([91, 94, 93, 70], [0.9, 0.8, 0.7, 0.6], k=1)
    3.0
    """
    true, predicted = _pair(y_true, y_pred)
    if not is_whole(k, 1):
        raise InputError(f"`k` must be a whole number of at least 1, got {k!r:.60}")
    check_direction(direction)
    sign = SIGNS[direction]
    chosen = np.argsort(-sign * predicted, kind="stable")[:k]
    return float(np.max(sign * true) - np.max(sign * true[chosen]))


def score(y_true: Any, y_pred: Any, direction: Direction = "max") -> dict[str, float]:
    """All metrics by the names that tables carry; the regret is that of the top 10.

    Examples
    --------
    >>> list(score([1, 2, 3], [1, 2, 3]))
    ['tau', 'rho', 'r2', 'mae', 'regret']
    """
    return {
        "tau": kendall_tau(y_true, y_pred),
        "rho": spearman(y_true, y_pred),
        "r2": r2(y_true, y_pred),
        "mae": mae(y_true, y_pred),
        "regret": top_k_regret(y_true, y_pred, direction=direction),
    }


def check_direction(direction: object) -> None:
    """`UnknownNameError` unless it says which end of a target is better."""
    check_known("direction", direction, DIRECTIONS)


def _pair(y_true: Any, y_pred: Any) -> tuple[Floats, Floats]:
    true, predicted = _values("y_true", y_true), _values("y_pred", y_pred)
    if len(true) != len(predicted):
        raise InputError(
            f"`y_true` and `y_pred` must have the same length, got {len(true)} and {len(predicted)}"
        )
    return true, predicted


def _values(name: str, given: Any) -> Floats:
    try:
        values = np.asarray(unmasked(given), dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"`{name}` must hold numbers, got {given!r:.60}") from None
    if values.ndim != 1 or len(values) == 0:
        raise InputError(f"`{name}` must be one-dimensional and not empty, got shape {values.shape}")
    missing = np.flatnonzero(~np.isfinite(values))
    if len(missing):
        raise InputError(
            f"`{name}` must be finite, got {len(missing)} NaN or infinite values, the first at index"
            f" {missing[0]}; leave these items out"
        )
    return values


def _constant(*arrays: Floats) -> bool:
    return any(np.all(array == array[0]) for array in arrays)
