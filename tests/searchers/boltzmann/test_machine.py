"""BoltzmannMachine and what enumeration says of it, against plain loops."""

import numpy as np
import pytest
from boltzmann_machines import frequencies, naive_energy, naive_probabilities, random_machine, states

from graf.exceptions import InputError, UnsupportedError
from graf.searchers.boltzmann import (
    BoltzmannMachine,
    divergence,
    exact_sample,
    log_likelihood,
    log_partition,
)

MACHINE = random_machine()


def test_energy_is_that_of_plain_loops():
    expected = [naive_energy(MACHINE, state) for state in states(MACHINE)]
    np.testing.assert_allclose(MACHINE.energy(states(MACHINE)), expected)


def test_units_and_choices_are_inverse():
    units = MACHINE.units(states(MACHINE))
    assert units.shape == (24, 10)
    assert (units.sum(axis=1) == 4).all()
    np.testing.assert_array_equal(MACHINE.choices(units), states(MACHINE))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cardinalities", [(1,), (5,), (2,) * 7, (2, 3, 1, 4)])
def test_probabilities_are_exact(cardinalities, seed):
    machine = random_machine(cardinalities, seed=seed)
    expected = np.log(naive_probabilities(machine))
    np.testing.assert_allclose(log_likelihood(machine, states(machine)), expected, atol=1e-9)
    partition = np.log(sum(np.exp(-naive_energy(machine, s)) for s in states(machine)))
    assert log_partition(machine) == pytest.approx(partition)


def test_large_energies_do_not_overflow():
    machine = BoltzmannMachine((2, 2), np.array([0.0, 2000.0, 0.0, 2000.0]), np.zeros((4, 4)))
    assert log_partition(machine) == pytest.approx(4000)
    assert log_likelihood(machine, np.array([[1, 1]]))[0] == pytest.approx(0)


def test_divergence_is_that_of_its_definition():
    other = random_machine(seed=1)
    p, q = naive_probabilities(MACHINE), naive_probabilities(other)
    assert divergence(MACHINE, other) == pytest.approx((p * np.log(p / q)).sum())
    assert divergence(MACHINE, MACHINE) == 0


def test_exact_samples_follow_the_probabilities():
    found = frequencies(MACHINE, exact_sample(MACHINE, 40_000, seed=1))
    np.testing.assert_allclose(found, naive_probabilities(MACHINE), atol=0.01)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"cardinalities": ()}, "`cardinalities`"),
        ({"cardinalities": (2.0, 3)}, r"`cardinalities` must be positive integers, got \(2.0, 3\)"),
        ({"biases": np.zeros(9)}, r"`biases`.*\(10,\).*\(9,\)"),
        ({"couplings": np.full((10, 10), np.nan)}, "`couplings`.*finite"),
        ({"couplings": np.ones((10, 10))}, "zero within a position"),
        ({"couplings": np.triu(MACHINE.couplings)}, "symmetric"),
    ],
)
def test_machines_that_are_none_are_refused(change, message):
    arguments = {name: getattr(MACHINE, name) for name in ("cardinalities", "biases", "couplings")}
    with pytest.raises(InputError, match=message):
        BoltzmannMachine(**arguments | change)


def test_states_outside_are_refused():
    with pytest.raises(InputError, match="row 1 has 3 at position 1, expected an integer from 0 to 2"):
        log_likelihood(MACHINE, np.array([[0, 0, 0, 0], [0, 3, 0, 0]]))
    with pytest.raises(InputError, match="4 columns"):
        log_likelihood(MACHINE, np.zeros((2, 3), int))


def test_what_is_too_large_to_enumerate_says_so():
    with pytest.raises(UnsupportedError, match="compare samples"):
        log_partition(BoltzmannMachine.zeros((2,) * 23))
    with pytest.raises(UnsupportedError, match=r"1.84e\+19 states"):  # beyond numpy's integers
        log_partition(BoltzmannMachine.zeros(np.full(16, 16)))
    with pytest.raises(InputError, match="cardinalities"):
        divergence(MACHINE, BoltzmannMachine.zeros((2, 2)))
