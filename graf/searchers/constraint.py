"""Constraints: hard limits on what a search may measure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.exceptions import InputError, UnknownNameError
from graf.features import GraphFeatures, parse_column
from graf.predictors import PerformancePredictor
from graf.searchers.domains import Domain, plain_name

__all__ = ["Constraint", "Limits", "read_constraints"]

Floats = NDArray[np.float64]
TOTALS = {"n_parameters": "total(n_parameters)", "n_macs": "total(n_macs)"}


@dataclass(frozen=True, eq=False)
class Constraint:
    """A limit that every architecture must keep before it is measured.

    Parameters
    ----------
    quantity : what is limited: "n_parameters", "n_macs" or the name of a graph feature, computed
        from the graph; the name of a column of the dataset that is searched; a Series of measured
        values indexed by architecture, in any notation of its space; a fitted `PerformancePredictor`
        of one target; or a function of an architecture (and of the recipe by keyword, where one is
        searched too).
    at_most, at_least : the limits, in the unit of the quantity; at least one of them.
    name : what messages call it; by default the name of the quantity.

    Notes
    -----
    An architecture without a value (NaN) does not keep the limit. Values are kept, so that a function
    is asked about an architecture once; of lists and of spaces of at most 20,000 architectures it is asked
    about all before the search begins.

    Raises
    ------
    InputError
        If there is no limit, or the lower is above the upper one.

    Examples
    --------
    >>> Constraint("n_parameters", at_most=1e6)
    Constraint(n_parameters <= 1e+06)
    """

    quantity: Any
    at_most: float | None = None
    at_least: float | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        bounds = [bound for bound in (self.at_least, self.at_most) if bound is not None]
        if not bounds or not all(
            isinstance(bound, (int, float, np.number)) and bound == bound for bound in bounds
        ):
            raise InputError(f"a constraint needs `at_most` or `at_least` as a number, got {bounds}")
        if bounds != sorted(bounds):
            raise InputError(f"`at_least` ({self.at_least}) is above `at_most` ({self.at_most})")

    @property
    def label(self) -> str:
        """What messages call the quantity."""
        found = self.name or (self.quantity if isinstance(self.quantity, str) else None)
        return str(found or getattr(self.quantity, "name", None) or _name_of(self.quantity))

    def excess(self, values: Floats) -> Floats:
        """By how much values are outside of the limits, as a share of the limit; 0 within, inf for NaN."""
        over = np.zeros(len(values))
        for bound, sign in ((self.at_most, 1.0), (self.at_least, -1.0)):
            if bound is not None:
                scale = abs(bound) if 0 < abs(bound) < np.inf else 1.0
                over = np.maximum(over, sign * (values - bound) / scale)
        return np.where(np.isnan(values), np.inf, over)

    def __str__(self) -> str:
        low = "" if self.at_least is None else f"{self.at_least:.6g} <= "
        return f"{low}{self.label}" + ("" if self.at_most is None else f" <= {self.at_most:.6g}")

    def __repr__(self) -> str:
        return f"Constraint({self})"


class Limits:
    """All constraints of a search, asked about candidates of a domain.

    Parameters
    ----------
    constraints : one or several.
    domain : where candidates come from.
    columns : measured columns by name, indexed by architecture.
    """

    def __init__(self, constraints: Sequence[Constraint], domain: Domain, columns: pd.DataFrame) -> None:
        self.constraints, self.domain = list(constraints), domain
        self._quantities = [_quantity(constraint, domain, columns) for constraint in self.constraints]
        self._known: dict[str, tuple[float, ...]] = {}

    def values(self, candidates: Sequence[str]) -> Floats:
        """Quantities, (n, constraints)."""
        new = [name for name in dict.fromkeys(candidates) if name not in self._known]
        if new:
            found = np.column_stack([quantity(new) for quantity in self._quantities])
            self._known.update(zip(new, map(tuple, found.tolist()), strict=True))
        return np.array([self._known[name] for name in candidates], np.float64)

    def excess(self, candidates: Sequence[str]) -> Floats:
        """By how much candidates break the constraints, summed (n,); 0 where they keep all."""
        values = self.values(candidates)
        parts = [constraint.excess(values[:, i]) for i, constraint in enumerate(self.constraints)]
        total: Floats = np.sum(parts, axis=0)
        return total

    def infeasible(self, candidates: Sequence[str]) -> InputError:
        """What to raise where none of the candidates keeps the constraints; names the nearest."""
        best = int(np.argmin(self.excess(candidates)))
        values = self.values([candidates[best]])[0]
        facts = ", ".join(f"{c.label} = {v:.6g}" for c, v in zip(self.constraints, values, strict=True))
        wanted = " and ".join(map(str, self.constraints))
        return InputError(
            f"no architecture keeps {wanted}; the nearest of {len(candidates):,} looked at has {facts}:"
            f" {candidates[best]:.300}; loosen a limit"
        )


def read_constraints(constraints: Any) -> list[Constraint]:
    """One or several constraints as a list."""
    found = list(constraints) if np.iterable(constraints) else [constraints]
    for constraint in found:
        if not isinstance(constraint, Constraint):
            raise InputError(f"`constraints` must hold Constraint objects, got {constraint!r:.100}")
    return found


def _quantity(
    constraint: Constraint, domain: Domain, columns: pd.DataFrame
) -> Callable[[Sequence[str]], Floats]:
    quantity = constraint.quantity
    if isinstance(quantity, str):
        return _named(quantity, domain, columns)
    if isinstance(quantity, pd.Series):
        return _column(quantity, domain)
    if isinstance(quantity, PerformancePredictor):
        targets = getattr(quantity, "target_names_", ["an unfitted predictor"])
        if len(targets) != 1 or not hasattr(quantity, "estimators_"):
            raise InputError(
                f"a constraint needs a fitted predictor of one target, got {', '.join(targets)}; fit it with one"
            )
        return lambda names: np.asarray(quantity.predict(domain.architectures(names)), float).ravel()
    if callable(quantity):
        return lambda names: np.array(
            [_call(quantity, *domain.arguments(name)) for name in names], np.float64
        )
    raise InputError(
        "`quantity` of a constraint must be a name, a Series, a fitted predictor or a function,"
        f" got {type(quantity).__name__}"
    )


def _named(name: str, domain: Domain, columns: pd.DataFrame) -> Callable[[Sequence[str]], Floats]:
    if name in columns:
        return _column(columns[name], domain)
    try:
        column = str(parse_column(TOTALS.get(name, name)))
    except InputError:
        raise UnknownNameError("quantity of a constraint", name, [*TOTALS, *columns]) from None
    if domain.space is None:
        raise InputError(f"{name!r} is computed from graphs, and graf does not know the search space")
    features = GraphFeatures(domain.space, [column])
    features.fit(domain.architectures(domain.sample(1, np.random.default_rng(0))))
    return lambda names: features.transform(domain.architectures(names)).to_numpy(np.float64)[:, 0]


def _column(values: pd.Series[Any], domain: Domain) -> Callable[[Sequence[str]], Floats]:
    if not values.index.is_unique:
        again = values.index[values.index.duplicated()][0]
        raise InputError(f"a column that is limited has several rows of {again!r:.200}; give one each")
    written = partial(plain_name, domain.space)
    try:
        numbers = values.to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"a column that is limited must hold numbers ({error})") from None
    # of several that are the same architecture, the first counts
    rows = reversed(list(zip(values.index, numbers.tolist(), strict=True)))
    known = {written(name): value for name, value in rows}
    return lambda names: np.array([known.get(written(name), np.nan) for name in domain.architectures(names)])


def _call(function: Callable[..., Any], architecture: str, recipe: dict[str, Any]) -> float:
    found = function(architecture, **recipe)
    try:
        return np.nan if found is None else float(found)
    except (TypeError, ValueError):
        raise InputError(
            f"`quantity` of a constraint must give a number or None, got {found!r:.100} for {architecture!r:.200}"
        ) from None


def _name_of(quantity: Any) -> str:
    if isinstance(quantity, PerformancePredictor):
        return str(getattr(quantity, "target_names_", ["prediction"])[0])
    return str(getattr(quantity, "__name__", type(quantity).__name__))
