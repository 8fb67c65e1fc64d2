"""What the columns of a table mean: which are targets, of what kind, and which are proxies.

A description is a TOML file. Beside a table `mytable.csv` it is called `mytable.toml`:

    architecture = "cell"        # the key column; several, or a pattern, are joined by ":"
    average_repeats = false      # true: rows of one architecture become one, with their means
    space = "nasbench201"        # "none": a space that graf does not have. Left out: inferred
    proxies = ["zcp_*"]          # columns to predict from; patterns as in file names
    recipes = ["learning_rate"]  # how a row was trained, to predict from; architectures may repeat
    info = ["*_seed?"]           # columns that are neither, although a pattern below has them
    source = "who measured it, where it was published"

    [space_settings]             # the network around the cell
    channels = 8

    [[targets]]                  # earlier entries win
    columns = ["accuracy"]
    kind = "measured training, one seed"
    unit = "percent"
    direction = "max"            # or "min": which end is better
    protocol = "CIFAR-10 validation images, 200 epochs"
    group = "accuracy"
    primary = true               # shown first in reports; or patterns of those that are
    noise_ceiling = 0.9          # Kendall tau that the best predictor could reach
    missing = [-1]               # numbers that stand for "not measured"

    [[fidelities]]               # known before training ends: predicted from only where asked for
    columns = ["accuracy_ep12"]
    epochs = 12                  # what it costs
    checkpoint = true            # training goes on from it; false: a shorter one of its own
    protocol = "CIFAR-10 validation images"

Every key may be left out, but for `columns`. Columns that no pattern has are `info`. With `guess = true` the
patterns say what columns of these names usually are: text columns are passed over.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import nan
from pathlib import Path
from typing import Any

from graf.datasets.fidelities import FidelityRule, fidelity_rules
from graf.datasets.reading import reading
from graf.datasets.schema import checked, entries, flag, numbers, one_of, table, tau, text, texts
from graf.directions import DIRECTIONS
from graf.exceptions import UnknownNameError
from graf.spaces import SearchSpace

__all__ = [
    "GROUPS",
    "KINDS",
    "Description",
    "TargetRule",
    "expand",
    "matches",
    "parse_description",
    "read_description",
    "target_facts",
]

KINDS = (
    "measured training, one seed",
    "measured training, mean of seeds",
    "surrogate prediction",
    "inherited from a supernet",
    "analytic model",
    "measured on device",
    "not stated",
)
GROUPS = ("accuracy", "latency", "energy", "robustness", "calibration", "cost", "other")


@dataclass(frozen=True)
class TargetRule:
    """What is known of the targets whose columns match a pattern; see the module's text."""

    columns: tuple[str, ...] = ()
    kind: str = "not stated"
    unit: str = ""
    direction: str = "max"
    protocol: str = ""
    group: str = "other"
    primary: tuple[str, ...] = ()
    noise_ceiling: float = nan
    missing: tuple[float, ...] = ()


@dataclass(frozen=True)
class Description:
    """What is known of the columns of a table; see the module's text."""

    architecture: tuple[str, ...] = ()
    space: str | SearchSpace | None = None
    space_settings: Mapping[str, Any] = field(default_factory=dict)
    info: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()
    recipes: tuple[str, ...] = ()
    targets: tuple[TargetRule, ...] = ()
    fidelities: tuple[FidelityRule, ...] = ()
    source: str = ""
    average_repeats: bool = False
    guess: bool = False

    def rule(self, column: str) -> TargetRule:
        """The first entry whose patterns have the column, or one that states nothing."""
        found = (rule for rule in self.targets if matches(column, rule.columns))
        return next(found, TargetRule((column,)))

    def fits(self, columns: Sequence[str]) -> bool:
        """Whether a table with these columns can be the one described."""
        found = any(matches(column, rule.columns) for rule in self.targets for column in columns)
        return found and all(any(matches(column, [key]) for column in columns) for key in self.architecture)

    def check(self, columns: Sequence[str]) -> None:
        """`UnknownNameError` for a pattern that no column has."""
        named = [self.architecture, self.info, self.proxies, self.recipes]
        named += [rule.columns for rules in (self.targets, self.fidelities) for rule in rules]
        named += [rule.primary for rule in self.targets]
        for patterns in named:
            expand(patterns, columns)


def matches(column: str, patterns: Iterable[str]) -> bool:
    """Whether a column is one of the names or file-name patterns."""
    return any(column == pattern or fnmatchcase(column, pattern) for pattern in patterns)


def expand(patterns: Iterable[str], columns: Sequence[str]) -> list[str]:
    """The columns that the patterns have, in the patterns' order.

    Examples
    --------
    >>> expand(["b", "a_*"], ["a_1", "a_2", "b"])
    ['b', 'a_1', 'a_2']
    """
    found: dict[str, None] = {}
    for pattern in patterns:
        hits = [column for column in columns if matches(column, [pattern])]
        if not hits:
            raise UnknownNameError("column", pattern, columns)
        found |= dict.fromkeys(hits)
    return list(found)


def read_description(path: Path) -> Description:
    """The description in a TOML file; `DatasetError` or `UnknownNameError` if it is not one."""
    with reading(path):
        facts = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    return parse_description(facts, path.name)


def parse_description(facts: object, where: str) -> Description:
    """The description that a mapping holds; `where` names it in errors."""
    return Description(**checked(facts, _DESCRIPTION, where))


def target_facts(facts: object, where: str) -> dict[str, Any]:
    """The checked fields of one target entry, only those that are stated."""
    return checked(facts, _TARGET, where)


def _rules(value: Any, where: str) -> tuple[TargetRule, ...]:
    return tuple(TargetRule(**facts) for facts in entries(value, where, target_facts))


def _primary(value: Any, where: str) -> tuple[str, ...]:
    if isinstance(value, bool):
        return ("*",) if value else ()
    return texts(value, where)


_TARGET = {
    "columns": texts,
    "kind": one_of(KINDS),
    "unit": text,
    "direction": one_of(DIRECTIONS),
    "protocol": text,
    "group": one_of(GROUPS),
    "primary": _primary,
    "noise_ceiling": tau,
    "missing": numbers,
}
_DESCRIPTION = {
    "architecture": texts,
    "space": text,
    "space_settings": table,
    "info": texts,
    "proxies": texts,
    "recipes": texts,
    "targets": _rules,
    "fidelities": fidelity_rules,
    "source": text,
    "average_repeats": flag,
    "guess": flag,
}
