"""What a small machine says exactly, from the energies of all its states."""

from __future__ import annotations

from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from graf.exceptions import InputError, UnsupportedError
from graf.searchers.boltzmann.machine import BoltzmannMachine, Floats, Ints, check_choices

__all__ = ["divergence", "exact_sample", "log_likelihood", "log_partition", "log_probabilities"]

MAX_STATES = 2**22


def energies(machine: BoltzmannMachine) -> Floats:
    """The energy of every state, an array whose shape is the cardinalities.

    Takes O(units) time and 8 bytes per state. Raises `UnsupportedError` for more than four
    million states.
    """
    shape = machine.cardinalities
    if prod(shape) > MAX_STATES:
        raise UnsupportedError(
            f"a machine of {prod(shape):.3g} states is too large to enumerate (at most {MAX_STATES:,});"
            " compare samples instead"
        )
    half = len(shape) // 2
    first, second = _units_of(machine, 0, half), _units_of(machine, half, len(shape))
    apart = machine.unit_energy(first)[:, None] + machine.unit_energy(second)
    return (apart - first @ machine.couplings @ second.T).reshape(shape)


def _units_of(machine: BoltzmannMachine, start: int, stop: int) -> Floats:
    """All states of some positions, as units; those of other positions are 0."""
    states = np.array(list(product(*map(range, machine.cardinalities[start:stop]))), np.int64)
    others = len(machine.cardinalities) - stop
    units = machine.units(np.pad(states.reshape(len(states), -1), ((0, 0), (start, others))))
    for block in (*machine.blocks[:start], *machine.blocks[stop:]):
        units[:, block] = 0
    return units


def log_partition(machine: BoltzmannMachine) -> float:
    """log Z, by enumeration.

    Examples
    --------
    >>> round(float(np.exp(log_partition(BoltzmannMachine.zeros((2, 3))))), 9)
    6.0
    """
    return float(logsumexp(-energies(machine)))


def log_probabilities(machine: BoltzmannMachine) -> Floats:
    """The log probability of every state, an array whose shape is the cardinalities."""
    found = -energies(machine)
    return found - logsumexp(found)


def log_likelihood(machine: BoltzmannMachine, choices: NDArray[np.integer]) -> Floats:
    """The exact log probability of each row of choices (n, positions), in nats."""
    return -machine.energy(check_choices(choices, machine.cardinalities)) - log_partition(machine)


def divergence(truth: BoltzmannMachine, model: BoltzmannMachine) -> float:
    """Kullback-Leibler divergence of a model from the truth, in nats.

    It is the mean log-likelihood that a model lacks on endless new data, without the noise of
    a test set.

    Examples
    --------
    >>> divergence(BoltzmannMachine.zeros((2, 3)), BoltzmannMachine.zeros((2, 3)))
    0.0
    """
    if truth.cardinalities != model.cardinalities:
        raise InputError(f"`model` must have cardinalities {truth.cardinalities}, got {model.cardinalities}")
    p, q = log_probabilities(truth), log_probabilities(model)
    return float((np.exp(p) * (p - q)).sum())


def exact_sample(machine: BoltzmannMachine, n: int, seed: int = 0) -> Ints:
    """`n` independent samples as choices (n, positions), drawn from the exact probabilities."""
    p = np.exp(log_probabilities(machine)).ravel()
    states = np.random.default_rng(seed).choice(p.size, n, p=p / p.sum())
    return np.stack(np.unravel_index(states, machine.cardinalities), axis=1)
