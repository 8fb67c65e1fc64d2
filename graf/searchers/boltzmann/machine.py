"""BoltzmannMachine: a distribution over choices with an energy for every pair of options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.checks import is_whole
from graf.exceptions import InputError
from graf.spaces.parts.one_hot import one_hot

__all__ = ["BoltzmannMachine", "check_choices"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False, repr=False)
class BoltzmannMachine:
    """A fully visible Boltzmann machine over positions, each of which holds one of its options.

    An option of a position is a unit, x = 1 where it is chosen and 0 elsewhere. The energy is

        E(x) = - biases . x - 1/2 x . couplings x,      p(x) = exp(-E(x)) / Z,

    and exactly one unit of each position is 1. Positions of two options are ordinary binary
    units, so this is the usual machine (Ackley, Hinton & Sejnowski, 1985) with Potts positions.

    Parameters
    ----------
    cardinalities : number of options of each position, as `SearchSpace.cardinalities`.
    biases : (units,), units being all options of the first position, of the second, and so on.
    couplings : (units, units), symmetric, zero within a position.

    Raises
    ------
    InputError
        If shapes do not fit, a value is not finite, or couplings break the rules above.

    Examples
    --------
    >>> machine = BoltzmannMachine.zeros((2, 3))
    >>> machine
    BoltzmannMachine(2 positions, 5 units)
    >>> machine.energy(np.array([[0, 2]]))
    array([-0.])
    """

    cardinalities: tuple[int, ...]
    biases: Floats
    couplings: Floats

    def __post_init__(self) -> None:
        object.__setattr__(self, "cardinalities", _counts(self.cardinalities))
        n = sum(self.cardinalities)
        for name, shape in {"biases": (n,), "couplings": (n, n)}.items():
            value = np.asarray(getattr(self, name), float)
            object.__setattr__(self, name, value)
            if value.shape != shape or not np.isfinite(value).all():
                raise InputError(f"`{name}` must be finite, of shape {shape}; got shape {value.shape}")
        if not np.allclose(self.couplings, self.couplings.T) or self.couplings[~self.between].any():
            raise InputError("`couplings` must be symmetric, and zero within a position")

    @classmethod
    def zeros(cls, cardinalities: Sequence[int]) -> BoltzmannMachine:
        """The uniform distribution."""
        n = sum(_counts(cardinalities))
        return cls(tuple(cardinalities), np.zeros(n), np.zeros((n, n)))

    @property
    def n_units(self) -> int:
        """Number of options of all positions."""
        return sum(self.cardinalities)

    @cached_property
    def blocks(self) -> tuple[slice, ...]:
        """The units of each position."""
        ends = np.cumsum(self.cardinalities).tolist()
        return tuple(slice(end - k, end) for end, k in zip(ends, self.cardinalities, strict=True))

    @cached_property
    def between(self) -> NDArray[np.bool_]:
        """Which pairs of units belong to different positions, (units, units)."""
        position = np.repeat(np.arange(len(self.cardinalities)), self.cardinalities)
        return position[:, None] != position

    def units(self, choices: NDArray[np.integer]) -> Floats:
        """Choices (n, positions) as units (n, units)."""
        return one_hot(choices, self.cardinalities)

    def choices(self, units: Floats) -> Ints:
        """Units (n, units) as choices (n, positions)."""
        return np.stack([units[:, block].argmax(axis=1) for block in self.blocks], axis=1)

    def fields(self, units: Floats, block: slice = slice(None)) -> Floats:
        """By how much each unit, or those of a position, lowers the energy where it is chosen."""
        return self.biases[block] + units @ self.couplings[:, block]

    def energy(self, choices: NDArray[np.integer]) -> Floats:
        """The energy of each row of choices (n, positions), in units of temperature."""
        return self.unit_energy(self.units(choices))

    def unit_energy(self, units: Floats) -> Floats:
        """The energy of units (n, units), also where a position holds none or several."""
        return -(units * (self.biases + 0.5 * units @ self.couplings)).sum(axis=1)

    def __repr__(self) -> str:
        return f"BoltzmannMachine({len(self.cardinalities)} positions, {self.n_units} units)"


def _counts(cardinalities: Sequence[int]) -> tuple[int, ...]:
    """Cardinalities as integers of Python, whose product does not overflow."""
    if len(cardinalities) == 0 or not all(is_whole(k, 1) for k in cardinalities):
        raise InputError(f"`cardinalities` must be positive integers, got {cardinalities!r:.100}")
    return tuple(map(int, cardinalities))


def check_choices(choices: Any, cardinalities: Sequence[int]) -> Ints:
    """Choices as integers (n, positions), n of 1 or more, in range; else `InputError`."""
    rows = np.asarray(choices)
    if rows.ndim != 2 or len(rows) == 0 or rows.shape[1] != len(cardinalities):
        raise InputError(
            f"`choices` must have at least one row and {len(cardinalities)} columns, got shape {rows.shape}"
        )
    outside = (rows < 0) | (rows >= np.array(cardinalities)) | (rows != np.floor(rows))
    if outside.any():
        row, position = np.argwhere(outside)[0].tolist()
        raise InputError(
            f"`choices`: row {row} has {rows[row, position]} at position {position},"
            f" expected an integer from 0 to {cardinalities[position] - 1}"
        )
    return rows.astype(np.int64)
