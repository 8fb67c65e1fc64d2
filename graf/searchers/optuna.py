"""An Optuna sampler that chooses architectures as a search of graf does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np

from graf.checks import count
from graf.exceptions import ArchitectureError, require
from graf.searchers.clock import Clock
from graf.searchers.domains import Domain, SpaceDomain
from graf.searchers.history import FAILED, OK, PENDING, History, Trial
from graf.searchers.objective import check_goal
from graf.searchers.problem import Problem
from graf.searchers.strategies import Proposal, State, Strategy, read_strategy
from graf.searchers.surrogate import Surrogate, read_predictor
from graf.spaces import SearchSpace, get_space

require("optuna", extra="search")

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

__all__ = ["GrafSampler"]

PARENT = "graf:parent"
STATUS = {TrialState.COMPLETE: OK, TrialState.RUNNING: PENDING}


class GrafSampler(BaseSampler):
    """Chooses the architecture of each trial; other parameters are drawn.

    The choices of an architecture are categorical parameters, `architecture.0` and so on; the
    objective gets the architecture from `architecture(trial)`. Everything that is known comes
    from the storage of the study, so that several processes can work on one study.

    Parameters
    ----------
    space : search space, or its name.
    predictor, strategy, constraints, goal : as in `graf.search`.
    seed : what is drawn depends on it and on the number of the trial.
    name : prefix of the parameters; take two samplers' worth of names for two architectures.

    Notes
    -----
    Trials that failed or were pruned are not measured again. Of trials that run at once and have
    no parameters yet, each takes another of the strategy's proposals.

    Examples
    --------
    >>> import optuna
    >>> optuna.logging.set_verbosity(optuna.logging.ERROR)
    >>> sampler = GrafSampler("nasbench201", strategy="evolution", seed=1)
    >>> study = optuna.create_study(direction="maximize", sampler=sampler)
    >>> study.optimize(lambda trial: sampler.architecture(trial).count("conv_3x3"), n_trials=5)
    >>> len(study.trials)
    5
    """

    def __init__(
        self,
        space: str | SearchSpace,
        predictor: Any = None,
        strategy: str | Strategy = "guided",
        seed: int = 0,
        *,
        constraints: Any = (),
        goal: str = "front",
        name: str = "architecture",
    ) -> None:
        self.space = get_space(space)
        self.strategy = read_strategy(strategy)
        check_goal(goal)
        self.seed, self.goal, self.name = count("seed", seed, least=0), goal, name
        problem = Problem(SpaceDomain(self.space), {}).limited(None, constraints, None)
        self._domain: Domain = problem.domain
        template = read_predictor(predictor)
        self._surrogate = Surrogate(template, self._domain, None, Clock())
        self.strategy.check(self._domain, self._surrogate)
        self._sizes = {f"{name}.{i}": k for i, k in enumerate(self.space.cardinalities)}

    def architecture(self, trial: optuna.trial.BaseTrial) -> str:
        """The architecture of a trial, in the notation of the space."""
        return self.space.format(
            [trial.suggest_categorical(name, range(k)) for name, k in self._sizes.items()]
        )

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        """A categorical parameter for each choice of an architecture."""
        return {name: CategoricalDistribution(range(k)) for name, k in self._sizes.items()}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        """The choices of an architecture that is new to the study, as long as there is one."""
        if not search_space:
            return {}
        trials = [other for other in study.get_trials(deepcopy=False) if other.number != trial.number]
        history = self._history(study.directions, trials)
        rng = np.random.default_rng([self.seed, trial.number])
        before = sum(
            other.state == TrialState.RUNNING and other.number < trial.number and not self._has(other)
            for other in trials
        )
        proposals = self.strategy.propose(
            before + 1, State(self._domain, history, rng, self._surrogate, self.goal)
        )
        chosen = proposals[-1] if proposals else Proposal(self._domain.sample(1, rng)[0])
        study._storage.set_trial_system_attr(trial._trial_id, PARENT, chosen.parent)
        choices = self.space.parse(chosen.candidate)
        return dict(zip(self._sizes, choices, strict=True))

    def _has(self, trial: FrozenTrial) -> bool:
        return all(name in trial.params for name in self._sizes)

    def _candidate(self, trial: FrozenTrial) -> str | None:
        """The architecture of a trial; None where its choices, which others may have set, are none that is searched."""
        try:
            return self._domain.read(tuple(trial.params[name] for name in self._sizes))
        except ArchitectureError:
            return None

    def _history(self, directions: Sequence[StudyDirection], trials: Sequence[FrozenTrial]) -> History:
        """The trials with an architecture that is searched, numbered from 0."""
        words = ["max" if direction == StudyDirection.MAXIMIZE else "min" for direction in directions]
        names = [f"value {i}" for i in range(len(words))]
        history = History(dict(zip(names, words, strict=True)))
        for trial in sorted(filter(self._has, trials), key=lambda trial: trial.number):
            number, text = len(history.trials), self._candidate(trial)
            if text is None:
                continue
            status = STATUS.get(trial.state, FAILED)
            if status == OK and not np.isfinite(trial.values).all():
                status = FAILED
            values = dict(zip(names, trial.values, strict=True)) if status == OK else {}
            parent = trial.system_attrs.get(PARENT)
            history.add(Trial(number, number, text, parent, status=status, values=values))
        return history

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        """A parameter that is not part of the architecture, drawn; it follows the number of the trial, too."""
        sequence = np.random.SeedSequence([self.seed, trial.number, crc32(param_name.encode())])
        drawn = RandomSampler(int(sequence.generate_state(1)[0]))
        return drawn.sample_independent(study, trial, param_name, param_distribution)
