"""Fitted: what a surrogate says of candidates once it has learned from a history."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from graf.directions import SIGNS
from graf.predictors import PerformancePredictor
from graf.predictors.auto import AutoRegressor
from graf.searchers.outlook import Outlook

if TYPE_CHECKING:
    from graf.searchers.surrogate import Surrogate

__all__ = ["Fitted"]

Floats = NDArray[np.float64]


class Fitted:
    """A fitted predictor that speaks of candidates, with more being better."""

    def __init__(
        self,
        model: PerformancePredictor,
        surrogate: Surrogate,
        directions: dict[str, str],
        front: bool,
    ) -> None:
        self.model, self.surrogate, self.front = model, surrogate, front
        self.names = list(directions)
        self.signs = np.array([SIGNS[direction] for direction in directions.values()])

    def gains(self, candidates: Sequence[str], std: bool = True) -> tuple[Floats, Floats]:
        """Predictions (n, objectives), turned so that more is better, and their standard deviation.

        Without `std` the second are zeros.
        """
        X = self.surrogate.features(candidates)
        with self.surrogate.clock.measure("predictions"):
            if not std:
                mean = np.asarray(self.model.predict(X), np.float64).reshape(len(X), -1)
                return mean * self.signs, np.zeros_like(mean)
            mean, spread = self.model.predict(X, return_std=True)
        return np.asarray(mean, np.float64) * self.signs, np.asarray(spread, np.float64)

    def outlook(self, candidates: Sequence[str], std: bool = True) -> Outlook:
        """What is expected of candidates: where a front is wanted on the scales that "auto" has learned, else as gains.

        Without `std` its standard deviations are zeros.
        """
        models = list(self.model.estimators_.values())
        if not (std and self.front and all(isinstance(model, AutoRegressor) for model in models)):
            return Outlook(*self.gains(candidates, std))
        X = self.surrogate.features(candidates).to_numpy()
        with self.surrogate.clock.measure("predictions"):
            pairs = [model.predict_scores(X) for model in models]
        mean, spread = (np.column_stack(part) for part in zip(*pairs, strict=True))
        return Outlook(mean * self.signs, spread, partial(self._gains_of_scores, models))

    def _gains_of_scores(self, models: list[AutoRegressor], scores: Floats) -> Floats:
        columns = np.moveaxis(scores * self.signs, -1, 0)
        found = [
            model.scores_.inverse_transform(column) for model, column in zip(models, columns, strict=True)
        ]
        return np.stack(found, axis=-1) * self.signs

    def told(self, gains: Floats) -> dict[str, float]:
        """A row of `gains` in the units and directions of the objectives, by name."""
        return dict(zip(self.names, (gains * self.signs).tolist(), strict=True))
