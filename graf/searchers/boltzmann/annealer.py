"""Annealer: samples of a machine from any sampler with dimod's interface."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from graf.exceptions import GrafError, InputError, require
from graf.searchers.boltzmann.machine import BoltzmannMachine, Floats, Ints
from graf.searchers.boltzmann.quadratic import decode, to_quadratic

if TYPE_CHECKING:
    import dimod

__all__ = ["Annealer"]

# Ends at the machine's own temperature; left to itself, the sampler would cool to the ground state.
SCHEDULE = MappingProxyType(
    {
        "beta_range": (0.0, 1.0),
        "beta_schedule_type": "linear",
        "num_sweeps": 100,
        "proposal_acceptance_criteria": "Gibbs",
    }
)


@dataclass(frozen=True, repr=False)
class Annealer:
    """Draws samples of a machine through a `dimod` sampler.

    The machine becomes a binary quadratic model with a penalty on positions that hold no option
    or several (`to_quadratic`), and samples that break it are repaired (`decode`). Samples are
    Boltzmann's only as far as the sampler's are.

    Parameters
    ----------
    sampler : any `dimod.Sampler`, a quantum annealer's included; None for simulated annealing
        (`dwave.samplers.SimulatedAnnealingSampler`), which needs the extra `search`.
    settings : arguments of its `sample`; None for 100 sweeps at inverse temperatures from 0 to
        1 with simulated annealing, and for none with other samplers. The number of reads and the
        seed are added for samplers that take them (`sampler.parameters`).
    margin : what breaking a position costs at least, as in `to_quadratic`.
    beta : inverse temperature at which the sampler samples; energies are divided by it.

    Raises
    ------
    InputError
        If the sampler has no `sample` or `parameters`, or a number is out of range.

    Examples
    --------
    >>> machine = BoltzmannMachine((3,), np.array([0.0, 0.0, 9.0]), np.zeros((3, 3)))
    >>> Annealer().sample(machine, 4, seed=0).tolist()
    [[2], [2], [2], [2]]
    """

    sampler: dimod.Sampler | None = None
    settings: Mapping[str, Any] | None = None
    margin: float = 2.0
    beta: float = 1.0

    def __post_init__(self) -> None:
        for name in ("sample", "parameters"):
            if self.sampler is not None and not hasattr(self.sampler, name):
                raise InputError(
                    f"`sampler` must be a dimod sampler, got {type(self.sampler).__name__} without `{name}`"
                )
        for name in ("margin", "beta"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InputError(f"`{name}` must be a positive number, got {value!r}")

    def __repr__(self) -> str:  # the same in every process, so that checkpoints know it
        name = None if self.sampler is None else type(self.sampler).__name__
        settings = None if self.settings is None else dict(self.settings)
        return f"Annealer({name}, {settings}, margin={self.margin}, beta={self.beta})"

    def sample(self, machine: BoltzmannMachine, n: int, seed: int = 0) -> Ints:
        """`n` samples as choices (n, positions).

        Of more samples than `n` those of lowest energy are kept; fewer are repeated in turn.
        Raises `GrafError` if the sampler fails, or returns nothing.
        """
        model = to_quadratic(machine, self.margin, self.beta)
        sampler = self.sampler or _simulated_annealing()
        settings = dict(SCHEDULE if self.sampler is None and self.settings is None else self.settings or {})
        wanted = {"num_reads": n, "seed": seed}
        settings = {name: v for name, v in wanted.items() if name in sampler.parameters} | settings
        try:
            found = sampler.sample(model, **settings)
        except Exception as error:
            name = type(sampler).__name__
            raise GrafError(f"the sampler {name} failed: {type(error).__name__}: {error}") from error
        return decode(machine, _rows(found, n), np.random.default_rng(seed))


def _rows(found: dimod.SampleSet, n: int) -> Floats:
    """`n` samples (n, variables), in the order of the variables."""
    record = found.record
    if len(record) == 0:
        raise GrafError("the sampler returned no samples")
    columns = np.argsort(list(found.variables))
    order = np.repeat(np.arange(len(record)), record.num_occurrences)
    if len(order) > n:
        order = order[np.argsort(record.energy[order], kind="stable")[:n]]
    return np.asarray(record.sample, float)[np.resize(order, n)][:, columns]


def _simulated_annealing() -> dimod.Sampler:
    require("dwave.samplers", extra="search")
    from dwave.samplers import SimulatedAnnealingSampler

    return SimulatedAnnealingSampler()
