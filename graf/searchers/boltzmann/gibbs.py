"""Gibbs sampling, position by position."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from graf.searchers.boltzmann.machine import BoltzmannMachine, Floats, Ints

__all__ = ["gibbs", "redraw", "uniform"]


def gibbs(
    machine: BoltzmannMachine, choices: NDArray[np.integer], sweeps: int, rng: np.random.Generator
) -> Ints:
    """Chains (n, positions) after some sweeps.

    A sweep visits the positions in order and redraws each from its distribution given all
    others (Geman & Geman, 1984), all options at once, so that every position always holds
    exactly one. Takes O(n units^2) per sweep.

    Examples
    --------
    >>> machine = BoltzmannMachine((2,), np.array([0.0, 50.0]), np.zeros((2, 2)))
    >>> gibbs(machine, np.array([[0], [1]]), 1, np.random.default_rng(0)).tolist()
    [[1], [1]]
    """
    units = machine.units(choices)
    for _ in range(sweeps):
        noise = rng.gumbel(size=units.shape)
        for block in machine.blocks:
            units[:, block] = redraw(machine, units, block, noise[:, block])
    return machine.choices(units)


def redraw(machine: BoltzmannMachine, units: Floats, block: slice, noise: Floats) -> Floats:
    """Units (n, options) of one position, drawn given those of the other positions.

    The unit that is greatest after Gumbel noise (n, options) is a draw from their softmax.
    """
    fields = machine.fields(units, block) + noise
    return np.asarray(fields == fields.max(axis=1, keepdims=True), np.float64)


def uniform(machine: BoltzmannMachine, n: int, rng: np.random.Generator) -> Ints:
    """`n` states, all equally likely."""
    return rng.integers(machine.cardinalities, size=(n, len(machine.cardinalities)))
