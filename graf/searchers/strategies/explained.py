"""Evolution that mutates where, and to what, the explanation of a predictor says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.exceptions import InputError
from graf.explainers import explain
from graf.explainers.blocks import block_scores, reduce_space
from graf.predictors import PerformancePredictor
from graf.searchers.domains import Domain
from graf.searchers.history import Trial
from graf.searchers.strategies.base import Proposal, State, Strategy, child_or_draw
from graf.searchers.surrogate import Surrogate
from graf.spaces.parts.one_hot import one_hot

__all__ = ["Explained"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Explained(Strategy):
    """Regularised evolution with mutations weighted by SHAP values.

    A random forest learns the fitness of the trials from their choices, one-hot, and TreeSHAP
    (Lundberg et al., Nature Machine Intelligence 2020) says what each choice earned. A position
    is mutated the sooner, the less its option earns in the parent than the best option there did
    on average; its new option is the likelier, the more it earned.

    Parameters
    ----------
    population, sample : as in `Evolution`.
    greed : how much weights follow the explanation: 0 mutates uniformly; with 1, a choice that is
        better by the standard deviation of the fitness is e times as likely.
    reduced : also drop options that the effects of options (`graf.explainers.blocks`) show to be
        good for nothing, once the first population is measured, and more trials than there are choices.
    """

    name: ClassVar[str] = "explained"
    batch: ClassVar[int] = 5
    least: ClassVar[int] = 2
    population: int = 20
    sample: int = 5
    greed: float = 3.0
    reduced: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.greed < np.inf:
            raise InputError(f"`greed` must be a number of 0 or more, got {self.greed!r}")

    def check(self, domain: Domain, surrogate: Surrogate) -> None:
        """Raise `InputError` where choices are not those of a search space alone."""
        super().check(domain, surrogate)
        if domain.space is None or len(domain.cardinalities) != len(domain.space.cardinalities):
            raise InputError(
                "the strategy 'explained' needs architectures of a search space, without a recipe"
            )

    @property
    def first(self) -> int:
        """The first `population` trials are drawn."""
        return self.population

    def proposed(self, n: int, state: State) -> list[Proposal]:
        """Fit, explain and mutate. Linear in trials times options."""
        trials = state.history.ok
        fit = state.fitness(trials)
        choices = state.domain.choices([trial.candidate for trial in trials])
        allowed = self._allowed(trials, fit, state)
        earned = _earned(choices, fit, allowed, state) if self.greed else None
        alive = range(max(0, len(trials) - self.population), len(trials))
        found: list[Proposal] = []
        for _ in range(n):
            rivals = state.rng.permutation(alive)[: self.sample]
            at = int(rivals[np.argmax(fit[rivals])])
            mutated = partial(self._mutated, trials[at], choices[at], allowed, earned, state)
            found += child_or_draw(mutated, trials[at], state)
        return found

    def _allowed(self, trials: list[Trial], fit: Floats, state: State) -> list[NDArray[np.int_]]:
        """The options that are left at each position."""
        space = state.domain.space
        assert space is not None  # `check` has seen to it
        options = [np.arange(k) for k in space.cardinalities]
        if not self.reduced or len(trials) <= len(options) or np.ptp(fit) == 0:
            return options
        names = state.domain.architectures([trial.candidate for trial in trials])
        scores = block_scores(space, names, pd.Series(fit, name="fitness"))
        kept = getattr(reduce_space(space, scores, {"fitness": "max"}), "options", None)
        return options if kept is None else [np.array(left) for left in kept]

    def _mutated(
        self,
        parent: Trial,
        row: NDArray[np.int32],
        allowed: list[NDArray[np.int_]],
        earned: list[Floats] | None,
        state: State,
    ) -> str:
        """One choice replaced, if the domain has such a candidate; else a mutation of the domain."""
        others = [np.setdiff1d(options, row[i]) for i, options in enumerate(allowed)]
        gains = [
            np.zeros(len(other)) if earned is None else earned[i][other] - earned[i][row[i]]
            for i, other in enumerate(others)
        ]
        pairs = [(i, option) for i, other in enumerate(others) for option in other.tolist()]
        weights = np.exp(self.greed * np.clip(np.concatenate(gains), -10, 10)) if pairs else np.ones(0)
        if weights.sum() > 0:
            position, option = pairs[state.rng.choice(len(pairs), p=weights / weights.sum())]
            child = row.copy()
            child[position] = option
            if found := state.domain.from_choices(child[None]):
                return found[0]
        return state.domain.mutate(parent.candidate, state.rng)


def _earned(
    choices: NDArray[np.int32], fit: Floats, allowed: list[NDArray[np.int_]], state: State
) -> list[Floats]:
    """Mean SHAP value of each option at each position among the trials that have it.

    In standard deviations of the fitness; 0, what is average, for options that no trial has.
    """
    assert state.domain.space is not None
    cardinalities = state.domain.space.cardinalities
    table = pd.DataFrame(one_hot(choices, cardinalities))
    table.columns = [f"choice{i}" for i in range(table.shape[1])]
    scaled = (fit - fit.mean()) / (fit.std() or 1.0)
    with state.surrogate.clock.measure("fits"):
        predictor = PerformancePredictor(
            "random_forest", features="given", random_state=int(state.rng.integers(2**31))
        )
        values = explain(predictor.fit(table, scaled), table).values
    has = table.to_numpy(np.float64)
    count = has.sum(axis=0)
    mean = np.divide((values * has).sum(axis=0), count, out=np.zeros_like(count), where=count > 0)
    return np.split(mean, np.cumsum(cardinalities)[:-1])
