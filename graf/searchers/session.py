"""Search: a search that others drive, and that can drive itself."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from graf.checks import count
from graf.exceptions import InputError
from graf.searchers.checkpoint import Checkpoint
from graf.searchers.clock import KINDS, Clock
from graf.searchers.history import FAILED, OK, History, Trial
from graf.searchers.objective import Measurement, check_goal, measure
from graf.searchers.parameters import described
from graf.searchers.problem import Problem, read_problem
from graf.searchers.result import SearchResult
from graf.searchers.strategies import State, Strategy, read_strategy
from graf.searchers.surrogate import Surrogate, read_predictor
from graf.searchers.told import read_told

__all__ = ["Callback", "Search"]

Callback = Callable[["Search"], Any]


class Search:
    """A search that others drive: `ask` what to measure, measure it anywhere, `tell`.

    Parameters are those of `graf.search`.

    Attributes
    ----------
    problem : domain, directions and objective.
    trials : all that was asked for.

    Examples
    --------
    >>> search = Search("nasbench201", strategy="random", seed=1)
    >>> cells = search.ask(3)
    >>> search.tell(cells, [cell.count("conv_3x3") for cell in cells])
    >>> int(search.result.best["value"]) == max(cell.count("conv_3x3") for cell in cells)
    True
    """

    def __init__(
        self,
        space: Any,
        objective: Any = None,
        predictor: Any = None,
        seed: int = 0,
        *,
        strategy: str | Strategy = "guided",
        direction: str | Mapping[str, str] | None = None,
        goal: str = "front",
        constraints: Any = (),
        recipe: Mapping[str, Sequence[Any]] | None = None,
        proxies: Any = None,
        batch: int | None = None,
        checkpoint: str | os.PathLike[str] | None = None,
    ) -> None:
        problem = read_problem(space, objective, direction)
        self.problem: Problem = problem.limited(recipe, constraints, space)
        self.strategy = read_strategy(strategy)
        self.seed = count("seed", seed, least=0)
        self.batch = self.strategy.batch if batch is None else count("batch", batch)
        check_goal(goal)
        self.goal = goal
        self._clock = Clock()
        template = read_predictor(predictor)
        self._surrogate = Surrogate(template, self.problem.domain, proxies, self._clock)
        self.strategy.check(self.problem.domain, self._surrogate)
        self._history = History(self.problem.directions)
        self._checkpoint = None if checkpoint is None else Checkpoint(checkpoint, self._settings(template))
        self._seconds = [] if self._checkpoint is None else self._checkpoint.restore(self._history)

    def _settings(self, predictor: Any) -> dict[str, Any]:
        return {
            "space": self.problem.domain.description,
            "objectives": self.problem.directions,
            "goal": self.goal,
            "strategy": described(self.strategy),
            "predictor": described(predictor),
            "batch": self.batch,
            "seed": self.seed,
            "proxies": self._surrogate.proxies.description,
        }

    @property
    def trials(self) -> list[Trial]:
        """All trials, those that are pending too."""
        return list(self._history.trials)

    @property
    def pending(self) -> list[Any]:
        """What was asked for and not told yet."""
        return list(map(self._shown, self._history.pending))

    def ask(self, n: int | None = None) -> list[Any]:
        """At most `n` architectures to measure, by default as many as the strategy likes.

        They have not been asked for before. Fewer come back where a strategy still draws its
        first ones, which are a batch of their own, and where the domain holds no others.
        """
        n = self.batch if n is None else count("n", n)
        first = len(self._history.trials)
        rng = np.random.default_rng([self.seed, first])
        state = State(self.problem.domain, self._history, rng, self._surrogate, self.goal)
        with self._clock.measure("asking"):
            proposals = self.strategy.propose(n, state)
        trials = self._history.add_batch(proposals)
        if trials:
            seconds = self._spent(first)
            if self._checkpoint is not None:
                self._checkpoint.asked(trials, seconds)
        return list(map(self._shown, trials))

    def expect(self, architectures: Sequence[Any]) -> None:
        """Note architectures that are being measured without having been asked for."""
        self._trials_of([self.problem.domain.read(architecture) for architecture in architectures])

    def tell(self, architectures: Any, values: Any) -> None:
        """Note what was measured of one or several architectures.

        Parameters
        ----------
        architectures : one, or a list; also ones that were not asked for.
        values : for one its value, for a list as many: a number, a sequence or mapping of the
            objectives. NaN or None notes a failure, an exception its reason too. A Series or
            DataFrame whose index holds texts is matched with the architectures by it.

        Raises
        ------
        InputError
            If a value is no number, the numbers of architectures and values differ, an index
            lacks an architecture, or an architecture was told already.
        """
        architectures, measured = read_told(architectures, values, list(self.problem.directions))
        candidates = [self.problem.domain.read(architecture) for architecture in architectures]
        self._tell(self._trials_of(candidates), measured)

    def _trials_of(self, candidates: list[str]) -> list[Trial]:
        """Pending trials of candidates; those that were not asked for get one."""
        open_trials = {trial.candidate: trial for trial in self._history.pending}
        told = self._history.tried - open_trials.keys()
        counts = Counter(candidates)
        again = [name for name in counts if name in told or counts[name] > 1]
        if again:
            raise InputError(f"{again[0]!r:.200} was told already; tell each architecture once")
        given = self._history.add_batch((name,) for name in candidates if name not in open_trials)
        if given and self._checkpoint is not None:
            self._checkpoint.asked(given, {})
        open_trials |= {trial.candidate: trial for trial in given}
        return [open_trials[name] for name in candidates]

    def _tell(self, trials: list[Trial], measured: list[Measurement]) -> None:
        for trial, measurement in zip(trials, measured, strict=True):
            trial.status = FAILED if measurement.reason else OK
            trial.values, trial.reason = measurement.values, measurement.reason
        if trials:
            seconds = self._spent(trials[0].number)
            if self._checkpoint is not None:
                self._checkpoint.told(trials, seconds)

    def _spent(self, number: int) -> dict[str, float]:
        seconds = self._clock.reset()
        self._seconds.append({"number": number, **seconds})
        return seconds

    def run(self, budget: int, callbacks: Iterable[Callback] = (), progress: bool = False) -> SearchResult:
        """Ask, measure with the objective and tell until `budget` architectures were told.

        Batches are asked for whole, also where the budget ends within one, so that a search with
        a larger budget goes on as if it had had it from the start.
        """
        from tqdm import tqdm

        budget = count("budget", budget)
        callbacks = _callbacks(callbacks)
        if self.problem.objective is None:
            raise InputError("`objective` is missing; give one, or measure elsewhere with ask() and tell()")
        names = list(self.problem.directions)
        with tqdm(total=budget, disable=not progress, unit="architecture") as bar:
            bar.update(min(budget, self._history.n_told))
            while self._history.n_told < budget:
                if not self._history.pending and not self.ask():
                    break
                trial = self._history.pending[0]
                with self._clock.measure("measuring"):
                    arguments = self.problem.domain.arguments(trial.candidate)
                    measured = measure(self.problem.objective, arguments, names)
                self._tell([trial], [measured])
                bar.update()
                if any([_ends(callback(self)) for callback in callbacks]):  # noqa: C419 - call all of them
                    break
        return self.result

    def _shown(self, trial: Trial) -> Any:
        return self.problem.domain.shown(trial.candidate)

    def _columns(self, candidates: list[str]) -> dict[str, Any]:
        """What the history shows of candidates."""
        domain = self.problem.domain
        recipes = domain.columns(candidates)
        columns = {"architecture": pd.array(domain.architectures(candidates), dtype="str")}
        return columns if recipes is None else columns | {name: recipes[name] for name in recipes}

    @property
    def result(self) -> SearchResult:
        """What was told so far."""
        history = self._history.frame(self._columns)
        seconds = pd.DataFrame(self._seconds, columns=["number", *KINDS]).fillna(0.0)
        return SearchResult(history, seconds, dict(self.problem.directions), self.goal)


def _callbacks(callbacks: Any) -> list[Callback]:
    found = list(callbacks) if np.iterable(callbacks) else [callbacks]
    if not all(map(callable, found)):
        raise InputError(f"`callbacks` must hold functions of a Search, got {callbacks!r:.100}")
    return found


def _ends(answer: Any) -> bool:
    """Whether a callback says True, as comparisons of NumPy's numbers do too; other values say nothing."""
    return isinstance(answer, (bool, np.bool_)) and bool(answer)
