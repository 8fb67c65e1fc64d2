"""PerformancePredictor: from architectures to what they will do."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Literal, Self, TypeAlias, overload

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import estimator_html_repr
from sklearn.utils.validation import check_is_fitted

from graf.exceptions import FarFromTrainingWarning, InputError
from graf.features import GraphFeatures
from graf.features.defaults import Simplified
from graf.predictors.checks import check_coverage, check_jobs, check_novelty, check_seed
from graf.predictors.display import learnt_html
from graf.predictors.inputs import Inputs
from graf.predictors.levels import levels_of, nearest_level
from graf.predictors.models import (
    fit_model,
    mean_and_half,
    mean_and_std,
    new_model,
    novelty,
    predicted,
    with_helpers,
)
from graf.predictors.targets import read_targets
from graf.spaces import SearchSpace

__all__ = ["PerformancePredictor"]

Floats: TypeAlias = NDArray[np.float64]
Predictions: TypeAlias = Floats | pd.DataFrame


class PerformancePredictor(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Predicts accuracy, latency or any other figure of architectures from readable features.

    Parameters
    ----------
    model : "auto" (Gaussian processes and extremely randomised trees, `graf.predictors.auto`: the
        best for few labels, and sure of how sure it is), "random_forest" (bagged and extremely
        randomised trees, `graf.predictors.forest`), "xgboost" (`graf.predictors.boosted`: with
        settings for few labels), or any scikit-learn regressor, of which clones are fitted as it is.
    space : search space of the architectures, or its name; None infers it from their notation.
    features : "graph" for features of the computation graph, "given" for the columns of a
        DataFrame, "all" for both (graph features alone where there are no columns).
    columns, compat, simplified : which graph features, as in `GraphFeatures`; by default those of
        the graphs as they are and of the simplified ones, and the choices of the space
        (without these if `simplified` is True).
    random_state : seed of the named models; None draws one.
    n_jobs : threads of the named models, None for one. The result does not depend on it.
    share_targets : let a target with few labels learn from those with at least twice as many, by
        their predictions (`graf.predictors.transfer`); for model "auto".
    warn_beyond : novelty from which on `predict` warns of architectures, None for never.

    Attributes
    ----------
    estimators_ : fitted model by target name. Each target has its own, so that without
        `share_targets` predictions of one do not depend on which others are fitted beside it.
    levels_ : by target name, the values that its predictions may take, in order: an array of none but where
        few values follow from the architecture (`graf.predictors.levels`).
    target_names_ : names of the targets.
    one_target_ : whether `fit` got one target as an array or Series, so that `predict` gives arrays.
    feature_names_ : array of the names of the columns that the models see.
    inputs_ : what is taken from items.

    Notes
    -----
    Items are architectures or graphs as `GraphFeatures` takes them, or a DataFrame indexed by
    these whose columns are numbers that are known beforehand: zero-cost proxies, the
    training recipe (architectures may then repeat), early results. `data.items()` gives those of a
    dataset.
    Missing values are left to the model: both named ones take them. Infinite values become the
    largest that models compute with.

    Examples
    --------
    >>> from graf.spaces import get_space
    >>> space = get_space("nasbench201")
    >>> cells = space.sample(60, seed=1)
    >>> macs = [space.graph(cell).n_macs / 1e6 for cell in cells]
    >>> predictor = PerformancePredictor().fit(cells[:50], macs[:50])
    >>> predictor.predict(cells[50:]).shape
    (10,)
    """

    def __init__(
        self,
        model: Any = "random_forest",
        space: str | SearchSpace | None = None,
        features: str = "all",
        columns: Sequence[str] | None = None,
        compat: str | None = None,
        simplified: Simplified = "both",
        random_state: int | None = 0,
        n_jobs: int | None = None,
        share_targets: bool = False,
        warn_beyond: float | None = 2.0,
    ) -> None:
        self.model = model
        self.space = space
        self.features = features
        self.columns = columns
        self.compat = compat
        self.simplified = simplified
        self.random_state = random_state
        self.n_jobs = n_jobs
        self.share_targets = share_targets
        self.warn_beyond = warn_beyond

    def fit(self, items: Any, y: Any) -> Self:
        """Fit one model per target.

        Parameters
        ----------
        items : architectures, graphs, or a DataFrame indexed by architecture.
        y : one target (n,) or several (n, targets), as an array, Series or DataFrame. Where its
            index and the items are texts, labels are matched to architectures by it, or to
            graphs by the index of their Series; otherwise they are in the order of the items.
            Of several targets, an item may lack some (NaN).

        Raises
        ------
        InputError
            If there are fewer than two labels, or not one per item; if a label is not a finite
            number, target names occur twice, there is nothing to predict from, or a parameter
            has a value that cannot be used.
        UnsupportedError
            If targets are shared by a model other than "auto".
        """
        check_seed(self.random_state)
        check_jobs(self.n_jobs)
        check_novelty(self.warn_beyond)
        self.inputs_ = Inputs.learn(items, self.features, self.graph_features())
        table = self.inputs_.table(items)
        targets = read_targets(y, table.index)
        self.feature_names_: NDArray[np.object_] = np.array(self.inputs_.names, dtype=object)
        self.target_names_ = list(targets)
        self.one_target_ = np.asarray(y).ndim == 1
        self._fit_all(table.to_numpy(), targets)
        return self

    def graph_features(self) -> GraphFeatures:
        """Unfitted features of the graphs, as the parameters choose them."""
        default = self.columns is None and self.compat is None
        choices = default and self.simplified in (False, "both")  # functions alone do not tell them
        return GraphFeatures(self.space, self.columns, self.compat, self.simplified, choices)

    def _fit_all(self, X: Floats, targets: pd.DataFrame) -> None:
        """Fit the model of each target, those with most labels first, so that they can help the others."""
        names = self.inputs_.plain_names
        n_labels = targets.notna().sum().sort_values(ascending=False, kind="stable")
        fitted: dict[str, Any] = {}
        levels: dict[str, Floats] = {}
        for name, n in n_labels.items():
            model = new_model(self.model, self.random_state, self.n_jobs, names)
            if self.share_targets:
                model = with_helpers(
                    model, {other: fitted[other] for other in fitted if n_labels[other] >= 2 * n}
                )
            known = targets[name].notna().to_numpy()
            labelled = X[known], targets[name].to_numpy()[known]
            levels[name] = levels_of(model, *labelled, names)
            fitted[name] = fit_model(model, *labelled)
        self.estimators_ = {name: fitted[name] for name in targets}
        self.levels_ = {name: levels[name] for name in targets}

    def features_table(self, items: Any) -> pd.DataFrame:
        """The numbers that the models see, one row per item, columns `feature_names_`."""
        check_is_fitted(self, "estimators_")
        return self.inputs_.table(items)

    @overload
    def predict(self, items: Any, return_std: Literal[False] = False) -> Predictions: ...
    @overload
    def predict(self, items: Any, return_std: Literal[True]) -> tuple[Predictions, Predictions]: ...

    def predict(self, items: Any, return_std: bool = False) -> Predictions | tuple[Predictions, Predictions]:
        """Predictions in the order of the items.

        Parameters
        ----------
        items : as in `fit`; columns may come in any order, and there may be more of them.
        return_std : also give the standard deviation: for "auto" one that two thirds of the labels
            keep within, for a random forest that over its trees.

        Returns
        -------
        array (n,) if `fit` got one target as an array or Series, else a DataFrame with a column
        per target, indexed by architecture; with `return_std` a pair of these.

        Raises
        ------
        InputError
            If `items` lack a column, or are not architectures of the space.
        UnsupportedError
            If `return_std` is asked of a model that is neither "auto" nor a forest.

        Warns
        -----
        FarFromTrainingWarning
            If `warn_beyond` is not None and an item is more novel than that (model "auto").
        """
        table = self.features_table(items)
        self._warn_of_far(table)
        if not return_std:
            return self._shaped(self._at_levels(self._each(table, predicted)), table)
        mean, std = _parts(self._each(table, mean_and_std))
        return self._shaped(self._at_levels(mean), table), self._shaped(std, table)

    def score(self, items: Any, y: Any, sample_weight: Any = None) -> float:
        """R² of the predictions, of several targets the mean, each over the items that have its label.

        Labels are matched to items as in `fit`.

        Parameters
        ----------
        items : as in `predict`.
        y : as in `fit`; targets of the same names may come in any order.
        sample_weight : weight of each item (n,), None for the same.

        Raises
        ------
        InputError
            If there is not one label, and one weight if any, per item, fewer than two labels of a target, a label is
            not a finite number, or there are more or fewer targets than in `fit`.
        """
        table = self.features_table(items)
        if sample_weight is not None and np.shape(sample_weight) != (len(table),):
            raise InputError(
                f"`sample_weight` must hold one weight per item, got shape {np.shape(sample_weight)} for"
                f" {len(table)} items"
            )
        truth = read_targets(y, table.index)
        if set(truth) == set(self.target_names_):
            truth = truth[self.target_names_]
        if truth.shape[1] != len(self.target_names_):
            raise InputError(
                f"`y` must hold the {len(self.target_names_)} targets that the predictor was fitted on, got"
                f" {truth.shape[1]}"
            )
        self._warn_of_far(table)
        found = self._at_levels(self._each(table, predicted)).values()
        pairs = zip(truth.to_numpy().T, found, strict=True)
        return float(np.mean([_r2_of_known(*pair, sample_weight) for pair in pairs]))

    def predict_interval(self, items: Any, coverage: float = 0.9) -> tuple[Predictions, Predictions]:
        """Lower and upper ends of intervals that hold the prediction, and the truth of a share `coverage` of items.

        Parameters
        ----------
        items : as in `predict`.
        coverage : between 0 and 1.

        Returns
        -------
        two arrays or DataFrames of the shape of what `predict` gives.

        Raises
        ------
        InputError
            If `coverage` does not lie between 0 and 1.
        UnsupportedError
            If the model is not "auto".
        """
        check_coverage(coverage)
        table = self.features_table(items)
        self._warn_of_far(table)
        mean, half = _parts(self._each(table, partial(mean_and_half, coverage=coverage)))
        moved = self._at_levels(mean)  # perhaps to where the interval has to be widened
        lower = {name: np.minimum(mean[name] - half[name], moved[name]) for name in mean}
        upper = {name: np.maximum(mean[name] + half[name], moved[name]) for name in mean}
        return self._shaped(lower, table), self._shaped(upper, table)

    def novelty(self, items: Any) -> Predictions:
        """How far items are from all labelled ones, in units of the largest such distance among these.

        About 1 at most for architectures like those that the predictor learned from; NaN for models
        other than "auto". The distance is that of the model: columns that matter for the target count.
        """
        table = self.features_table(items)
        return self._shaped(self._each(table, novelty), table)

    def _warn_of_far(self, table: pd.DataFrame) -> None:
        if self.warn_beyond is None:
            return
        most = np.max(list(self._each(table, novelty).values()), axis=0)
        far = np.flatnonzero(most > self.warn_beyond)
        if len(far):
            first = far[np.argmax(most[far])]
            warnings.warn(
                f"{len(far)} of {len(table)} items are more than {self.warn_beyond:g} times as far from all labelled"
                f" ones as these are from each other, most of all {table.index[first]!s:.80} ({most[first]:.3g} times):"
                " do not rely on their predictions; label some architectures like them",
                FarFromTrainingWarning,
                stacklevel=3,
            )

    def _each(self, table: pd.DataFrame, answer: Callable[[Any, Floats], Any]) -> dict[str, Any]:
        """What each model answers, by target."""
        X = table.to_numpy()
        with np.errstate(invalid="ignore"):  # sums of columns that stand for infinite values, as in fit
            return {name: answer(model, X) for name, model in self.estimators_.items()}

    def _at_levels(self, answers: dict[str, Floats]) -> dict[str, Floats]:
        return {name: nearest_level(self.levels_[name], found) for name, found in answers.items()}

    def _shaped(self, answers: dict[str, Floats], table: pd.DataFrame) -> Predictions:
        """Answers by target, as one array where `fit` got one target as that."""
        return next(iter(answers.values())) if self.one_target_ else pd.DataFrame(answers, index=table.index)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted predictor to a file that `graf.load_predictor` reads."""
        from graf.predictors.persistence import save_predictor

        save_predictor(self, path)

    def _html_repr(self) -> str:
        """What notebooks show: scikit-learn's diagram, and what was learnt from what."""
        return str(estimator_html_repr(self)) + learnt_html(self)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        return tags


def _r2_of_known(truth: Floats, predictions: Floats, sample_weight: Any) -> float:
    """R² over the items whose label (n,) is not missing: others weigh nothing."""
    known = ~np.isnan(truth)
    weight = known * (1.0 if sample_weight is None else np.asarray(sample_weight, np.float64))
    return float(r2_score(np.where(known, truth, 0.0), predictions, sample_weight=weight))


def _parts(pairs: dict[str, tuple[Floats, Floats]]) -> tuple[dict[str, Floats], dict[str, Floats]]:
    """The first and the second of two answers that come together."""
    first, second = ({name: pair[i] for name, pair in pairs.items()} for i in (0, 1))
    return first, second
