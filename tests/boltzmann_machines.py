"""Machines for the tests, and what they mean, written plainly."""

from itertools import product

import numpy as np

from graf.searchers.boltzmann import BoltzmannMachine

MIXED = (2, 3, 1, 4)


def random_machine(cardinalities=MIXED, scale=0.7, seed=0) -> BoltzmannMachine:
    rng = np.random.default_rng(seed)
    zero = BoltzmannMachine.zeros(cardinalities)
    couplings = rng.normal(0, scale, (zero.n_units, zero.n_units))
    couplings = np.where(zero.between, np.triu(couplings, 1) + np.triu(couplings, 1).T, 0)
    return BoltzmannMachine(zero.cardinalities, rng.normal(0, scale, zero.n_units), couplings)


def states(machine: BoltzmannMachine) -> np.ndarray:
    return np.array(list(product(*map(range, machine.cardinalities))))


def naive_energy(machine: BoltzmannMachine, state) -> float:
    first = np.cumsum([0, *machine.cardinalities])
    units = [first[i] + option for i, option in enumerate(state)]
    total = -sum(machine.biases[u] for u in units)
    return total - sum(machine.couplings[u, v] for u in units for v in units if u < v)


def naive_probabilities(machine: BoltzmannMachine) -> np.ndarray:
    """Of all states, in lexicographic order."""
    weights = np.array([np.exp(-naive_energy(machine, state)) for state in states(machine)])
    return weights / weights.sum()


def frequencies(machine: BoltzmannMachine, choices: np.ndarray) -> np.ndarray:
    """How often each state occurs, in lexicographic order."""
    index = np.ravel_multi_index(choices.T, machine.cardinalities)
    return np.bincount(index, minlength=int(np.prod(machine.cardinalities))) / len(choices)
