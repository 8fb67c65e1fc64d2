"""Regularised evolution."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from graf.searchers.fitness import fitness
from graf.searchers.history import FAILED
from graf.searchers.strategies.base import Proposal, State, Strategy, draw_untried, make_untried

__all__ = ["Evolution"]


@dataclass(frozen=True)
class Evolution(Strategy):
    """Mutations of the best of a random sample of the youngest trials.

    The population is the last `population` trials, so that the oldest dies whatever its worth
    (Real, Aggarwal, Huang & Le, Regularized evolution for image classifier architecture search,
    AAAI 2019). With several objectives, the best is dominated by the fewest.

    Parameters
    ----------
    population : how many trials are alive; the first ones are drawn.
    sample : how many of them compete to be the parent.
    """

    name: ClassVar[str] = "evolution"
    population: int = 20
    sample: int = 5

    def propose(self, n: int, state: State) -> list[Proposal]:
        """Draw the first population, then mutate; linear in `n` and the population."""
        missing = self.population - len(state.history.trials)
        if missing > 0:
            return draw_untried(min(n, missing), state)
        alive = [trial for trial in state.history.trials if trial.status != FAILED][-self.population :]
        alive = [trial for trial in alive if trial.values]
        if not alive:
            return draw_untried(n, state)
        fit = fitness(state.history.gains(alive), state.goal)
        found: list[Proposal] = []
        for _ in range(n):
            rivals = state.rng.permutation(len(alive))[: self.sample]
            parent = alive[rivals[np.argmax(fit[rivals])]]
            child = make_untried(lambda p=parent: state.domain.mutate(p.candidate, state.rng), state)  # type: ignore[misc]
            found += draw_untried(1, state) if child is None else [Proposal(child, parent.number)]
        return found
