"""Where the Markov chains of a training step begin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from graf.exceptions import InputError, check_known
from graf.searchers.boltzmann.annealer import Annealer
from graf.searchers.boltzmann.machine import BoltzmannMachine, Ints

__all__ = ["CHAINS", "Chains", "read_chains"]

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


def read_chains(chains: Chains) -> Start:
    """What begins the chains of a step, from the data and the chains of the step before."""
    if isinstance(chains, Annealer):
        return _annealed(chains)
    if not isinstance(chains, str):
        raise InputError(f"`chains` must be a name or an Annealer, got {type(chains).__name__}")
    check_known("kind of chains", chains, CHAINS)
    return CHAINS[chains]
