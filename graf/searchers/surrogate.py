"""Surrogate: the light predictor in the loop, with features that are computed once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import is_numeric_dtype
from sklearn.base import clone

from graf.exceptions import InputError, UnsupportedError
from graf.features import GraphFeatures
from graf.predictors import PerformancePredictor
from graf.predictors.auto import AutoRegressor
from graf.predictors.models import is_model, new_model
from graf.searchers.clock import Clock
from graf.searchers.domains import Domain
from graf.searchers.fitted import Fitted
from graf.searchers.history import History
from graf.searchers.parameters import filled
from graf.searchers.proxies import Proxies

__all__ = ["Surrogate", "read_predictor"]

Floats = NDArray[np.float64]
MOST_ROWS = 100_000  # features kept in memory
NOTHING = (
    "there is nothing to predict from: graf does not know the search space, or `features` is 'given', and `proxies`"
    " is None; give columns with `proxies`, or take strategy='random'"
)


def read_predictor(predictor: Any) -> PerformancePredictor:
    """An unfitted predictor: of the name of a model ("auto" for None), a scikit-learn regressor, or a predictor's parameters."""
    predictor = "auto" if predictor is None else predictor
    if isinstance(predictor, PerformancePredictor):
        unfitted: PerformancePredictor = clone(predictor)
        return unfitted
    if isinstance(predictor, str) or is_model(predictor):
        new_model(predictor, None, None)  # raises if there is none of this name
        return PerformancePredictor(model=predictor)
    raise InputError(
        "`predictor` must be the name of a model, a scikit-learn regressor or a PerformancePredictor,"
        f" got {type(predictor).__name__}"
    )


class Surrogate:
    """A predictor of all objectives, fitted on a history.

    Parameters
    ----------
    predictor : unfitted; its columns and model are used.
    domain : where candidates come from.
    proxies : further columns, as `Proxies` takes them; each candidate is asked about once.
    clock : told what time is spent on.
    """

    def __init__(self, predictor: PerformancePredictor, domain: Domain, proxies: Any, clock: Clock) -> None:
        self.predictor, self.domain, self.clock = predictor, domain, clock
        self.proxies = Proxies(proxies, domain)
        self._columns: list[str] = []
        self._transformer: GraphFeatures | None = None
        self._rows: dict[str, Floats] = {}

    def features(self, candidates: Sequence[str]) -> pd.DataFrame:
        """The columns that models see, a row per candidate, indexed by candidate."""
        new = [name for name in dict.fromkeys(candidates) if name not in self._rows]
        if new:
            if len(self._rows) + len(new) > MOST_ROWS:
                self._rows.clear()
                new = list(dict.fromkeys(candidates))
            table = self._computed(new)
            self._columns = list(table.columns)
            self._rows.update(zip(new, table.to_numpy(np.float64), strict=True))
        values = np.stack([self._rows[name] for name in candidates])
        return pd.DataFrame(values, index=pd.Index(candidates, dtype="str"), columns=self._columns)

    def _computed(self, candidates: list[str]) -> pd.DataFrame:
        architectures = self.domain.architectures(candidates)
        parts = [self._recipes(candidates)]
        if self._sees_graphs:
            with self.clock.measure("features"):
                parts.append(self._graph(architectures).transform(architectures))
        if self.proxies:
            with self.clock.measure("proxies"):
                parts.append(self.proxies.columns(architectures))
        if not any(len(part.columns) for part in parts):
            raise UnsupportedError(NOTHING)
        return pd.concat([part.set_axis(candidates, axis=0) for part in parts], axis=1)

    @property
    def _sees_graphs(self) -> bool:
        return self.domain.space is not None and self.predictor.features != "given"

    def _graph(self, architectures: list[str]) -> GraphFeatures:
        """Features of the space, which do not depend on the architectures."""
        if self._transformer is None:
            transformer = self.predictor.graph_features().set_params(space=self.domain.space, choices=False)
            self._transformer = transformer.fit(architectures[:1])
        return self._transformer

    def check_columns(self, first: int) -> None:
        """Raise what is wrong with the columns that models shall see; no proxies are computed.

        Nothing is wrong where the domain ends with the `first` candidates, which are drawn.
        """
        if self.domain.members is not None and len(self.domain.members) <= first:
            return
        if self._sees_graphs:
            with self.clock.measure("features"):
                self._graph(self.domain.architectures(self.domain.sample(1, np.random.default_rng(0))))
        elif not self.proxies and self.domain.columns([]) is None:
            raise UnsupportedError(NOTHING)

    def check_uncertainty(self) -> None:
        """Raise `UnsupportedError` if the model cannot tell how sure it is."""
        table = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0]})
        try:
            self._unfitted().fit(table, [0.0, 1.0, 0.0, 1.0]).predict(table, return_std=True)
        except UnsupportedError:
            raise UnsupportedError(
                f"the strategy needs a model that tells how sure it is, and {self.predictor.model!r:.60} does not;"
                " use model='auto', or Guided(acquisition='mean')"
            ) from None

    def _unfitted(self) -> PerformancePredictor:
        """The predictor on given columns, those of `features`."""
        model: PerformancePredictor = clone(self.predictor)
        return model.set_params(
            features="given", columns=None, compat=None, simplified=False, warn_beyond=None
        )

    def _recipes(self, candidates: list[str]) -> pd.DataFrame:
        """Settings of recipes: numbers as they are, the position of other options one-hot."""
        columns = self.domain.columns(candidates)
        if columns is None:
            return pd.DataFrame(index=range(len(candidates)))
        texts = [name for name in columns if not is_numeric_dtype(columns[name])]
        for name in texts:
            for option in self.domain.options(name):
                columns[f"{name}={option}"] = (columns[name] == option).astype(float)
        return columns.drop(columns=texts).astype(float).add_prefix("recipe:")

    def fitted(self, history: History, seed: int = 0, front: bool = False) -> Fitted:
        """The predictor fitted on the trials that were measured; at least two are needed.

        Where a front is wanted, "auto" learns how far apart labels are, and not only their ranks: of one
        objective it is the best, close together, that must be told apart.
        """
        trials = history.ok
        X = self.features([trial.candidate for trial in trials])
        y = pd.DataFrame([trial.values for trial in trials], columns=list(history.directions))
        with self.clock.measure("fits"):
            model = filled(self._unfitted().set_params(random_state=seed), "random_state", seed)
            if model.model == "auto":
                model.set_params(model=AutoRegressor(list(X), seed, model.n_jobs, by_rank=not front))
            return Fitted(model.fit(X, y.set_axis(X.index, axis=0)), self, history.directions, front)
