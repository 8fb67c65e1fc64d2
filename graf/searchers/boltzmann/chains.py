"""Where the Markov chains of a training step begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from graf.exceptions import InputError, UnknownNameError
from graf.searchers.boltzmann.annealer import Annealer
from graf.searchers.boltzmann.gibbs import uniform
from graf.searchers.boltzmann.machine import BoltzmannMachine, Ints

__all__ = ["CHAINS", "Chains", "starts"]

Chains: TypeAlias = "str | Annealer"
Start: TypeAlias = Callable[[BoltzmannMachine, Ints, Ints, np.random.Generator], Ints]


def _data(machine: BoltzmannMachine, data: Ints, chains: Ints, rng: np.random.Generator) -> Ints:
    """At the data: contrastive divergence (Hinton, 2002)."""
    return np.resize(rng.permutation(data), chains.shape)


def _persistent(machine: BoltzmannMachine, data: Ints, chains: Ints, rng: np.random.Generator) -> Ints:
    """Where the step before ended: persistent contrastive divergence (Tieleman, 2008)."""
    return chains


def _annealed(annealer: Annealer) -> Start:
    """At samples of an annealer (Korenkevych et al., 2016)."""

    def start(machine: BoltzmannMachine, data: Ints, chains: Ints, rng: np.random.Generator) -> Ints:
        return annealer.sample(machine, len(chains), int(rng.integers(2**31)))

    return start


CHAINS = {"cd": _data, "pcd": _persistent, "annealer": _annealed(Annealer())}


def starts(chains: Chains, machine: BoltzmannMachine, n: int, rng: np.random.Generator) -> tuple[Start, Ints]:
    """What begins the chains of every step, and `n` uniform states that chains start from at first."""
    if isinstance(chains, Annealer):
        start = _annealed(chains)
    elif isinstance(chains, str):
        if chains not in CHAINS:
            raise UnknownNameError("kind of chains", chains, CHAINS)
        start = CHAINS[chains]
    else:
        raise InputError(f"`chains` must be a name or an Annealer, got {type(chains).__name__}")
    return start, uniform(machine, n, rng)
