"""Search: which architecture to measure next, with a light predictor or without one."""

from graf.searchers.constraint import Constraint
from graf.searchers.improvement import improve
from graf.searchers.result import SearchResult
from graf.searchers.run import search
from graf.searchers.session import Search
from graf.searchers.strategies import STRATEGIES, Strategy

__all__ = ["STRATEGIES", "Constraint", "Search", "SearchResult", "Strategy", "improve", "search"]
