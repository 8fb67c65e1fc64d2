"""A predictor for NASLib's searches and benchmarks, which NASLib is not needed for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.exceptions import InputError
from graf.predictors.predictor import PerformancePredictor

__all__ = ["NASLibPredictor"]

SCORES = "zero_cost_scores"
SPACES = {  # NASLib's names of search spaces that graf calls otherwise
    "darts": "darts",
    "nasbench301": "darts",
    "transbench101_micro": "transnas_micro",
    "transbench101_macro": "transnas_macro",
}


class NASLibPredictor:
    """`PerformancePredictor` behind the methods of NASLib's `Predictor`: fit, query and what goes with them.

    Parameters
    ----------
    model, columns, random_state : as in `PerformancePredictor`.
    ss_type : NASLib's name of the search space; None infers it from the architectures.
    zc : whether zero-cost scores, where they are given, are used beside graph features.

    Notes
    -----
    Architectures are NASLib's graph objects, asked by `get_hash()`, or what that gives: tuples of
    operation ids, keys of NAS-Bench-101, compact forms of DARTS; or texts.

    Examples
    --------
    >>> cells = [(2, 1, 0, 2, 1, 2), (0, 0, 0, 0, 0, 0), (2, 2, 2, 2, 2, 2), (4, 4, 4, 4, 4, 4)]
    >>> predictor = NASLibPredictor(ss_type="nasbench201")
    >>> error = predictor.fit(cells, [91.0, 70.0, 93.0, 60.0])
    >>> predictor.query(cells).shape
    (4,)
    """

    def __init__(
        self,
        model: Any = "random_forest",
        ss_type: str | None = None,
        *,
        columns: Sequence[str] | None = None,
        zc: bool = True,
        random_state: int | None = 0,
    ) -> None:
        self.model, self.ss_type, self.columns, self.zc = model, ss_type, columns, zc
        self.random_state = random_state
        self.hyperparams: dict[str, Any] | None = None
        self.predictor: PerformancePredictor | None = None
        self._train_scores: Any = None

    def set_ss_type(self, ss_type: str) -> None:
        """Name the search space."""
        self.ss_type = ss_type

    def pre_process(self) -> None:
        """Nothing is needed before architectures are queried."""

    def pre_compute(self, xtrain: Any, xtest: Any, unlabeled: Any = None) -> None:
        """Nothing is needed: features take microseconds."""

    def set_pre_computations(
        self,
        unlabeled: Any = None,
        xtrain_zc_info: Any = None,
        xtest_zc_info: Any = None,
        unlabeled_zc_info: Any = None,
    ) -> None:
        """Take the zero-cost scores of the architectures of the next `fit`; the others are not needed."""
        if xtrain_zc_info is not None:
            self._train_scores = xtrain_zc_info

    def get_data_reqs(self) -> dict[str, Any]:
        """What NASLib has to provide: no learning curves, hyperparameters or unlabeled data."""
        return {
            "requires_partial_lc": False,
            "metric": None,
            "requires_hyperparameters": False,
            "hyperparams": None,
            "unlabeled": False,
            "unlabeled_factor": 0,
        }

    def get_hyperparams(self) -> dict[str, Any] | None:
        """Parameters of `PerformancePredictor` that were set."""
        return self.hyperparams

    def set_hyperparams(self, hyperparams: Mapping[str, Any] | None) -> None:
        """Set parameters of `PerformancePredictor`; NASLib hands on what `get_hyperparams` gave."""
        self.hyperparams = None if hyperparams is None else dict(hyperparams)

    def set_random_hyperparams(self) -> dict[str, Any] | None:
        """The defaults: there is nothing to tune."""
        return self.hyperparams

    def fit(self, xtrain: Sequence[Any], ytrain: Any, train_info: Any = None, **kwargs: Any) -> float:
        """Fit on architectures and labels, with zero-cost scores if given; the mean absolute training error.

        Raises `InputError` if there are not as many scores as architectures.
        """
        scores = self._train_scores if train_info is None else train_info
        self._train_scores = None
        items = self._items(xtrain, scores if self.zc else None)
        space = None if self.ss_type is None else SPACES.get(self.ss_type, self.ss_type)
        predictor = PerformancePredictor(
            self.model, space, columns=self.columns, random_state=self.random_state
        ).set_params(**(self.hyperparams or {}))
        labels = np.asarray(ytrain, np.float64).ravel()
        self.predictor = predictor.fit(items, labels)
        return float(np.abs(np.asarray(predictor.predict(items)) - labels).mean())

    def query(self, xtest: Sequence[Any], info: Any = None) -> NDArray[np.float64]:
        """Predictions (n,) in the unit of the labels; `info` holds zero-cost scores if `fit` had them."""
        if self.predictor is None:
            raise InputError("`query` needs a fitted predictor; call `fit` first")
        scores = info if self.predictor.inputs_.given else None
        return np.asarray(self.predictor.predict(self._items(xtest, scores)), np.float64)

    def _items(self, architectures: Sequence[Any], scores: Any) -> Any:
        names = [_architecture(architecture) for architecture in architectures]
        rows = None if scores is None else _scores(scores)
        if not rows:
            return names
        if len(rows) != len(names):
            raise InputError(
                f"got {len(names)} architectures and zero-cost scores of {len(rows)}; give one each"
            )
        return pd.DataFrame(rows, index=pd.Index(list(map(str, names)), dtype="str")).astype(float)


def _architecture(item: Any) -> Any:
    """What NASLib's graph objects are known by; lists become tuples."""
    found = item.get_hash() if hasattr(item, "get_hash") else item
    return _tuples(found) if isinstance(found, (list, tuple, np.ndarray)) else found


def _tuples(value: Any) -> Any:
    if isinstance(value, (list, tuple, np.ndarray)):
        return tuple(map(_tuples, value))
    return value.item() if isinstance(value, np.generic) else value


def _scores(info: Any) -> list[Mapping[str, float]]:
    """Scores by name, a mapping for each architecture; none where the information holds no scores."""
    found = info.get(SCORES, []) if isinstance(info, Mapping) else info
    found = [found] if isinstance(found, Mapping) else list(found)
    rows = [row.get(SCORES, row) if isinstance(row, Mapping) else None for row in found]
    return [row for row in rows if isinstance(row, Mapping)]
