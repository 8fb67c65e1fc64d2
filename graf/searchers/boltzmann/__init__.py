"""A fully visible Boltzmann machine over architectures: training, sampling, annealing.

`train` fits a `BoltzmannMachine` to choices; `gibbs` and `Annealer` draw new ones from it; small
machines are enumerated for exact figures.
"""

from graf.searchers.boltzmann.annealer import Annealer
from graf.searchers.boltzmann.enumeration import (
    divergence,
    exact_sample,
    log_likelihood,
    log_partition,
    log_probabilities,
)
from graf.searchers.boltzmann.gibbs import gibbs
from graf.searchers.boltzmann.machine import BoltzmannMachine
from graf.searchers.boltzmann.quadratic import decode, to_quadratic
from graf.searchers.boltzmann.training import train

__all__ = [
    "Annealer",
    "BoltzmannMachine",
    "decode",
    "divergence",
    "exact_sample",
    "gibbs",
    "log_likelihood",
    "log_partition",
    "log_probabilities",
    "to_quadratic",
    "train",
]
