"""Regularised evolution."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np

from graf.searchers.history import FAILED
from graf.searchers.strategies.base import Proposal, State, Strategy, child_or_draw, draw_untried

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

    @property
    def first(self) -> int:
        """The first `population` trials are drawn."""
        return self.population

    def proposed(self, n: int, state: State) -> list[Proposal]:
        """Mutations of the fittest; linear in `n` and the population."""
        alive = [trial for trial in state.history.trials if trial.status != FAILED][-self.population :]
        alive = [trial for trial in alive if trial.values]
        if not alive:
            return draw_untried(n, state)
        fit = state.fitness(alive)
        found: list[Proposal] = []
        for _ in range(n):
            rivals = state.rng.permutation(len(alive))[: self.sample]
            parent = alive[rivals[np.argmax(fit[rivals])]]
            mutated = partial(state.domain.mutate, parent.candidate, state.rng)
            found += child_or_draw(mutated, parent, state)
        return found
