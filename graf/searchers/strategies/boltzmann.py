"""Samples of a Boltzmann machine that was trained on the best trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from graf.exceptions import InputError
from graf.searchers.boltzmann import gibbs, train
from graf.searchers.boltzmann.chains import Chains, read_chains
from graf.searchers.boltzmann.gibbs import uniform
from graf.searchers.boltzmann.machine import Ints
from graf.searchers.boltzmann.training import check_rates
from graf.searchers.strategies.base import Proposal, State, Strategy, draw_untried

__all__ = ["Boltzmann"]

DRAWS = 20  # samples at once, for each candidate that is wanted


@dataclass(frozen=True)
class Boltzmann(Strategy):
    """New samples of a Boltzmann machine that learned which choices the best trials share.

    The machine has an energy for every option and for every pair of options of two choices; it is
    trained anew for each batch, so that it learns from all that was told. No predictor is
    used.

    Parameters
    ----------
    chains : "cd", "pcd", "annealer" or an `Annealer` with any `dimod` sampler: where the Markov
        chains of training begin (see `graf.searchers.boltzmann.train`), and those that candidates are
        drawn by, where "pcd" begins anew at uniform states.
    start : trials that are drawn at first.
    good : share of the trials that is learned from.
    steps, sweeps, learning_rate, decay : of training; few steps and some decay keep a machine that
        saw few trials from repeating them.
    """

    name: ClassVar[str] = "boltzmann"
    batch: ClassVar[int] = 5
    least: ClassVar[int] = 1
    chains: Chains = "pcd"
    start: int = 20
    good: float = 0.15
    steps: int = 50
    sweeps: int = 5
    learning_rate: float = 0.2
    decay: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.good <= 1:
            raise InputError(f"`good` of {self.name} must be above 0 and at most 1, got {self.good!r}")
        check_rates(self.learning_rate, self.decay)
        read_chains(self.chains)  # raises if there are none of this name

    @property
    def first(self) -> int:
        """The first `start` trials are drawn."""
        return self.start

    def proposed(self, n: int, state: State) -> list[Proposal]:
        """Train and sample; quadratic in the number of options."""
        if state.domain.space is None:  # a list without a space has nothing to learn
            return draw_untried(n, state)
        trials = state.history.ok
        fit = state.fitness(trials)
        best = np.argsort(-fit, kind="stable")[: max(1, round(self.good * len(trials)))]
        data = state.domain.choices([trials[i].candidate for i in best]).astype(np.int64)
        samples = self._samples(n, data, state)
        new = [name for name in dict.fromkeys(state.domain.from_choices(samples)) if state.is_new(name)][:n]
        state.taken.update(new)
        return [Proposal(name) for name in new] + draw_untried(n - len(new), state)

    def _samples(self, n: int, data: Ints, state: State) -> Ints:
        """Choices of many samples, in the order in which they were drawn."""
        machine = train(
            data,
            state.domain.cardinalities,
            self.chains,
            steps=self.steps,
            sweeps=self.sweeps,
            learning_rate=self.learning_rate,
            decay=self.decay,
            seed=int(state.rng.integers(2**31)),
        )
        first = uniform(machine, DRAWS * n, state.rng)
        begun = read_chains(self.chains)(machine, data, first, state.rng)
        return gibbs(machine, begun, self.sweeps, state.rng)
