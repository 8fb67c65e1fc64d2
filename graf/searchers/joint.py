"""Joint: an architecture together with the recipe that trains it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.exceptions import ArchitectureError, InputError
from graf.searchers.domains import Domain

__all__ = ["Joint"]

KEY = "architecture"


class Joint(Domain):
    """Pairs of an architecture and options of a recipe; candidates are JSON texts of both.

    Parameters
    ----------
    inner : the domain of architectures.
    recipe : options by name of setting, such as {"learning_rate": [0.1, 0.3], "augment": [True, False]}.

    Notes
    -----
    A mutation changes one choice of the architecture or of the recipe, each with equal chances.
    """

    def __init__(self, inner: Domain, recipe: Mapping[str, Sequence[Any]]) -> None:
        self.inner, self.space = inner, inner.space
        if not isinstance(recipe, Mapping):
            raise InputError(f"`recipe` must map each setting to a list of its options, got {recipe!r:.100}")
        self.recipe = {str(name): _options(name, options) for name, options in recipe.items()}
        for name, options in self.recipe.items():
            if len(set(options)) < len(options):
                raise InputError(f"`recipe`: the options of {name!r} must differ, got {options!r:.100}")
        self.members: list[str] | None = None

    @property
    def description(self) -> dict[str, Any]:
        """That of the domain of architectures, and the recipe."""
        return {**self.inner.description, "recipe": self.recipe}

    def _text(self, architecture: str, options: Mapping[str, Any]) -> str:
        return json.dumps({KEY: architecture, **options})

    def arguments(self, candidate: str) -> tuple[str, dict[str, Any]]:
        """The architecture and the options by name."""
        found = json.loads(candidate)
        return found.pop(KEY), found

    def read(self, item: Any) -> str:
        """A pair given as a mapping of "architecture" and all settings, or as its text."""
        if isinstance(item, str) and item.startswith("{"):
            item = _pair(item)
        if not isinstance(item, Mapping) or set(item) != {KEY, *self.recipe}:
            raise ArchitectureError(
                f"expected a mapping of {', '.join([KEY, *self.recipe])}, got {item!r:.200}"
            )
        for name, options in self.recipe.items():
            if item[name] not in options:
                raise ArchitectureError(f"{name!r} must be one of {options}, got {item[name]!r:.60}")
        chosen = {name: options[options.index(item[name])] for name, options in self.recipe.items()}
        return self._text(self.inner.read(item[KEY]), chosen)

    def shown(self, candidate: str) -> Any:
        """A mapping of "architecture" and all settings."""
        return json.loads(candidate)

    def sample(self, n: int, rng: np.random.Generator) -> list[str]:
        """Both drawn independently."""
        return [self._text(name, self._draw(rng)) for name in self.inner.sample(n, rng)]

    def _draw(self, rng: np.random.Generator) -> dict[str, Any]:
        return {name: options[rng.integers(len(options))] for name, options in self.recipe.items()}

    def mutate(self, candidate: str, rng: np.random.Generator) -> str:
        """One choice of the architecture or of the recipe replaced."""
        architecture, options = self.arguments(candidate)
        free = [name for name, all_options in self.recipe.items() if len(all_options) > 1]
        n_choices = self.inner.choices([architecture]).shape[1]
        position = int(rng.integers(n_choices + len(free)))
        if position < n_choices:
            return self._text(self.inner.mutate(architecture, rng), options)
        name = free[position - n_choices]
        others = [option for option in self.recipe[name] if option != options[name]]
        return self._text(architecture, options | {name: others[rng.integers(len(others))]})

    def crossover(self, first: str, second: str, rng: np.random.Generator) -> str:
        """A crossover of the architectures, and each setting of one of the two."""
        (one, ours), (other, theirs) = self.arguments(first), self.arguments(second)
        options = {name: (ours, theirs)[rng.integers(2)][name] for name in self.recipe}
        return self._text(self.inner.crossover(one, other, rng), options)

    def neighbours(self, candidate: str) -> list[str]:
        """Those with a neighbouring architecture, or with one other setting."""
        architecture, options = self.arguments(candidate)
        other = [
            options | {name: option}
            for name, all_options in self.recipe.items()
            for option in all_options
            if option != options[name]
        ]
        return [self._text(name, options) for name in self.inner.neighbours(architecture)] + [
            self._text(architecture, changed) for changed in other
        ]

    def choices(self, candidates: Sequence[str]) -> NDArray[np.int32]:
        """Choices of the architecture, then positions of the options."""
        pairs = [self.arguments(candidate) for candidate in candidates]
        own = [[all_o.index(o[name]) for name, all_o in self.recipe.items()] for _, o in pairs]
        return np.hstack([self.inner.choices([name for name, _ in pairs]), np.array(own, np.int32)])

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Those of the architecture, then numbers of options."""
        return self.inner.cardinalities + tuple(map(len, self.recipe.values()))

    def from_choices(self, rows: NDArray[np.integer]) -> list[str]:
        """Pairs whose choices make an architecture."""
        found = []
        for row in rows:
            own, others = np.split(row, [len(self.inner.cardinalities)])
            picked = zip(self.recipe.items(), others.tolist(), strict=True)
            chosen = {name: options[i] for (name, options), i in picked}
            found += [self._text(name, chosen) for name in self.inner.from_choices(own[None])]
        return found

    def columns(self, candidates: Sequence[str]) -> pd.DataFrame:
        """The settings of pairs."""
        rows = [self.arguments(candidate)[1] for candidate in candidates]
        return pd.DataFrame(rows, columns=list(self.recipe))

    def options(self, column: str) -> list[Any]:
        """The options of a setting."""
        return self.recipe[column]


def _options(name: Any, given: Any) -> list[Any]:
    """The options of a setting as Python's own values, which JSON can hold."""
    listed = np.iterable(given) and not isinstance(given, (str, Mapping))
    options = [o.item() if isinstance(o, np.generic) else o for o in given] if listed else []
    if name == KEY or not options or not all(isinstance(o, (int, float, str)) and o == o for o in options):
        raise InputError(
            f"`recipe` must give each setting a list of numbers, texts or booleans, got {name!r}: {given!r:.100}"
        )
    return options


def _pair(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ArchitectureError(f"not the JSON text of a pair ({error}): {text!r:.200}") from None
