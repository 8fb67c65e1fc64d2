"""explain: a fitted predictor and items in, an Explanation out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from graf.exceptions import InputError, UnsupportedError, check_known
from graf.explainers.boosted import boosted_pairs, boosted_values
from graf.explainers.explanation import Explanation
from graf.explainers.mixture import Attribution, mixture_values, weighed
from graf.explainers.shap_values import check_additivity, interaction_values, shap_values
from graf.graph import ComputationGraph
from graf.predictors import PerformancePredictor
from graf.predictors.auto import AutoRegressor
from graf.predictors.boosted import BoostedTrees
from graf.predictors.checks import check_seed
from graf.predictors.levels import nearest_level
from graf.predictors.models import predicted
from graf.predictors.transfer import TransferRegressor
from graf.sources.items import graph_of_item

__all__ = ["explain"]

Floats = NDArray[np.float64]


def explain(
    predictor: PerformancePredictor,
    items: Any,
    *,
    background: Any = None,
    interactions: bool = False,
    random_state: int = 0,
    target: str | None = None,
) -> Explanation:
    """What each feature added to each prediction, as SHAP values.

    Parameters
    ----------
    predictor : a fitted `PerformancePredictor` of model "auto" or of trees: random forest, extra
        trees, gradient boosting, XGBoost.
    items : what the predictor predicts from: architectures, graphs, or a DataFrame indexed by
        architecture. Time grows linearly with them, a few ms each for a forest grown on 1,000 rows;
        about a tenth of a second each for "auto", whose Gaussian processes are sampled
        (`graf.explainers.mixture`; `Explanation.errors` gives the standard errors).
    background : items that stand for an average architecture (interventional SHAP values, far
        slower: explain a sample); None takes the rows that the trees were grown on
        (path-dependent). For the processes of "auto" 16 of them, evenly spaced by prediction, stand for all.
    random_state : seed of what is sampled.
    interactions : also what pairs of features do together, in `Explanation.interactions`:
        n_features² numbers for each item and target, at about ten times the time.
    target : the one to explain; None for all that the predictor knows.

    Returns
    -------
    Explanation
        Values and base value add up to the prediction, row by row; this is checked. Where predictions take few
        values (`PerformancePredictor.levels_`), the base value of a row is that of the model and how far its
        prediction was moved to the nearest.

    Raises
    ------
    InputError
        If `predictor` is not a predictor, the items are not what it was fitted on, or interactions
        are asked for with a background.
    sklearn.exceptions.NotFittedError
        If it is not fitted.
    UnknownNameError
        If the predictor has no such target.
    UnsupportedError
        If its model is neither "auto" nor one of trees, its prediction is not a sum over their leaves,
        or interactions are asked of "auto".

    References
    ----------
    S. Lundberg, S.-I. Lee, A unified approach to interpreting model predictions, NeurIPS 2017.

    Examples
    --------
    >>> from graf import PerformancePredictor, get_space
    >>> cells = get_space("nasbench201").sample(60)
    >>> predictor = PerformancePredictor().fit(cells, [cell.count("conv_3x3") for cell in cells])
    >>> explain(predictor, cells[:5]).importance(by="operation").index[0]
    'conv3x3'
    """
    if not isinstance(predictor, PerformancePredictor):
        raise InputError(f"`predictor` must be a fitted PerformancePredictor, got {type(predictor).__name__}")
    check_seed(random_state)
    if interactions:
        _check_pairs(predictor, background)
    check_is_fitted(predictor, "estimators_")
    models = _models(predictor, target)
    data = predictor.features_table(items)
    X = data.to_numpy(np.float64)
    rows = None if background is None else predictor.features_table(background).to_numpy(np.float64)
    found = [
        _explained(model, predictor.levels_[name], X, rows, random_state) for name, model in models.items()
    ]
    values, errors, bases, predictions = (np.stack(part, axis=-1) for part in zip(*found, strict=True))
    everything = Explanation(
        values=values,
        base_values=bases,
        predictions=predictions,
        data=data,
        target_names=tuple(models),
        columns=predictor.inputs_.columns,
        graph_of=_graphs(predictor, items),
        interactions=_pairs(models, X) if interactions else None,
        errors=errors,
    )
    return everything if len(models) > 1 else everything.select(everything.target_names[0])


def _models(predictor: PerformancePredictor, target: str | None) -> dict[str, Any]:
    """The fitted models of the targets to explain."""
    if target is None:
        return predictor.estimators_
    check_known("target", target, predictor.target_names_)
    return {target: predictor.estimators_[target]}


def _check_pairs(predictor: PerformancePredictor, background: Any) -> None:
    if background is not None:
        raise InputError("`interactions` are path-dependent: leave `background` out")
    if predictor.model == "auto":
        raise UnsupportedError(
            "`interactions` need a model of trees, got 'auto'; leave them out, or fit model='xgboost'"
        )


def _explained(
    model: Any, levels: Floats, X: Floats, background: Floats | None, random_state: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Values (n, n_features), their standard errors, base values (n,) and predictions (n,) of one target."""
    values, errors, base = _values(model, X, background, random_state)
    of_model = predicted(model, X)
    check_additivity(model, values, base, of_model)
    predictions = nearest_level(levels, of_model)
    return values, errors, base + (predictions - of_model), predictions


def _values(model: Any, X: Floats, background: Floats | None, random_state: int) -> Attribution:
    """Values, their standard errors, which are 0 for trees, and the base value."""
    if isinstance(model, AutoRegressor):
        return mixture_values(model, X, background, random_state)
    if isinstance(model, BoostedTrees):
        return boosted_values(model, X, background)
    if isinstance(model, TransferRegressor):
        return _shared_values(model, X, background, random_state)
    values, base = shap_values(model, X, background)
    return values, np.zeros_like(values), base


def _shared_values(
    model: TransferRegressor, X: Floats, background: Floats | None, random_state: int
) -> Attribution:
    """The weighted sum of the values of the own model and of those of other targets."""
    weight, slopes, constant = model.coefficients()
    models = [model.own_, *(model.helpers[name] for name in slopes)]
    parts = [_values(part, X, background, random_state) for part in models]
    values, errors, base = weighed((weight, *slopes.values()), parts)
    return values, errors, constant + base


def _pairs(models: dict[str, Any], X: Floats) -> Floats:
    pairs = [
        boosted_pairs(model, X) if isinstance(model, BoostedTrees) else interaction_values(model, X)
        for model in models.values()
    ]
    return np.stack(pairs, axis=-1)


def _graphs(predictor: PerformancePredictor, items: Any) -> Callable[[int], ComputationGraph] | None:
    """What gives the graph of the item at a position."""
    graph = predictor.inputs_.graph
    if graph is None:
        return None
    return partial(graph_of_item, items, space=graph.space_, published=graph.compat is not None)
