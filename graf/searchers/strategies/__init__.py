"""Strategies by name, one file each under one interface."""

from __future__ import annotations

from graf.exceptions import InputError, check_known
from graf.searchers.strategies.base import Proposal, State, Strategy
from graf.searchers.strategies.boltzmann import Boltzmann
from graf.searchers.strategies.evolution import Evolution
from graf.searchers.strategies.explained import Explained
from graf.searchers.strategies.guided import Guided
from graf.searchers.strategies.local import LocalSearch
from graf.searchers.strategies.nsga2 import NSGA2
from graf.searchers.strategies.random_search import RandomSearch

__all__ = [
    "NSGA2",
    "STRATEGIES",
    "Boltzmann",
    "Evolution",
    "Explained",
    "Guided",
    "LocalSearch",
    "Proposal",
    "RandomSearch",
    "State",
    "Strategy",
    "read_strategy",
]

STRATEGIES: dict[str, type[Strategy]] = {
    strategy.name: strategy
    for strategy in (RandomSearch, LocalSearch, Evolution, Explained, Guided, NSGA2, Boltzmann)
}


def read_strategy(strategy: str | Strategy) -> Strategy:
    """The strategy of a name with its defaults, or a strategy itself."""
    if isinstance(strategy, str):
        check_known("strategy", strategy, STRATEGIES)
        return STRATEGIES[strategy]()
    if not isinstance(strategy, Strategy):
        raise InputError(f"`strategy` must be a name or a Strategy, got {type(strategy).__name__}")
    return strategy
