"""Training a machine on choices by stochastic gradient ascent on their likelihood."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from graf.checks import count
from graf.exceptions import InputError
from graf.searchers.boltzmann.chains import Chains, read_chains
from graf.searchers.boltzmann.gibbs import gibbs, uniform
from graf.searchers.boltzmann.machine import BoltzmannMachine, Floats, check_choices

__all__ = ["check_rates", "train"]


def train(
    choices: Any,
    cardinalities: Sequence[int],
    chains: Chains = "pcd",
    *,
    sweeps: int = 5,
    steps: int = 200,
    n_chains: int = 100,
    learning_rate: float = 0.1,
    decay: float = 0.0,
    seed: int = 0,
    callback: Callable[[int, BoltzmannMachine], Any] | None = None,
) -> BoltzmannMachine:
    """The machine that makes some choices likely.

    The gradient of the mean log-likelihood is, for every unit and every pair of units, its mean
    over the data less its mean under the machine. The latter is estimated by Markov chains that
    begin as `chains` says and are moved by Gibbs sampling; all data is used in every step.

    Parameters
    ----------
    choices : (n, positions), as `SearchSpace.choices` gives them.
    cardinalities : number of options of each position.
    chains : "cd" begins at the data in every step (contrastive divergence), "pcd" where the step
        before ended (persistent), "annealer" at samples of simulated annealing, an `Annealer` at
        those of any `dimod` sampler.
    sweeps : Gibbs sweeps of a step, k; with 0 the chains are used where they begin, which
        teaches "cd" nothing if there are as many chains as data, and "pcd" no more than noise.
    steps, n_chains : gradient steps, and chains of each.
    learning_rate : of the first step; it falls linearly towards zero.
    decay : pulls couplings to zero, the weight of half their squared sum in the objective.
    seed : the same seed gives the same machine.
    callback : called with the number of steps done and the machine, after each.

    Raises
    ------
    InputError
        If choices do not fit the cardinalities, or a number is out of range.

    References
    ----------
    G. Hinton, Training products of experts by minimizing contrastive divergence, Neural
    Computation 14 (2002). T. Tieleman, Training restricted Boltzmann machines using
    approximations to the likelihood gradient, ICML 2008. D. Korenkevych et al., Benchmarking
    quantum hardware for training of fully visible Boltzmann machines, arXiv:1611.04528 (2016).

    Examples
    --------
    >>> from graf.searchers.boltzmann import log_likelihood
    >>> data = np.array([[0, 0], [1, 1]] * 10)
    >>> machine = train(data, (2, 2), seed=1)
    >>> bool(log_likelihood(machine, data).mean() > 2 * np.log(1 / 2))  # better than uniform
    True
    """
    for name, value, least in (
        ("sweeps", sweeps, 0),
        ("steps", steps, 0),
        ("n_chains", n_chains, 1),
        ("seed", seed, 0),
    ):
        count(name, value, least)
    check_rates(learning_rate, decay)
    machine, rng = BoltzmannMachine.zeros(cardinalities), np.random.default_rng(seed)
    data = check_choices(choices, machine.cardinalities)
    wanted = _moments(machine.units(data))
    start, state = read_chains(chains), uniform(machine, n_chains, rng)
    for step in range(steps):
        state = gibbs(machine, start(machine, data, state, rng), sweeps, rng)
        rate = learning_rate * (1 - step / steps)
        machine = _ascend(machine, wanted, _moments(machine.units(state)), rate, decay)
        if callback is not None:
            callback(step + 1, machine)
    return machine


def check_rates(learning_rate: float, decay: float) -> None:
    """`InputError` unless both are finite, the first above 0 and the second at least 0."""
    if not 0 < learning_rate < float("inf") or not 0 <= decay < float("inf"):
        raise InputError(
            f"`learning_rate` must be above 0 and `decay` at least 0, got {learning_rate!r} and {decay!r}"
        )


def _moments(units: Floats) -> tuple[Floats, Floats]:
    """Means of units and of pairs of units."""
    return units.mean(axis=0), units.T @ units / len(units)


def _ascend(
    machine: BoltzmannMachine,
    wanted: tuple[Floats, Floats],
    found: tuple[Floats, Floats],
    rate: float,
    decay: float,
) -> BoltzmannMachine:
    """One step up the gradient."""
    slope = np.where(machine.between, wanted[1] - found[1], 0.0) - decay * machine.couplings
    return BoltzmannMachine(
        machine.cardinalities,
        machine.biases + rate * (wanted[0] - found[0]),
        machine.couplings + rate * slope,
    )
