"""Optuna asks graf: alone, with a storage, and two processes at once."""

import subprocess
import sys

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState
from sklearn.ensemble import RandomForestRegressor

import graf
from graf.exceptions import ArchitectureError, InputError, UnknownNameError
from graf.searchers.optuna import GrafSampler
from graf.searchers.strategies import Evolution, Guided

SMALL = RandomForestRegressor(10, random_state=0)
WORKER = """
import sys, optuna
from sklearn.ensemble import RandomForestRegressor
from graf.searchers.optuna import GrafSampler
from graf.searchers.strategies import Evolution, Guided

sampler = GrafSampler("nasbench201", RandomForestRegressor(10, random_state=0), Guided(pool=60, initial=6), seed=3)
study = optuna.load_study(study_name="cells", storage=sys.argv[1], sampler=sampler)
study.optimize(lambda trial: sampler.architecture(trial).count("conv_3x3"), n_trials=6)
"""


@pytest.fixture(autouse=True)
def _quiet():
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    yield
    optuna.logging.set_verbosity(before)


def architectures(study, sampler):
    return [
        sampler.architecture(optuna.trial.FixedTrial(t.params, t.number))
        for t in study.trials
        if t.state != TrialState.RUNNING
    ]


@pytest.mark.parametrize("strategy", [Guided(pool=60), "evolution", "local", "random", "nsga2"], ids=str)
def test_study(strategy):
    sampler = GrafSampler("nasbench201", SMALL, strategy, seed=1)

    def objective(trial):
        cell = sampler.architecture(trial)
        if cell.count("skip") == 3:
            raise RuntimeError
        return cell.count("conv_3x3") + trial.suggest_float("learning_rate", 0, 0.1)

    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.optimize(objective, n_trials=25, catch=RuntimeError)
    cells = architectures(study, sampler)
    assert len(set(cells)) == len(cells) == 25
    assert study.best_value >= (3 if strategy == "random" else 4)


def test_two_processes_and_sqlite(tmp_path):
    storage = f"sqlite:///{tmp_path / 'study.db'}"
    study = optuna.create_study(study_name="cells", storage=storage, direction="maximize")
    workers = [
        subprocess.Popen([sys.executable, "-c", WORKER, storage], stderr=subprocess.PIPE) for _ in range(2)
    ]
    for worker in workers:
        _, error = worker.communicate(timeout=240)
        assert worker.returncode == 0, error.decode()
    sampler = GrafSampler("nasbench201", SMALL)
    assert len(study.trials) == 12
    assert all(trial.state == TrialState.COMPLETE for trial in study.trials)
    cells = architectures(study, sampler)
    assert len(set(cells)) > 10  # the storage tells of a trial a moment after it has begun


def test_fronts_and_constraints():
    space = graf.get_space("nasbench201")
    limit = graf.Constraint("n_parameters", at_most=6e5)
    sampler = GrafSampler(space, SMALL, Guided(pool=60), constraints=limit)

    def objective(trial):
        graph = space.graph(sampler.architecture(trial))
        return graph.n_macs, graph.n_parameters

    study = optuna.create_study(directions=["maximize", "minimize"], sampler=sampler)
    study.optimize(objective, n_trials=14)
    assert max(trial.values[1] for trial in study.trials) <= 6e5
    assert len(study.best_trials) > 1


def test_running_trials_are_not_proposed_again():
    sampler = GrafSampler("nasbench201", SMALL, Guided(pool=100, initial=5))
    study = optuna.create_study(sampler=sampler)
    study.optimize(lambda trial: float(np.sum(sampler.space.parse(sampler.architecture(trial)))), n_trials=6)
    together = [sampler.architecture(study.ask()) for _ in range(4)]
    assert len(set(together)) == 4


def test_other_parameters_follow_the_number_of_the_trial():
    def rates(n_calls, n_trials):
        study = optuna.create_study()
        for _ in range(n_calls):
            study.sampler = GrafSampler("nasbench201", strategy="random", seed=4)
            study.optimize(
                lambda trial: trial.suggest_float("rate", 0, 1) + trial.suggest_float("decay", 0, 1), n_trials
            )
        return [trial.params["rate"] for trial in study.trials], [t.params["decay"] for t in study.trials]

    assert rates(1, 6) == rates(2, 3)
    rate, decay = rates(1, 6)
    assert len({*rate, *decay}) == 12


def test_an_infinite_value_is_a_failure():
    sampler = GrafSampler("nasbench201", SMALL, Guided(pool=60, initial=4))
    study = optuna.create_study(sampler=sampler)
    study.optimize(
        lambda trial: float("inf") if trial.number % 2 else float(len(sampler.architecture(trial))),
        n_trials=10,
    )
    assert len(study.trials) == 10


def test_trials_of_others_that_are_not_searched_are_left_out():
    def parameters(choices):
        return {f"architecture.{i}": choice for i, choice in enumerate(choices)}

    def states(sampler, queued):
        study = optuna.create_study(sampler=sampler)
        study.enqueue_trial(queued)
        study.optimize(lambda trial: float(len(sampler.architecture(trial))), 4, catch=ArchitectureError)
        return [trial.state.name for trial in study.trials]

    darts = GrafSampler("darts", strategy="evolution")
    assert states(darts, {"architecture.0": 1, "architecture.1": 1}) == ["FAIL"] + ["COMPLETE"] * 3
    space, limit = graf.get_space("nasbench201"), graf.Constraint("n_parameters", at_most=6e5)
    limited = GrafSampler(space, strategy=Evolution(population=2), constraints=limit)
    largest = parameters([space.ops.index("conv3x3")] * 6)
    assert states(limited, largest) == ["COMPLETE"] * 4


def test_bad_arguments():
    with pytest.raises(UnknownNameError, match="did you mean 'nasbench201'"):
        GrafSampler("nasbench2001")
    with pytest.raises(InputError, match="`predictor` must be"):
        GrafSampler("nasbench201", 3)
    with pytest.raises(InputError, match="`seed` must be an integer of 0 or more, got None"):
        GrafSampler("nasbench201", seed=None)
    with pytest.raises(UnknownNameError, match="goal 'fronts'; did you mean 'front'"):
        GrafSampler("nasbench201", goal="fronts")
