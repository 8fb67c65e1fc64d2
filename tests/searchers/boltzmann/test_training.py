"""Training finds the machine that data came from."""

import numpy as np
import pytest
from boltzmann_machines import random_machine

from graf.exceptions import InputError, UnknownNameError
from graf.searchers.boltzmann import Annealer, BoltzmannMachine, divergence, exact_sample, train
from graf.searchers.boltzmann.chains import CHAINS

TRUTH = random_machine((2, 3, 4), scale=1.0)
DATA = exact_sample(TRUTH, 3000, seed=0)
UNIFORM = divergence(TRUTH, BoltzmannMachine.zeros(TRUTH.cardinalities))


@pytest.mark.parametrize("chains", [*CHAINS, Annealer(settings={"num_sweeps": 20, "beta_range": (0.1, 1.0)})])
def test_every_kind_of_chains_learns_the_truth(chains):
    found = train(DATA, TRUTH.cardinalities, chains, steps=120, n_chains=400, learning_rate=0.5, sweeps=3)
    assert divergence(TRUTH, found) < 0.1 * UNIFORM


def test_at_data_without_sweeps_nothing_is_learned():
    found = train(DATA, TRUTH.cardinalities, "cd", sweeps=0, n_chains=len(DATA), steps=5)
    np.testing.assert_allclose(found.biases, 0, atol=1e-12)
    np.testing.assert_allclose(found.couplings, 0, atol=1e-12)


def test_decay_shrinks_couplings():
    free, held = (train(DATA, TRUTH.cardinalities, decay=d, learning_rate=0.5) for d in (0, 1))
    assert np.abs(held.couplings).sum() < 0.5 * np.abs(free.couplings).sum()


@pytest.mark.parametrize("chains", CHAINS)
def test_the_seed_decides_and_steps_are_called_back(chains):
    seen = []
    arguments = (DATA[:50], TRUTH.cardinalities, chains)
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - only looked at - must stay as it was
    first = train(*arguments, steps=4, seed=1, callback=lambda step, machine: seen.append((step, machine)))
    again, other = (train(*arguments, steps=4, seed=s) for s in (1, 2))
    np.testing.assert_array_equal(first.couplings, again.couplings)
    assert (first.couplings != other.couplings).any()
    assert [step for step, _ in seen] == [1, 2, 3, 4]
    assert seen[-1][1] is first
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002 - only looked at


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sweeps": -1}, "`sweeps` must be an integer of 0 or more, got -1"),
        ({"n_chains": 0}, "`n_chains`"),
        ({"steps": 1.5}, "`steps`"),
        ({"seed": -1}, "`seed` must be"),
        ({"learning_rate": 0}, "`learning_rate`"),
        ({"decay": -1}, "`decay`"),
        ({"choices": np.zeros((0, 3))}, "at least one row"),
        ({"choices": [[0, 0, 4]]}, "row 0 has 4 at position 2, expected an integer from 0 to 3"),
        ({"choices": [[0, 0.5, 3]]}, "row 0 has 0.5 at position 1"),
        ({"chains": 3}, "`chains` must be a name or an Annealer, got int"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(InputError, match=message):
        train(**{"choices": DATA, "cardinalities": TRUTH.cardinalities, "steps": 1} | arguments)


def test_an_unknown_kind_of_chains_lists_the_near_ones():
    with pytest.raises(UnknownNameError, match="did you mean"):
        train(DATA, TRUTH.cardinalities, "pdc")
