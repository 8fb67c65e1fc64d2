"""Problem: what is searched, what is wanted of it, and who measures it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from graf.datasets import Dataset
from graf.exceptions import ArchitectureError, InputError
from graf.predictors import PerformancePredictor
from graf.searchers.constraint import Limits, read_constraints
from graf.searchers.domains import Domain, ListDomain, SpaceDomain
from graf.searchers.feasible import constrained
from graf.searchers.joint import Joint
from graf.searchers.objective import VALUE, read_directions, taken_columns
from graf.sources.items import LISTS, architectures_of, text_of
from graf.spaces import SearchSpace, infer_space

__all__ = ["Problem", "is_fitted", "predicted_by", "read_problem"]


@dataclass(frozen=True)
class Problem:
    """A domain, the directions of the objectives by name, and the objective, None where others measure."""

    domain: Domain
    directions: dict[str, str]
    objective: Callable[..., Any] | None = None

    def limited(self, recipe: Mapping[str, Sequence[Any]] | None, constraints: Any, data: Any) -> Problem:
        """The problem with a recipe to choose too, and within constraints on columns of a dataset."""
        taken = [name for name in recipe or () if name in taken_columns(self.directions)]
        if taken:
            raise InputError(f"`recipe`: a setting cannot be called {taken[0]!r:.60}; choose another name")
        domain = Joint(self.domain, recipe) if recipe else self.domain
        limits = read_constraints(constraints)
        if limits:
            domain = constrained(domain, Limits(limits, domain, _measured(data)))
        return replace(self, domain=domain)


def read_problem(space: Any, objective: Any, direction: str | Mapping[str, str] | None) -> Problem:
    """The problem that arguments of `graf.search` describe."""
    if isinstance(space, Dataset) and not callable(objective) and objective is not None:
        return _of_dataset(space, objective, direction)
    domain = _domain(space)
    directions = read_directions("max" if direction is None else direction)
    if isinstance(objective, (pd.Series, pd.DataFrame)):
        return _of_table(domain.space, objective, directions, domain)
    if objective is not None and not callable(objective):
        raise InputError(
            "`objective` must be a function of an architecture, a Series or DataFrame indexed by architecture,"
            f" or a target where `space` is a Dataset, got {type(objective).__name__}"
        )
    return Problem(domain, directions, objective)


def _measured(data: Any) -> pd.DataFrame:
    """The numeric columns of a dataset, if that is what is searched."""
    if not isinstance(data, Dataset):
        return pd.DataFrame()
    table = pd.concat([data.targets, data.proxies, data.info.select_dtypes("number")], axis=1)
    return table.loc[:, ~table.columns.duplicated()]


def is_fitted(predictor: Any) -> bool:
    """Whether it is a predictor that can predict."""
    return isinstance(predictor, PerformancePredictor) and hasattr(predictor, "estimators_")


def predicted_by(predictor: PerformancePredictor) -> Callable[[str], Any]:
    """The objective that asks a fitted predictor; several targets go by their names."""
    names = predictor.target_names_

    def answer(architecture: str) -> Any:
        values = np.asarray(predictor.predict([architecture]), np.float64).ravel()
        return values if len(names) == 1 else dict(zip(names, values, strict=True))

    return answer


def _domain(space: Any) -> Domain:
    if isinstance(space, Domain):
        return space
    if isinstance(space, Dataset):
        return ListDomain(space.architectures, space.space)
    if isinstance(space, (str, SearchSpace)):
        return SpaceDomain(space)
    if not isinstance(space, LISTS):
        raise InputError(
            f"`space` must be a search space, its name, a Dataset or a list of architectures, got {type(space).__name__}"
        )
    if len(space) == 0:
        raise InputError("`space` must hold at least one architecture, got an empty list")
    architectures = architectures_of(space)
    if architectures is None:
        raise InputError("`space` must hold architectures, got graphs, which have no names to search by")
    found = _space_of(architectures)
    return ListDomain([str(one) if found is None else text_of(one, found) for one in architectures], found)


def _space_of(architectures: list[Any]) -> SearchSpace | None:
    """The space that all of them are written in."""
    try:
        space = infer_space(architectures)
        space.choices(architectures)
    except ArchitectureError:
        return None
    return space


def _of_dataset(data: Dataset, names: Any, direction: str | Mapping[str, str] | None) -> Problem:
    if isinstance(names, (pd.Series, pd.DataFrame)):
        directions = read_directions("max" if direction is None else direction)
        return _of_table(data.space, names, directions, ListDomain(data.architectures, data.space))
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        data.check_target(name)
    if isinstance(direction, str):
        direction = dict.fromkeys(wanted, direction)
    known = {name: str(data.metadata.loc[name, "direction"]) for name in wanted}
    directions = known if direction is None else known | read_directions(direction)
    if len(wanted) != 1:  # one alone is called "value"
        directions = read_directions(directions)
    return _of_table(data.space, data.targets[wanted], directions, None)


def _of_table(
    space: SearchSpace | None,
    table: pd.Series[Any] | pd.DataFrame,
    directions: dict[str, str],
    among: Domain | None,
) -> Problem:
    """Rows of a table that lack nothing are what is searched, and what is measured."""
    frame = table.to_frame(VALUE) if isinstance(table, pd.Series) else table
    if len(directions) == 1 and len(frame.columns) == 1:
        frame, directions = frame.set_axis([VALUE], axis=1), {VALUE: next(iter(directions.values()))}
    missing = [name for name in directions if name not in frame]
    if missing or not set(frame.columns) <= set(directions):
        raise InputError(
            f"`direction` must say 'max' or 'min' for each of {list(frame.columns)}, got {directions}"
        )
    frame = frame[list(directions)].dropna()
    frame = frame[~frame.reset_index().duplicated().to_numpy()]
    if not frame.index.is_unique:
        again = frame.index[frame.index.duplicated()][0]
        raise InputError(
            f"what is searched has several values of {again!r:.200}; keep one row of each architecture, such as those"
            " of one recipe: data.select(rows)"
        )
    names = [str(name) for name in frame.index]
    if isinstance(among, ListDomain):
        names = [name for name in names if _is_in(among, name)]
    if not names:
        raise InputError("`objective` holds no value of any architecture that is searched; index it by these")
    domain = ListDomain(names, space)
    rows = frame.set_axis([str(name) for name in frame.index]).to_dict("index")
    return Problem(domain, directions, lambda architecture: rows[architecture])


def _is_in(domain: Domain, name: str) -> bool:
    try:
        domain.read(name)
    except ArchitectureError:
        return False
    return True
