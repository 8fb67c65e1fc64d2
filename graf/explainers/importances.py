"""Importance of groups of features, by three methods that need not agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from numpy.typing import NDArray

from graf.checks import LARGEST_SEED, is_whole
from graf.exceptions import InputError
from graf.explainers.boosted import unit
from graf.explainers.grouping import partition, rank_correlations
from graf.explainers.reasons import reasons
from graf.explainers.tree_shap import TreeShap
from graf.predictors import PerformancePredictor
from graf.predictors.boosted import BoostedTrees
from graf.predictors.inputs import Inputs
from graf.predictors.models import fit_model, new_model
from graf.predictors.targets import read_targets

__all__ = ["METHODS", "compare_importances"]

Floats = NDArray[np.float64]
METHODS = ("shapley", "permutation", "drop_column")


def compare_importances(
    predictor: PerformancePredictor,
    items: Any,
    y: Any,
    *,
    by: str | Mapping[str, str] = "family",
    n_refits: int = 10,
    n_permuted: int = 19,
    level: float = 0.05,
    seed: int = 0,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """How much each group of features matters, by three methods, with spread and a test against noise.

    Parameters
    ----------
    predictor : a `PerformancePredictor` of trees, fitted or not; copies are fitted.
    items, y : what to fit on, as in `PerformancePredictor.fit`; one target.
    by : "feature", "family", "operation" (sets of operations), "cluster" (columns of a rank
        correlation of 0.7 and more), or the group of each column by its name.
    n_refits : models fitted on bootstrap samples of the rows, each with a seed of its own, and judged
        on the rows that it has not seen.
    n_permuted : models fitted on permuted targets.
    level : share of groups of pure noise that may pass as more than noise; `n_permuted` must be at
        least 1 / level - 1.
    seed : of samples, permutations and models.
    n_jobs : processes; the result does not depend on it.

    Returns
    -------
    DataFrame
        One row per group, most important first:

        - `shapley`: mean absolute Shapley value of the group as one player, in the target's unit
          (the sum of Owen values of its features, exact; not the sum of their SHAP values);
        - `permutation`: growth of the root mean square error where the group's columns are permuted
          together;
        - `drop_column`: its growth where a model is fitted without them;
        - `shapley_std`, ...: standard deviation over the refits;
        - `p_value`: (1 + permuted targets at which the group gets at least the `shapley` importance
          that it has in a model of the true target) / (1 + n_permuted), for a fit on all rows; exact
          where the target depends on no feature, and in practice too large rather than too small
          for a group of noise beside groups that matter;
        - `more_than_noise`: whether it is at most `level`, group by group (of many groups of noise,
          that share passes);
        - `shapley_rank`, ...: 1 for the most important;
        - `disagreement`: largest difference of ranks;
        - `n_columns`; `partner`: the other group with the most correlated column, and `correlation`,
          the absolute rank correlation of the two columns;
        - `reason`: why methods disagree, or that it is noise, in words.

    Raises
    ------
    InputError
        If there are several targets, `n_refits` is less than 2, `n_permuted` too few for `level`, the
        grouping lacks columns, or another argument is not what it should be.
    UnsupportedError
        If the model is not one of trees.

    Notes
    -----
    n_refits (1 + n_groups) + n_permuted + 1 fits.

    References
    ----------
    G. Owen, Values of games with a priori unions, 1977. A. Altmann et al., Permutation importance: a
    corrected feature importance measure, Bioinformatics 2010. G. Hooker, L. Mentch, S. Zhou,
    Unrestricted permutation forces extrapolation, Statistics and Computing 2021.

    Examples
    --------
    >>> from graf import PerformancePredictor, get_space
    >>> from sklearn.ensemble import ExtraTreesRegressor
    >>> cells = get_space("nasbench201").sample(60)
    >>> predictor = PerformancePredictor(
    ...     ExtraTreesRegressor(5), columns=["op_count(conv3x3)", "op_count(skip)"]
    ... )
    >>> convolutions = [cell.count("conv_3x3") for cell in cells]
    >>> table = compare_importances(predictor, cells, convolutions, by="operation", n_refits=2)
    >>> table["more_than_noise"].to_dict()
    {'conv3x3': True, 'skip': False}
    """
    _check(predictor, by, n_refits, n_permuted, level, seed)
    data, names, target, groups = _read(predictor, items, y, by)
    study = _Study(predictor, names, data.to_numpy(np.float64), target, groups.codes, len(groups.categories))
    streams = np.random.SeedSequence(seed).spawn(n_refits + n_permuted)
    work = Parallel(n_jobs=n_jobs)
    refits = np.array(work(delayed(study.refit)(stream) for stream in streams[:n_refits]))
    noise = np.array(work(delayed(study.permuted)(stream) for stream in streams[n_refits:]))
    observed = study.fitted_shapley(study.y, seed)
    table = pd.DataFrame(index=pd.Index(groups.categories, name="group"))
    for k, method in enumerate(METHODS):
        table[method], table[f"{method}_std"] = refits[:, k].mean(axis=0), refits[:, k].std(axis=0, ddof=1)
    table["p_value"] = (1 + (noise >= observed).sum(axis=0)) / (1 + n_permuted)
    table["more_than_noise"] = table["p_value"] <= level
    for method in METHODS:
        table[f"{method}_rank"] = table[method].rank(ascending=False, method="min").astype(int)
    ranks = table[[f"{method}_rank" for method in METHODS]]
    table["disagreement"] = ranks.max(axis=1) - ranks.min(axis=1)
    table["n_columns"] = np.bincount(groups.codes, minlength=len(table))
    table["partner"], table["correlation"] = _partners(data, groups)
    table["reason"] = reasons(table)
    return table.sort_values("shapley", ascending=False, kind="stable")


def _check(predictor: Any, by: Any, n_refits: Any, n_permuted: Any, level: Any, seed: Any) -> None:
    if not isinstance(predictor, PerformancePredictor):
        raise InputError(f"`predictor` must be a PerformancePredictor, got {type(predictor).__name__}")
    if not isinstance(by, str | Mapping):
        raise InputError(f"`by` must be a grouping, or map each column to its group, got {by!r:.60}")
    if not is_whole(n_refits, 2):
        raise InputError(f"`n_refits` must be at least 2 for a spread, and whole, got {n_refits!r:.60}")
    known = is_whole(n_permuted, 1) and isinstance(level, (float, np.floating)) and 0 < level < 1
    if not known or (1 + n_permuted) * level < 1 - 1e-12:
        raise InputError(
            f"`n_permuted` must be at least 1 / level - 1 for a level between 0 and 1, got"
            f" {n_permuted!r:.60} and level {level!r:.60}"
        )
    if not (seed is None or is_whole(seed, 0, LARGEST_SEED)):
        raise InputError(f"`seed` must be None or a whole number from 0 to {LARGEST_SEED}, got {seed!r:.60}")


def _read(
    predictor: PerformancePredictor, items: Any, y: Any, by: str | Mapping[str, str]
) -> tuple[pd.DataFrame, NDArray[np.object_], Floats, pd.Categorical]:
    """The table of features, their names for models, the target, and the group of each column."""
    inputs = Inputs.learn(items, predictor.features, predictor.graph_features())
    data = inputs.table(items)
    targets = read_targets(y, data.index)
    if targets.shape[1] != 1:
        raise InputError(f"`y` must hold one target, got {', '.join(map(str, targets))}")
    if isinstance(by, str):
        labels = partition(data, inputs.columns, by)
    else:
        labels = pd.Series({name: by.get(name) for name in data}, dtype=object)
        if labels.isna().any():
            raise InputError(f"`by` must name a group for each column, got none for {labels.isna().idxmax()}")
    names = np.array(inputs.plain_names, dtype=object)
    return data, names, targets.iloc[:, 0].to_numpy(np.float64), pd.Categorical(labels)


def _partners(data: pd.DataFrame, groups: pd.Categorical) -> tuple[Sequence[Any], Floats]:
    """Per group the other one with the most correlated column, and how correlated it is."""
    correlations = rank_correlations(data)
    of = pd.DataFrame(correlations).groupby(np.asarray(groups.codes)).max()
    between = of.T.groupby(np.asarray(groups.codes)).max().to_numpy(copy=True)
    np.fill_diagonal(between, -1.0)
    if len(between) == 1:
        return [None], np.array([np.nan])
    return [groups.categories[i] for i in between.argmax(axis=1)], between.max(axis=1)


@dataclass(frozen=True)
class _Study:
    """What all fits share; names and groups, numbers from 0, are (n_features,)."""

    predictor: PerformancePredictor
    names: NDArray[np.object_]
    X: Floats
    y: Floats
    groups: NDArray[Any]
    n_groups: int

    def fit(self, X: Floats, y: Floats, seed: int, kept: Any = slice(None)) -> Any:
        """A model of the columns kept."""
        model = new_model(self.predictor.model, seed, None, self.names[kept].tolist())
        if "random_state" in model.get_params():
            model.set_params(random_state=seed)
        return fit_model(model, X[:, kept], y)

    def shapley(self, model: Any, X: Floats) -> Floats:
        boosted = isinstance(model, BoostedTrees)
        trees = [TreeShap(part) for part in (model.trees_ if boosted else [model])]
        values = np.abs(np.mean([part.values(X, self.groups)[..., 0] for part in trees], axis=0))
        base = float(np.mean([part.base_values[0] for part in trees]))
        units = unit(model, X, base) if boosted else np.ones(len(X))
        found: Floats = np.abs(units) @ values / len(X)
        return found

    def fitted_shapley(self, y: Floats, seed: int) -> Floats:
        return self.shapley(self.fit(self.X, y, seed), self.X)

    def permuted(self, stream: np.random.SeedSequence) -> Floats:
        """Importance (n_groups,) at a permuted target."""
        rng = np.random.default_rng(stream)
        return self.fitted_shapley(rng.permutation(self.y), _seed(rng))

    def refit(self, stream: np.random.SeedSequence) -> Floats:
        """Importance (methods, n_groups) on what a bootstrap sample leaves out."""
        rng = np.random.default_rng(stream)
        n = len(self.y)
        seen = rng.integers(n, size=n)
        unseen = np.setdiff1d(np.arange(n), seen)
        if len(unseen) == 0:  # possible with a handful of rows
            unseen = np.arange(n)
        seed = _seed(rng)
        X, y, rest, truth = self.X[seen], self.y[seen], self.X[unseen], self.y[unseen]
        model = self.fit(X, y, seed)
        error = _error(model, rest, truth)
        found = np.zeros((len(METHODS), self.n_groups))
        found[0] = self.shapley(model, rest)
        for group in range(self.n_groups):
            inside = self.groups == group
            mixed = rest.copy()
            mixed[:, inside] = rest[rng.permutation(len(rest))][:, inside]
            found[1, group] = _error(model, mixed, truth) - error
            found[2, group] = self._without(~inside, X, y, rest, truth, seed) - error
        return found

    def _without(
        self, kept: NDArray[np.bool_], X: Floats, y: Floats, rest: Floats, truth: Floats, seed: int
    ) -> float:
        """Error of a model of the columns kept; the mean where none is."""
        if not kept.any():
            return float(np.sqrt(np.mean((y.mean() - truth) ** 2)))
        return _error(self.fit(X, y, seed, kept), rest[:, kept], truth)


def _seed(rng: np.random.Generator) -> int:
    return int(rng.integers(2**31))


def _error(model: Any, X: Floats, y: Floats) -> float:
    return float(np.sqrt(np.mean((model.predict(X) - y) ** 2)))
