"""Pools: the candidates that a predictor is asked about before one is measured."""

from __future__ import annotations

import numpy as np

from graf.searchers.strategies.base import State

__all__ = ["pool"]

DOUBLE, CROSSED = 0.3, 0.2  # shares of the mutations that are two steps, or of a crossover


def pool(size: int, elite: int, explored: float, state: State) -> dict[str, int | None]:
    """At most `size` new candidates and the trial that each was made from.

    All that are left, where they are no more; otherwise a share `explored` is drawn, and the
    others are mutations of the best `elite` trials, of one step, two steps or after a crossover.
    """
    members = state.domain.members
    if members is not None and len(members) <= size + len(state.history.tried):
        return {name: None for name in members if state.is_new(name)}
    found: dict[str, int | None] = {}
    for name in state.domain.sample(int(size * explored), state.rng):
        if state.is_new(name):
            found[name] = None
    trials = state.history.ok
    order = np.argsort(-state.fitness(trials), kind="stable")[:elite]
    best = [trials[i] for i in order]
    for _ in range(size - len(found)):
        first, second = (best[i] for i in state.rng.integers(len(best), size=2))
        kind, name = state.rng.random(), first.candidate
        if kind < CROSSED and second is not first:
            name = state.domain.crossover(name, second.candidate, state.rng)
        name = state.domain.mutate(name, state.rng)
        if kind > 1 - DOUBLE:
            name = state.domain.mutate(name, state.rng)
        if state.is_new(name):
            found.setdefault(name, first.number)
    return found
