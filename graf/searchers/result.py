"""SearchResult: what a search found."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.directions import SIGNS
from graf.exceptions import InputError
from graf.searchers.fitness import is_efficient
from graf.searchers.history import OK

__all__ = ["SearchResult"]


@dataclass(frozen=True, eq=False, repr=False)
class SearchResult:
    """The history of a search and what is best in it.

    Parameters
    ----------
    history : one row per architecture that was measured, in the order of asking: number,
        architecture, the objectives ("value" if there is one without a name), what was predicted
        of them and its standard deviation where a predictor chose, parent (number of the row it
        was made from, missing where it was drawn), batch (number of the first row asked for
        together with it), status ("ok" or "failed") and reason. It depends on the seed alone.
    seconds : one row per batch asked for and per answer: number, asking, features, proxies, fits,
        predictions, measuring.
    directions : "max" or "min" by name of objective.
    goal : "front" or "each", as the search was asked.
    """

    history: pd.DataFrame
    seconds: pd.DataFrame
    directions: dict[str, str]
    goal: str = "front"

    @property
    def best(self) -> pd.Series | pd.DataFrame:
        """The best row of the history.

        With several objectives and the goal "front", the row of the front that is nearest to the
        best value of each (objectives scaled to the front's range); with the goal "each", a row
        for each objective, indexed by its name.

        Raises `InputError` if nothing was measured.
        """
        rows, gains = self._measured()
        if len(self.directions) > 1 and self.goal == "each":
            return rows.iloc[gains.argmax(axis=0)].set_index(
                pd.Index(list(self.directions), name="objective")
            )
        efficient = np.flatnonzero(is_efficient(gains))
        front = gains[efficient]
        span = np.ptp(front, axis=0)
        distances = np.linalg.norm((front.max(axis=0) - front) / np.where(span > 0, span, 1.0), axis=1)
        return rows.iloc[efficient[np.argmin(distances)]]

    @property
    def front(self) -> pd.DataFrame:
        """The rows that no other row is better than in all objectives, best first in the first one."""
        rows, gains = self._measured()
        name, direction = next(iter(self.directions.items()))
        return rows[is_efficient(gains)].sort_values(name, ascending=direction == "min", kind="stable")

    def _measured(self) -> tuple[pd.DataFrame, NDArray[np.float64]]:
        """The rows that did not fail, and their objectives (n, objectives), turned so that more is better."""
        rows = self.history[self.history["status"] == OK]
        if rows.empty:
            reasons = self.history["reason"].value_counts().head(1).index.tolist()
            why = f"; most often because: {reasons[0]}" if reasons else ""
            raise InputError(f"none of the {len(self.history)} architectures was measured{why}")
        signs = [SIGNS[direction] for direction in self.directions.values()]
        return rows, rows[list(self.directions)].to_numpy(np.float64) * signs

    def __repr__(self) -> str:
        failed = int((self.history["status"] != OK).sum())
        what = ", ".join(f"{direction} {name}" for name, direction in self.directions.items())
        return f"<SearchResult: {len(self.history)} architectures, {failed} failed; {what}>"

    def _repr_html_(self) -> str:
        shown = self.front if len(self.history) > 0 and (self.history["status"] == OK).any() else self.history
        return (
            f"<p>{repr(self)[1:-1]}; the best:</p>{shown.head(10).to_html(float_format=lambda v: f'{v:.5g}')}"
        )
