"""search: measure architectures one after the other, choosing what comes next."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graf.exceptions import InputError
from graf.searchers.problem import is_fitted, predicted_by
from graf.searchers.result import SearchResult
from graf.searchers.session import Callback, Search
from graf.searchers.strategies import Strategy

__all__ = ["search"]


def search(
    space: Any,
    objective: Any = None,
    predictor: Any = None,
    budget: int = 100,
    seed: int = 0,
    *,
    strategy: str | Strategy = "guided",
    direction: str | Mapping[str, str] | None = None,
    goal: str = "front",
    constraints: Any = (),
    recipe: Mapping[str, Sequence[Any]] | None = None,
    proxies: Any = None,
    batch: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    callbacks: Iterable[Callback] = (),
    progress: bool = False,
) -> SearchResult:
    """Find good architectures within a budget of measurements.

    Parameters
    ----------
    space : a search space or its name, a `Dataset`, or a list of architectures.
    objective : function of an architecture that gives a number, or several as a sequence or a
        mapping; or a Series or DataFrame indexed by architecture; or the name of a target of the
        dataset, or several. None asks a fitted `predictor`. Where it raises, or gives NaN, the
        architecture is noted as failed and the search goes on.
    predictor : what guides the search: the name of a model ("auto" by default), a scikit-learn
        regressor or a `PerformancePredictor`, of which clones are fitted on what was measured; a
        `random_state` that is None follows the seed.
    budget : how many architectures are measured, failures included.
    seed : of all that is drawn; the same seed gives the same history.
    strategy : a name from `graf.searchers.STRATEGIES`, or one of these with other parameters.
    direction : "max" or "min"; for several objectives by name. A dataset's metadata say it for
        its targets, otherwise it is "max".
    goal : with several objectives, "front" for the trade-offs between them, "each" for the best
        architecture in each (several data sets or devices served by one search).
    constraints : one `Constraint` or several: limits that hold before anything is measured.
    recipe : options by setting, such as {"learning_rate": [0.1, 0.3]}, to be searched together with the
        architecture; the objective gets them by keyword, and they are columns of the history.
    proxies : further columns for the predictor: a DataFrame indexed by architecture, or a
        transformer such as `ZeroCostProxies`.
    batch : how many are chosen at once; by default as the strategy likes.
    checkpoint : a file that keeps all questions and answers. A call with the same arguments goes
        on from it and gives the same history as one that was never stopped; the budget may be larger.
    callbacks : called with the `Search` after each measurement; one that returns True ends it.
    progress : whether to show a bar.

    Returns
    -------
    SearchResult
        `history`, `best`, `front`.

    Raises
    ------
    InputError
        If an argument cannot be used, the objective gives something else than its numbers, or
        the checkpoint is of another search.

    Examples
    --------
    >>> found = search("nasbench201", lambda cell: cell.count("conv_3x3"), budget=40, strategy="evolution")
    >>> found.history.shape[0]
    40
    """
    if objective is None and is_fitted(predictor):
        objective = predicted_by(predictor)
        if direction is None and len(predictor.target_names_) > 1:
            direction = dict.fromkeys(predictor.target_names_, "max")
    if objective is None:
        raise InputError(
            "`objective` is missing: give a function of an architecture, a table or a fitted `predictor`;"
            " to measure elsewhere, use graf.Search with ask() and tell()"
        )
    running = Search(
        space,
        objective,
        predictor,
        seed,
        strategy=strategy,
        direction=direction,
        goal=goal,
        constraints=constraints,
        recipe=recipe,
        proxies=proxies,
        batch=batch,
        checkpoint=checkpoint,
    )
    return running.run(budget, callbacks, progress)
