"""Strategy: the one interface of all ways to search."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from inspect import formatannotation
from numbers import Real
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.checks import is_whole
from graf.exceptions import InputError
from graf.searchers.domains import Domain
from graf.searchers.fitness import fitness
from graf.searchers.fitted import Fitted
from graf.searchers.history import History, Trial
from graf.searchers.surrogate import Surrogate

__all__ = ["Proposal", "State", "Strategy", "child_or_draw", "draw_untried", "make_untried"]

TRIES = 50
LISTED = 2000  # candidates looked through where a domain cannot be listed


class Proposal(NamedTuple):
    """A candidate to measure, the number of the trial it was made from, and what was predicted of it."""

    candidate: str
    parent: int | None = None
    predicted: dict[str, float] = {}  # noqa: RUF012 - never changed
    std: dict[str, float] = {}  # noqa: RUF012 - never changed


@dataclass(frozen=True)
class State:
    """What a strategy may look at.

    Parameters
    ----------
    domain : what is searched; constraints are already in it.
    history : all that was asked and told so far.
    rng : the only source of chance, made anew from the seed and the number of the trial.
    surrogate : the predictor, ready to be fitted on the history.
    goal : "front" for trade-offs between objectives, "each" for the best of each of them.
    """

    domain: Domain
    history: History
    rng: np.random.Generator
    surrogate: Surrogate
    goal: str = "front"
    taken: set[str] = field(default_factory=set)

    def is_new(self, candidate: str) -> bool:
        """Whether it was neither asked for before nor proposed in this batch."""
        return candidate not in self.history.tried and candidate not in self.taken

    @property
    def wants_front(self) -> bool:
        """Whether trade-offs between several objectives are wanted."""
        return len(self.history.directions) > 1 and self.goal == "front"

    def fitness(self, trials: list[Trial]) -> NDArray[np.float64]:
        """One number for each measured trial, (n,), more is better; see `graf.searchers.fitness`."""
        return fitness(self.history.gains(trials), self.goal)

    def fitted(self) -> Fitted:
        """The predictor, fitted on the history."""
        return self.surrogate.fitted(self.history, int(self.rng.integers(2**31)), front=self.wants_front)


@dataclass(frozen=True)
class Strategy(ABC):
    """A way to choose what to measure next.

    What it proposes depends on the state alone: it keeps none of its own, so that a search
    that was interrupted goes on as if it had not been. Parameters are fields of a dataclass;
    those that are integers must be positive, those that are floats numbers.
    """

    name: ClassVar[str]
    batch: ClassVar[int] = 1  # how many it likes to propose at once
    least: ClassVar[int] = 0  # measured trials without which it has nothing to learn from, and draws

    def __post_init__(self) -> None:
        for parameter in fields(self):
            value, kinds = getattr(self, parameter.name), _annotation(parameter.type).split(" | ")
            if value is None and "None" in kinds:
                continue
            if "int" in kinds:
                object.__setattr__(self, parameter.name, self._count(parameter.name, value))
            elif "float" in kinds and not (isinstance(value, Real) and value == value):
                raise InputError(f"`{parameter.name}` of {self.name} must be a number, got {value!r}")

    def _count(self, name: str, value: Any) -> int:
        if not is_whole(value, 1):
            raise InputError(f"`{name}` of {self.name} must be a positive integer, got {value!r}")
        return int(value)

    @property
    def needs_std(self) -> bool:
        """Whether the model must tell its uncertainty."""
        return False

    def check(self, domain: Domain, surrogate: Surrogate) -> None:
        """Raise what would stop the strategy later, before anything is measured."""
        if self.needs_std:
            surrogate.check_uncertainty()

    @property
    def first(self) -> int:
        """Number of trials that are drawn before it proposes any of its own."""
        return 0

    def propose(self, n: int, state: State) -> list[Proposal]:
        """At most `n` different candidates that are new: the first ones drawn, then its own."""
        missing = self.first - len(state.history.trials)
        if missing > 0:
            return draw_untried(min(n, missing), state)
        if len(state.history.ok) < self.least:
            return draw_untried(n, state)
        found = self.proposed(n, state)
        for proposal in found:
            if not isinstance(proposal, Proposal):
                raise InputError(
                    f"`proposed` of {type(self).__name__} must give a list of"
                    f" `graf.searchers.strategies.Proposal`, got {proposal!r:.60} in it"
                )
        return found

    @abstractmethod
    def proposed(self, n: int, state: State) -> list[Proposal]:
        """What `propose` gives once the first trials are drawn, and the least are measured."""


def _annotation(kind: Any) -> str:
    """An annotation as it is written, whether or not the module keeps annotations as texts."""
    return kind if isinstance(kind, str) else formatannotation(kind)


def make_untried(make: Callable[[], str], state: State) -> str | None:
    """A new candidate from repeated calls of `make`; None if 50 calls gave none."""
    for _ in range(TRIES):
        candidate = make()
        if state.is_new(candidate):
            state.taken.add(candidate)
            return candidate
    return None


def child_or_draw(make: Callable[[], str], parent: Trial, state: State) -> list[Proposal]:
    """A new child of a trial from repeated calls of `make`; if 50 gave none, a candidate that is drawn."""
    child = make_untried(make, state)
    return draw_untried(1, state) if child is None else [Proposal(child, parent.number)]


def draw_untried(n: int, state: State) -> list[Proposal]:
    """At most `n` new candidates drawn from the domain; fewer only where no more are left."""
    found: list[Proposal] = []
    for _ in range(n):
        candidate = make_untried(lambda: state.domain.sample(1, state.rng)[0], state)
        if candidate is None:
            left = [name for name in _listed(state) if state.is_new(name)]
            if not left:
                break
            candidate = left[state.rng.integers(len(left))]
            state.taken.add(candidate)
        found.append(Proposal(candidate))
    return found


def _listed(state: State) -> Sequence[str]:
    """All candidates, or where they are too many a great number of them."""
    if state.domain.members is not None:
        return state.domain.members
    return state.domain.sample(LISTED, state.rng)
