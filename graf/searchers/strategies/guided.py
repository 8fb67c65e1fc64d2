"""Search guided by a predictor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import InputError, check_known
from graf.searchers.domains import Domain
from graf.searchers.fitted import Fitted
from graf.searchers.outlook import Outlook
from graf.searchers.strategies.acquisition import (
    ACQUISITIONS,
    expected_improvement,
    outcomes,
    volume_gained,
)
from graf.searchers.strategies.base import Proposal, State, Strategy, draw_untried
from graf.searchers.strategies.pools import pool
from graf.searchers.surrogate import Surrogate

__all__ = ["Guided"]

Floats = NDArray[np.float64]
LIKENESS = 4  # power of the share of equal choices that lowers the uncertainty of a batch


class Breadth(NamedTuple):
    """How widely candidates are taken; named as the parameters of `Guided`."""

    pool: int
    elite: int
    explored: float
    drawn: float


NARROW = Breadth(2000, 10, 0.2, 0.0)  # one objective
BROAD = Breadth(4000, 40, 0.5, 0.0)  # several, whose best lie far apart
FRONT = BROAD._replace(drawn=0.2)


@dataclass(frozen=True)
class Guided(Strategy):
    """Fit a predictor on what was measured, and measure what it expects most of.

    Candidates are drawn and made from the best trials by mutation and crossover. One objective
    is judged by the acquisition alone; several by the hypervolume that outcomes would add to the
    front (Emmerich et al. 2006), noise left out, or, with the goal "each", one objective after the other. After each pick of a
    batch, candidates like it count as less uncertain, so that batches are diverse.

    Parameters
    ----------
    acquisition : "ucb" (upper confidence), "thompson", "ei" (expected improvement), or "mean",
        which needs no uncertainty; None for "ei" where a front is wanted, "ucb" elsewhere.
    beta : standard deviations that upper confidence adds.
    initial : measurements, drawn, before the first fit.
    pool : candidates that are predicted for each batch; None for 2,000 with one objective and 4,000 with
        several, whose best lie far apart.
    elite : best trials that they are made from; None for 10 with one objective and 40 with several.
    explored : share of the pool that is drawn; None for a fifth with one objective and half with several.
    drawn : share of each batch that is drawn instead, in the mean; None for a fifth where a front is
        wanted, else for none: a predictor of trials that all lie near one part of the front knows too
        little of the rest to be uncertain enough about it.
    """

    name: ClassVar[str] = "guided"
    batch: ClassVar[int] = 5
    least: ClassVar[int] = 2
    acquisition: str | None = None
    beta: float = 1.0
    initial: int = 10
    pool: int | None = None
    elite: int | None = None
    explored: float | None = None
    drawn: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.acquisition is not None:
            check_known("acquisition", self.acquisition, ACQUISITIONS)
        for name in ("explored", "drawn"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise InputError(f"`{name}` must be a share between 0 and 1, got {value!r}")

    @property
    def needs_std(self) -> bool:
        """Whether the model must tell its uncertainty."""
        return self.acquisition != "mean"

    def check(self, domain: Domain, surrogate: Surrogate) -> None:
        """Raise what is wrong with the predictor or its columns."""
        super().check(domain, surrogate)
        surrogate.check_columns(self.first)

    @property
    def first(self) -> int:
        """The first `initial` trials are drawn."""
        return self.initial

    def proposed(self, n: int, state: State) -> list[Proposal]:
        """Fit, predict the pool and pick."""
        breadth = self._breadth(len(state.history.directions) > 1, state.wants_front)
        candidates = pool(breadth.pool, breadth.elite, breadth.explored, state)
        if not candidates:
            return draw_untried(n, state)
        fitted = state.fitted()
        names = list(candidates)
        outlook = fitted.outlook(names, self.needs_std)
        picked = self._picked(n - int(state.rng.binomial(n, breadth.drawn)), names, outlook, state)
        mean, width = outlook.gains(outlook.mean), outlook.width
        found = [_proposal(names[i], candidates[names[i]], fitted, mean[i], width[i]) for i in picked]
        state.taken.update(proposal.candidate for proposal in found)
        return found + draw_untried(n - len(found), state)

    def _breadth(self, several: bool, front: bool) -> Breadth:
        """What was given, and the rest as the number of objectives and the goal ask for."""
        usual = NARROW if not several else FRONT if front else BROAD
        given = {name: getattr(self, name) for name in Breadth._fields if getattr(self, name) is not None}
        return usual._replace(**given)

    def _picked(self, n: int, names: Sequence[str], outlook: Outlook, state: State) -> list[int]:
        """Positions of at most `n` candidates, one after the other."""
        choices = state.domain.choices(names)
        gains, expected = state.history.gains(), outlook.gains(outlook.mean)
        outlook = outlook.without_noise() if state.wants_front else outlook
        free = np.ones(len(names), bool)
        picked: list[int] = []
        for turn in range(min(n, len(names))):
            scores = self._scores(turn, outlook, gains, state)
            at = int(np.argmax(np.where(free, scores, -np.inf)))
            picked.append(at)
            free[at] = False
            likeness = (choices == choices[at]).mean(axis=1, keepdims=True) ** LIKENESS
            outlook = outlook._replace(std=outlook.std * (1 - likeness))
            gains = np.vstack([gains, expected[at]])
        return picked

    def _scores(self, turn: int, outlook: Outlook, gains: Floats, state: State) -> Floats:
        """What measuring each candidate (n,) is expected to bring."""
        if state.wants_front:
            return self._volumes(outlook, gains, state)
        k = (len(state.history.trials) + turn) % gains.shape[1]
        mean, std = outlook.mean[:, k], outlook.std[:, k]
        if self.acquisition == "ei":
            return expected_improvement(mean, std, gains[:, k].max())
        found: Floats = outcomes(self.acquisition or "ucb", mean, std, self.beta, state.rng)[0]
        return found

    def _volumes(self, outlook: Outlook, gains: Floats, state: State) -> Floats:
        scale = np.ptp(gains, axis=0)
        scale = np.where(scale > 0, scale, 1.0)
        drawn = outcomes(self.acquisition or "ei", outlook.mean, outlook.std, self.beta, state.rng)
        gained = volume_gained(gains / scale, outlook.gains(drawn) / scale, state.rng)
        return gained + 1e-9 * (outlook.gains(outlook.mean) / scale).sum(axis=1)


def _proposal(name: str, parent: int | None, fitted: Fitted, mean: Floats, std: Floats) -> Proposal:
    spread = dict(zip(fitted.names, std.tolist(), strict=True)) if std.any() else {}
    return Proposal(name, parent, fitted.told(mean), spread)
