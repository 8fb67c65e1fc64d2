"""Random search, the baseline of every other strategy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from graf.searchers.strategies.base import Proposal, State, Strategy, draw_untried

__all__ = ["RandomSearch"]


@dataclass(frozen=True)
class RandomSearch(Strategy):
    """Candidates drawn as the search space draws them, without repetition (Li & Talwalkar, UAI 2019)."""

    name: ClassVar[str] = "random"

    def proposed(self, n: int, state: State) -> list[Proposal]:
        """Draw; linear in `n`."""
        return draw_untried(n, state)
