"""The way through dimod: the quadratic model, decoding with repair, and samplers of all kinds."""

import sys
from itertools import product
from types import MappingProxyType

import dimod
import numpy as np
import pytest
from boltzmann_machines import frequencies, naive_energy, naive_probabilities, random_machine, states

from graf.exceptions import GrafError, InputError, MissingDependencyError
from graf.searchers.boltzmann import Annealer, decode, to_quadratic

MACHINE = random_machine()  # one variable for the position of two, none for that of one
N_VARIABLES = 1 + 3 + 0 + 4


def all_samples() -> np.ndarray:
    return np.array(list(product((0, 1), repeat=N_VARIABLES)))


def variables(state) -> list[int]:
    return [state[0], *np.eye(3, dtype=int)[state[1]], *np.eye(4, dtype=int)[state[3]]]


def n_broken(sample) -> int:
    return int(sample[1:4].sum() != 1) + int(sample[4:].sum() != 1)


def test_valid_samples_have_the_energy_of_the_machine():
    model = to_quadratic(MACHINE)
    assert list(model.variables) == list(range(N_VARIABLES))
    for state in states(MACHINE):
        assert model.energy(variables(state)) == pytest.approx(naive_energy(MACHINE, state))


@pytest.mark.parametrize("margin", [0.5, 2.0])
def test_leaving_a_valid_sample_costs_the_margin(margin):
    """By an option more or less, whatever the other positions hold; and no more than it must."""
    least = np.inf
    for seed in range(5):
        model = to_quadratic(random_machine(seed=seed), margin)
        energy = {tuple(s): e for s, e in zip(all_samples(), model.energies(all_samples()), strict=True)}
        for state in states(MACHINE):
            valid = np.array(variables(state))
            for i in range(1, N_VARIABLES):
                flipped = valid.copy()
                flipped[i] ^= 1
                least = min(least, energy[tuple(flipped)] - energy[tuple(valid)])
    assert least == pytest.approx(margin)


def test_beta_divides_the_energy():
    whole, halved = to_quadratic(MACHINE), to_quadratic(MACHINE, beta=2)
    np.testing.assert_allclose(halved.energies(all_samples()), whole.energies(all_samples()) / 2)


def test_decoding_keeps_what_is_valid_and_repairs_the_rest():
    samples, rng = all_samples().astype(float), np.random.default_rng(0)
    choices = decode(MACHINE, samples, rng)
    assert (choices >= 0).all() and (choices < MACHINE.cardinalities).all()
    for sample, found in zip(samples.astype(int), choices, strict=True):
        again = variables(found)
        if n_broken(sample) == 0:
            assert again == sample.tolist()
        for span in (slice(0, 1), slice(1, 4), slice(4, 8)):  # whole positions are kept
            if span.stop == 1 or sample[span].sum() == 1:
                assert again[span] == sample[span].tolist()


def test_repair_draws_from_the_distribution_given_the_others():
    broken = np.tile([1, 0, 1, 0, 1, 1, 0, 0], (20_000, 1)).astype(float)  # options 1, 1 and two
    found = decode(MACHINE, broken, np.random.default_rng(0))
    assert (found[:, :2] == (1, 1)).all()
    weights = np.exp([-naive_energy(MACHINE, (1, 1, 0, option)) for option in range(4)])
    np.testing.assert_allclose(np.bincount(found[:, 3]) / 20_000, weights / weights.sum(), atol=0.01)


def test_simulated_annealing_samples_the_machine():
    for cardinalities in ((2,) * 6, (3, 2, 4)):
        machine = random_machine(cardinalities)
        found = frequencies(machine, Annealer().sample(machine, 5000, seed=1))
        assert abs(found - naive_probabilities(machine)).sum() / 2 < 0.1  # total variation


def test_annealing_crosses_a_barrier_that_sweeps_do_not():
    couplings = 6 * np.kron(1 - np.eye(4), np.eye(2))
    machine = type(MACHINE)((2,) * 4, np.zeros(8), couplings)
    found = Annealer().sample(machine, 400, seed=0)
    assert 0.3 < found.mean() < 0.7
    assert (found.std(axis=1) == 0).all()


def test_seeds_decide():
    first, again, other = (Annealer().sample(MACHINE, 40, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_a_solver_of_all_states_gives_the_best():
    """It takes neither reads nor seed; what it returns beyond n is cut, below n repeated."""
    found = Annealer(dimod.ExactSolver()).sample(MACHINE, 3)
    best = states(MACHINE)[naive_probabilities(MACHINE).argmax()]
    np.testing.assert_array_equal(found[0], best)
    assert Annealer(dimod.ExactSolver()).sample(MACHINE, 1000).shape == (1000, 4)


class Counting(dimod.Sampler):
    """Gives one state of named variables twice, in another order, as one row."""

    properties = parameters = MappingProxyType({})

    def sample(self, bqm, **settings):
        order = list(bqm.variables)[::-1]
        row = dict(zip(range(N_VARIABLES), variables((1, 2, 0, 3)), strict=True))
        state = ([[row[v] for v in order]], order)
        return dimod.SampleSet.from_samples_bqm(state, bqm, num_occurrences=[2])


def test_other_samplers_are_read_by_variable():
    np.testing.assert_array_equal(Annealer(Counting()).sample(MACHINE, 3), [(1, 2, 0, 3)] * 3)


class Failing(Counting):
    def sample(self, bqm, **settings):
        raise OSError(f"no solver for {settings}")


class Empty(Counting):
    def sample(self, bqm, **settings):
        return dimod.SampleSet.from_samples_bqm([], bqm)


def test_samplers_that_fail_are_named():
    with pytest.raises(GrafError, match="sampler Failing failed: OSError: no solver for"):
        Annealer(Failing(), {"depth": 3}).sample(MACHINE, 2)
    with pytest.raises(GrafError, match="no samples"):
        Annealer(Empty()).sample(MACHINE, 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sampler": "sa"}, "`sampler` must be a dimod sampler, got str"),
        ({"margin": 0}, "`margin`"),
        ({"beta": float("inf")}, "`beta`"),
    ],
)
def test_what_is_no_annealer_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        Annealer(**arguments)


@pytest.mark.parametrize("package", ["dimod", "dwave.samplers"])
def test_the_extra_is_named_where_it_lacks(monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingDependencyError, match=rf"{package}.*graf\[search\]"):
        Annealer().sample(MACHINE, 1)
