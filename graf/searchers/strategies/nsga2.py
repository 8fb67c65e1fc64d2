"""NSGA-II, by pymoo, on measured or on predicted objectives."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import check_known, require
from graf.searchers.domains import Domain
from graf.searchers.strategies.base import Proposal, State, Strategy, draw_untried, make_untried
from graf.searchers.surrogate import Surrogate

__all__ = ["NSGA2"]

ON = ("measured", "predicted")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class NSGA2(Strategy):
    """Children of a population that is sorted by fronts and crowding (Deb et al., IEEE TEC 2002).

    Sampling, mutation and crossover are those of the search space; survival and selection pymoo's
    (Blank & Deb, IEEE Access 2020). On measured objectives every child is measured. On predicted
    ones, whole generations live on a predictor's word, and those of the last population that are
    new are measured, the least crowded of the first fronts first.

    Parameters
    ----------
    population : size of the population; the first one is drawn.
    on : "measured" or "predicted".
    generations : of a population on predicted objectives, for each batch.

    Raises
    ------
    MissingDependencyError
        Without pymoo.
    """

    name: ClassVar[str] = "nsga2"
    batch: ClassVar[int] = 10
    least: ClassVar[int] = 2
    population: int = 20
    on: str = "measured"
    generations: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        check_known("choice of `on`", self.on, ON)
        require("pymoo", extra="search")  # now, not after the first population was measured

    def check(self, domain: Domain, surrogate: Surrogate) -> None:
        """Raise what is wrong with the predictor's columns, where one is asked."""
        super().check(domain, surrogate)
        if self.on == "predicted":
            surrogate.check_columns(self.first)

    @property
    def first(self) -> int:
        """The first `population` trials are drawn."""
        return self.population

    def proposed(self, n: int, state: State) -> list[Proposal]:
        """Children; quadratic in the population."""
        trials = state.history.ok
        names = [trial.candidate for trial in trials]
        costs = -state.history.gains(trials)
        found = (
            self._measured(n, names, costs, state)
            if self.on == "measured"
            else self._predicted(n, names, costs, state)
        )
        return found + draw_untried(n - len(found), state)

    def _measured(self, n: int, names: list[str], costs: Floats, state: State) -> list[Proposal]:
        """Children of the survivors of each generation so far."""
        numbers = {trial.candidate: trial.number for trial in state.history.trials}
        alive = list(range(min(self.population, len(names))))
        for first in range(self.population, len(names), self.population):
            joined = [*alive, *range(first, min(first + self.population, len(names)))]
            alive = [joined[i] for i in _survivors(costs[joined], self.population, state)]
        pairs = _parents(costs[alive], n, state)
        found: list[Proposal] = []
        for first, second in pairs:
            a, b = names[alive[first]], names[alive[second]]
            child = make_untried(partial(_child, a, b, state), state)
            found += [] if child is None else [Proposal(child, numbers[a])]
        return found

    def _predicted(self, n: int, names: list[str], costs: Floats, state: State) -> list[Proposal]:
        """The new ones of a population that has evolved on predictions."""
        fitted = state.fitted()
        size = max(self.population, 2 * n)
        alive = [names[i] for i in _survivors(costs, size, state)]
        for _ in range(self.generations):
            now = -fitted.gains(alive, std=False)[0]
            children = [_child(alive[a], alive[b], state) for a, b in _parents(now, size, state)]
            joined = list(dict.fromkeys([*alive, *children]))
            predicted = -fitted.gains(joined, std=False)[0]
            alive = [joined[i] for i in _survivors(predicted, size, state)]
        new = [name for name in alive if state.is_new(name)]
        if not new:
            return []
        gains = fitted.gains(new, std=False)[0]
        found = []
        for i in _survivors(-gains, n, state):
            state.taken.add(new[i])
            found.append(Proposal(new[i], None, fitted.told(gains[i])))
        return found


def _child(first: str, second: str, state: State) -> str:
    return state.domain.mutate(state.domain.crossover(first, second, state.rng), state.rng)


def _survivors(costs: Floats, n: int, state: State) -> list[int]:
    """Positions of the `n` that survive, by pymoo's rank and crowding."""
    population, problem, survival = _pymoo(costs)
    kept = survival.do(problem, population, n_survive=min(n, len(costs)), random_state=state.rng)
    return [int(individual.get("at")) for individual in kept]


def _parents(costs: Floats, n: int, state: State) -> list[tuple[int, int]]:
    """Positions of `n` pairs, by pymoo's binary tournament on rank and crowding."""
    from pymoo.algorithms.moo.nsga2 import binary_tournament
    from pymoo.operators.selection.tournament import TournamentSelection

    population, problem, survival = _pymoo(costs)
    ranked = survival.do(problem, population, n_survive=len(costs), random_state=state.rng)
    selection = TournamentSelection(func_comp=binary_tournament)
    settings = SimpleNamespace(tournament_type="comp_by_dom_and_crowding", random_state=state.rng)
    pairs = selection.do(problem, ranked, n, 2, to_pop=False, random_state=state.rng, algorithm=settings)
    return [(int(ranked[a].get("at")), int(ranked[b].get("at"))) for a, b in np.asarray(pairs).tolist()]


def _pymoo(costs: Floats) -> tuple[Any, Any, Any]:
    from pymoo.core.population import Population
    from pymoo.core.problem import Problem
    from pymoo.operators.survival.rank_and_crowding import RankAndCrowding

    at = np.arange(len(costs))
    population = Population.new(X=at[:, None], F=costs, at=at)
    return population, Problem(n_var=1, n_obj=costs.shape[1]), RankAndCrowding()
