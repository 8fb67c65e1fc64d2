"""Local search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from graf.searchers.history import OK, Trial
from graf.searchers.strategies.base import Proposal, State, Strategy, draw_untried

__all__ = ["LocalSearch"]


@dataclass(frozen=True)
class LocalSearch(Strategy):
    """Neighbours of the best so far, until none is better; then from another start.

    Neighbours are tried in random order, and the search moves on as soon as one is better (White,
    Nolen & Savani, Exploring the loss landscape in neural architecture search, UAI 2021).

    Parameters
    ----------
    starts : candidates that are drawn for each start; the best of them is where it begins.
    """

    name: ClassVar[str] = "local"
    starts: int = 1

    def proposed(self, n: int, state: State) -> list[Proposal]:
        """Neighbours of the current trial, or starts; linear in the number of neighbours."""
        climb = _since_last_start(state.history.trials)
        missing = self.starts - len(climb) if all(trial.parent is None for trial in climb) else 0
        if missing > 0:
            return draw_untried(min(n, missing), state)
        measured = [trial for trial in climb if trial.status == OK]
        found: list[Proposal] = []
        if measured:
            current = measured[int(np.argmax(state.fitness(measured)))]
            around = [name for name in state.domain.neighbours(current.candidate) if state.is_new(name)]
            order = state.rng.permutation(len(around))[:n]
            found = [Proposal(around[i], current.number) for i in order]
        return found or draw_untried(min(n, self.starts), state)


def _since_last_start(trials: list[Trial]) -> list[Trial]:
    """The last run of starts and what followed."""
    first = len(trials)
    while first > 0 and trials[first - 1].parent is not None:
        first -= 1
    while first > 0 and trials[first - 1].parent is None:
        first -= 1
    return trials[first:]
