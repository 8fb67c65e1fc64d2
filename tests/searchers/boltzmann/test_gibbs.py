"""Gibbs sampling leaves the exact distribution as it is, and finds it from elsewhere."""

import numpy as np
import pytest
from boltzmann_machines import frequencies, naive_probabilities, random_machine

from graf.searchers.boltzmann import BoltzmannMachine, exact_sample, gibbs


@pytest.mark.parametrize("cardinalities", [(2, 3, 1, 4), (2,) * 5])
def test_chains_find_the_distribution_and_stay_there(cardinalities):
    machine, rng = random_machine(cardinalities), np.random.default_rng(0)
    expected = naive_probabilities(machine)
    for start in (np.zeros((30_000, len(cardinalities)), int), exact_sample(machine, 30_000, seed=1)):
        found = frequencies(machine, gibbs(machine, start, 12, rng))
        np.testing.assert_allclose(found, expected, atol=0.012)


def test_one_sweep_with_a_barrier_stays_on_its_side():
    """Two positions that must agree flip together, which single positions cannot."""
    couplings = 12 * np.kron([[0, 1], [1, 0]], np.eye(2))
    machine = BoltzmannMachine((2, 2), np.zeros(4), couplings)
    start = np.repeat([[0, 0], [1, 1]], 100, axis=0)
    np.testing.assert_array_equal(gibbs(machine, start, 5, np.random.default_rng(0)), start)


def test_no_sweep_changes_nothing_and_seeds_decide():
    machine, start = random_machine(), np.zeros((50, 4), int)
    np.testing.assert_array_equal(gibbs(machine, start, 0, np.random.default_rng(0)), start)
    first, again, other = (gibbs(machine, start, 2, np.random.default_rng(s)) for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert not start.any()
