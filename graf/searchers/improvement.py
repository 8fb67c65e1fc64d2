"""improve: the smallest changes of an architecture that a predictor holds for better."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.checks import count
from graf.directions import SIGNS
from graf.exceptions import InputError, check_known
from graf.predictors import PerformancePredictor
from graf.searchers.objective import read_directions
from graf.spaces import SearchSpace, get_space, infer_space

__all__ = ["improve"]

MOST_EXPANDED = 100  # architectures whose neighbours are looked at in one step
Changes = frozenset[tuple[int, int]]  # positions with their new options
Floats = NDArray[np.float64]


def improve(
    predictor: PerformancePredictor,
    architecture: Any,
    direction: str | Mapping[str, str] = "max",
    *,
    n: int = 10,
    max_steps: int = 2,
    space: str | SearchSpace | None = None,
) -> pd.DataFrame:
    """The smallest mutations of an architecture that are predicted to raise a target, and to cost nothing.

    Breadth first: all architectures one choice away are predicted, then those two choices away, and so
    on, until `n` of them are better or `max_steps` is reached.

    Parameters
    ----------
    predictor : a fitted predictor of architectures, of one target or of several.
    architecture : where to start from, in the notation of its space.
    direction : "max" or "min" for the only target; for several a mapping of targets to "max" or "min". The
        first of them is to get better, the others must not get worse. Targets that are not named may.
    n : how many are wanted.
    max_steps : most choices that may change.
    space : search space of the architecture, or its name; None infers it from the notation.

    Returns
    -------
    DataFrame
        A row per architecture, the fewest steps first, then the largest gain: `architecture`, `steps`,
        `change of TARGET` (predicted, new less old) for every target of the predictor, and `changes` in words.
        Changes of which a part alone is an improvement already are left out. No rows if there is nothing.

    Raises
    ------
    InputError
        If an argument is not what it should be.
    UnknownNameError
        If the predictor has no such target.

    Notes
    -----
    One step costs as many predictions as there are neighbours. From the second step on, only the
    neighbours of the hundred architectures that are predicted best, of those that hold no improvement, are
    looked at, so that something may be missed there. What a predictor holds for better need not be so: gains below its error say little.

    Examples
    --------
    >>> space = get_space("nasbench201")
    >>> cells = space.sample(60)
    >>> predictor = PerformancePredictor().fit(cells, [cell.count("conv_3x3") for cell in cells])
    >>> start = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|none~2|"
    >>> improve(predictor, start, n=1)["steps"].tolist()
    [1]
    """
    n, max_steps = count("n", n), count("max_steps", max_steps)
    space = infer_space([architecture]) if space is None else get_space(space)
    goal = _Goal(predictor, direction, space, architecture)
    level: list[Changes] = [frozenset()]
    seen = {space.format(goal.start)}
    better: dict[Changes, tuple[str, Floats]] = {}
    for _ in range(max_steps):
        found = {a: c for a, c in _around(space, goal.start, level).items() if a not in seen}
        if not found or len(better) >= n:
            break
        seen |= set(found)
        gains = goal.gains(list(found))
        for (child, changes), gain in zip(found.items(), gains, strict=True):
            if goal.is_better(gain) and not any(part < changes for part in better):
                better[changes] = child, gain
        level = _most_promising(found.values(), gains @ goal.wanted, better)
    return _table(goal, better).head(n)


class _Goal:
    """What is to get better, and the predictions of the architecture at the start."""

    def __init__(
        self,
        predictor: PerformancePredictor,
        direction: str | Mapping[str, str],
        space: SearchSpace,
        architecture: Any,
    ) -> None:
        if not isinstance(predictor, PerformancePredictor):
            raise InputError(f"`predictor` must be a PerformancePredictor, got {type(predictor).__name__}")
        self.space, self.predictor, self.start = space, predictor, space.parse(architecture)
        self.before = self._predicted([space.format(self.start)])[0]
        self.targets = list(predictor.target_names_)
        directions = self._directions(direction)
        # 1 for targets that may not fall, -1 for those that may not rise, 0 for the others
        self.signs = np.array([SIGNS.get(directions.get(name, ""), 0.0) for name in self.targets])
        self.wanted = np.where([name == next(iter(directions)) for name in self.targets], self.signs, 0.0)

    def _directions(self, direction: str | Mapping[str, str]) -> dict[str, str]:
        """Which end of each named target is better; the first of them is the one to get better."""
        if isinstance(direction, str) and len(self.targets) > 1:
            raise InputError(
                f"`direction` must say for each target of interest whether it is 'max' or 'min', got {direction!r};"
                f" targets are {', '.join(self.targets)}"
            )
        directions = read_directions(direction)
        if isinstance(direction, str):
            directions = {self.targets[0]: directions["value"]}
        for name in directions:
            check_known("target", name, self.targets)
        return directions

    def gains(self, architectures: list[str]) -> Floats:
        """Predicted changes, (n, n_targets)."""
        return self._predicted(architectures) - self.before

    def is_better(self, gain: Floats) -> bool:
        """Whether the first target gets better, and no other one worse."""
        return bool(gain @ self.wanted > 0 and np.all(gain * self.signs >= 0))

    def _predicted(self, architectures: list[str]) -> Floats:
        return np.asarray(self.predictor.predict(architectures), np.float64).reshape(len(architectures), -1)


def _around(space: SearchSpace, start: tuple[int, ...], level: Iterable[Changes]) -> dict[str, Changes]:
    """The neighbours of changed architectures, by what differs from the start."""
    found: dict[str, Changes] = {}
    for changes in level:
        parent = list(start)
        for position, option in changes:
            parent[position] = option
        for child in space.neighbours(tuple(parent)):
            pairs = enumerate(zip(space.parse(child), start, strict=True))
            found.setdefault(child, frozenset((i, new) for i, (new, old) in pairs if new != old))
    return found


def _most_promising(found: Iterable[Changes], gains: Floats, better: Collection[Changes]) -> list[Changes]:
    """Changes to go on from: the best of those that hold no improvement yet."""
    open_ones = {
        changes: gain
        for changes, gain in zip(found, gains.tolist(), strict=True)
        if not any(part <= changes for part in better)
    }
    return sorted(open_ones, key=lambda changes: -open_ones[changes])[:MOST_EXPANDED]


def _table(goal: _Goal, better: Mapping[Changes, tuple[str, Floats]]) -> pd.DataFrame:
    order = sorted(better, key=lambda changes: (len(changes), -float(better[changes][1] @ goal.wanted)))
    rows = [
        {
            "architecture": better[changes][0],
            "steps": len(changes),
            **{
                f"change of {t}": gain
                for t, gain in zip(goal.targets, better[changes][1].tolist(), strict=True)
            },
            "changes": _in_words(goal, changes),
        }
        for changes in order
    ]
    names = ["architecture", "steps", *(f"change of {target}" for target in goal.targets), "changes"]
    return pd.DataFrame(rows, columns=names)


def _in_words(goal: _Goal, changes: Changes) -> str:
    space, start = goal.space, goal.start
    return "; ".join(
        f"{space.choice_name(i)}: {space.option_name(i, start[i])} to {space.option_name(i, new)}"
        for i, new in sorted(changes)
    )
