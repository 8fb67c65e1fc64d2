"""Feasible: the part of a domain that keeps the constraints."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.searchers.constraint import Limits
from graf.searchers.domains import Domain, ListDomain

__all__ = ["Feasible", "constrained"]

FIRST, ROUNDS, BEST, CHILDREN = 300, 20, 10, 20  # the search for one that keeps the constraints
AT_ONCE, TRIES = 8, 6
STEPS = 20


def constrained(domain: Domain, limits: Limits) -> Domain:
    """The part of a domain that keeps the limits; a list is cut down at once.

    Raises `InputError`, which names the nearest architecture, if nothing is left.
    """
    if domain.members is None:
        return Feasible(domain, limits)
    keep = limits.excess(domain.members) == 0
    if not keep.any():
        raise limits.infeasible(domain.members)
    whole = domain if isinstance(domain, ListDomain) else ListDomain(domain.members, domain.space)
    return whole.restricted(keep)


class Feasible(Domain):
    """A domain whose moves are repeated until they keep the limits.

    Parameters
    ----------
    inner : the whole domain.
    limits : what to keep.
    """

    def __init__(self, inner: Domain, limits: Limits) -> None:
        self.inner, self.limits, self.space, self.members = inner, limits, inner.space, None
        self._known = self._first()

    def _first(self) -> list[str]:
        """Some candidates that keep the limits: drawn, or reached by mutation of the nearest."""
        rng = np.random.default_rng(0)
        seen = list(dict.fromkeys(self.inner.sample(FIRST, rng)))
        for _ in range(ROUNDS):
            excess = self.limits.excess(seen)
            if (excess == 0).any():
                return self._keeping(seen)
            nearest = [seen[i] for i in np.argsort(excess, kind="stable")[:BEST]]
            seen += [self.inner.mutate(name, rng) for name in nearest for _ in range(CHILDREN)]
            seen = list(dict.fromkeys(seen))
        raise self.limits.infeasible(seen)

    @property
    def description(self) -> dict[str, Any]:
        """That of the domain, and the constraints."""
        return {**self.inner.description, "constraints": list(map(str, self.limits.constraints))}

    def _kept(self, make: Callable[[], str]) -> str | None:
        """The first that keeps the limits; None if none of 48 does."""
        for _ in range(TRIES):
            drawn = [make() for _ in range(AT_ONCE)]
            if kept := self._keeping(drawn):
                return kept[0]
        return None

    def _keeping(self, candidates: list[str]) -> list[str]:
        if not candidates:
            return []
        return [
            name for name, over in zip(candidates, self.limits.excess(candidates), strict=True) if over == 0
        ]

    def read(self, item: Any) -> str:
        """As the whole domain reads it, whether it keeps the limits or not."""
        return self.inner.read(item)

    def sample(self, n: int, rng: np.random.Generator) -> list[str]:
        """Drawn again until enough keep the limits; where few do, random walks from known ones."""
        found: list[str] = []
        for _ in range(TRIES):
            found += self._keeping(self.inner.sample(max(2 * n, AT_ONCE), rng))
            if len(found) >= n:
                return found[:n]
        return found + self._walks(n - len(found), rng)

    def _walks(self, n: int, rng: np.random.Generator) -> list[str]:
        """Where `n` walks of mutations that keep the limits end."""
        at = [self._known[i] for i in rng.integers(len(self._known), size=n)]
        for _ in range(STEPS):
            steps = [self.inner.mutate(name, rng) for name in at]
            excess = self.limits.excess(steps)
            at = [new if over == 0 else old for old, new, over in zip(at, steps, excess, strict=True)]
        return at

    def mutate(self, candidate: str, rng: np.random.Generator) -> str:
        """One or, where that does not do, two mutations that keep the limits, else one that is drawn."""
        once = self._kept(lambda: self.inner.mutate(candidate, rng))
        twice = once or self._kept(lambda: self.inner.mutate(self.inner.mutate(candidate, rng), rng))
        return twice or self.sample(1, rng)[0]

    def crossover(self, first: str, second: str, rng: np.random.Generator) -> str:
        """A crossover that keeps the limits, else the first."""
        return self._kept(lambda: self.inner.crossover(first, second, rng)) or first

    def neighbours(self, candidate: str) -> list[str]:
        """Those that keep the limits."""
        return self._keeping(self.inner.neighbours(candidate))

    def choices(self, candidates: Sequence[str]) -> NDArray[np.int32]:
        """Those of the whole domain."""
        return self.inner.choices(candidates)

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Those of the whole domain."""
        return self.inner.cardinalities

    def from_choices(self, rows: NDArray[np.integer]) -> list[str]:
        """Those of the whole domain that keep the limits."""
        return self._keeping(self.inner.from_choices(rows))

    def arguments(self, candidate: str) -> tuple[str, dict[str, Any]]:
        """As the whole domain gives them."""
        return self.inner.arguments(candidate)

    def columns(self, candidates: Sequence[str]) -> pd.DataFrame | None:
        """As the whole domain gives them."""
        return self.inner.columns(candidates)

    def shown(self, candidate: str) -> Any:
        """As the whole domain shows it."""
        return self.inner.shown(candidate)

    def options(self, column: str) -> list[Any]:
        """As the whole domain gives them."""
        return self.inner.options(column)
