"""A machine as a binary quadratic model, which annealers sample, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from graf.exceptions import require
from graf.searchers.boltzmann.gibbs import redraw
from graf.searchers.boltzmann.machine import BoltzmannMachine, Floats, Ints

if TYPE_CHECKING:
    import dimod

__all__ = ["decode", "to_quadratic"]


def to_quadratic(
    machine: BoltzmannMachine, margin: float = 2.0, beta: float = 1.0
) -> dimod.BinaryQuadraticModel:
    """The energy as a function of binary variables 0, 1, ..., divided by `beta`.

    A position of two options is one variable, 1 for the second option. A position of more has
    a variable per option and the penalty P (sum - 1)^2, so that any other number of options
    than one costs P. P is just large enough: where all other positions hold one option, adding
    an option to a position or taking away its only one costs at least `margin`. A position of
    one option has no variable. Where each position holds one option, the energy is the machine's.
    """
    require("dimod", extra="search")
    import dimod

    matrix, constant = _encoding(machine)
    linear = -machine.fields(constant) @ matrix
    quadratic = -matrix.T @ machine.couplings @ matrix
    offset = machine.unit_energy(constant[None])[0]
    for block in (b for b in machine.blocks if b.stop - b.start > 2):
        variables = np.flatnonzero(matrix[block].any(axis=0))
        low, high = _extremes(machine, block)
        centre, penalty = (low + high) / 2, (high - low) / 2 + margin
        linear[variables] += centre - penalty  # the centre is a constant where one option is held
        quadratic[np.ix_(variables, variables)] += 2 * penalty
        offset += penalty - centre
    return dimod.BinaryQuadraticModel(linear / beta, np.triu(quadratic, 1) / beta, offset / beta, "BINARY")


def decode(machine: BoltzmannMachine, samples: Floats, rng: np.random.Generator) -> Ints:
    """Samples of the binary variables (n, variables) as choices (n, positions).

    A position that holds no option or several is repaired: it is drawn from its distribution
    given the other positions, in order; positions not yet repaired do not count.
    """
    matrix, constant = _encoding(machine)
    units = samples @ matrix.T + constant
    broken = np.stack([units[:, block].sum(axis=1) != 1 for block in machine.blocks], axis=1)
    for position, block in enumerate(machine.blocks):
        units[broken[:, position], block] = 0
    noise = rng.gumbel(size=units.shape)
    for position, block in enumerate(machine.blocks):
        rows = broken[:, position]
        units[rows, block] = redraw(machine, units[rows], block, noise[rows, block])
    return machine.choices(units)


def _encoding(machine: BoltzmannMachine) -> tuple[Floats, Floats]:
    """Units are `matrix @ variables + constant`; shapes (units, variables) and (units,)."""
    columns, constant = [], np.zeros(machine.n_units)
    for block in machine.blocks:
        options = np.eye(machine.n_units)[block]
        if len(options) > 2:
            columns += list(options)
        else:
            constant += options[0]
            columns += [option - options[0] for option in options[1:]]
    return np.array(columns).reshape(-1, machine.n_units).T, constant


def _extremes(machine: BoltzmannMachine, block: slice) -> tuple[float, float]:
    """The least and the greatest field of a position's units over all states."""
    others = [machine.couplings[block, other] for other in machine.blocks]
    low = machine.biases[block] + sum(values.min(axis=1) for values in others)
    high = machine.biases[block] + sum(values.max(axis=1) for values in others)
    return float(low.min()), float(high.max())
