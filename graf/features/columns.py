"""Column names: written from what they mean, and parsed back into it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graf.exceptions import InputError, check_known
from graf.features.registry import FEATURES

__all__ = ["CHOICE", "Column", "column_of", "parse_column"]

PATTERN = re.compile(r"(\w+)(?:\(([^()]*)\))?(?:\.(\w+))?(?:@(\w+)(?:\.(\w+))?)?")
SIMPLIFIED = "simplified"
CHOICE = "choice"  # the one family that is of the search space and not of graphs
TAKES = {
    "graph": "nothing",
    "operation": "one operation",
    "active": "one operation",
    "kind": "operations",
    "pair": "two operations in order",
    "set": "operations",
    "attribute": "one attribute of nodes",
}
EXACT = {"graph": 0, "operation": 1, "active": 1, "pair": 2, "attribute": 1}


@dataclass(frozen=True)
class Column:
    """What one column holds; `str` gives its name, `family(op+op).stat@cell`.

    What is taken of the simplified graph, in which cells of one function are the same, says so in
    place of the cell, as in `@simplified`, or before it, as in `@simplified.normal`.

    Parameters
    ----------
    family : name of a declared feature.
    ops : operations of the set or pair, () for a feature that is not about operations.
    stat : statistic, "" for a family with one value.
    cell : named cell that the feature is taken of, "" for the whole graph.
    attribute : attribute of nodes that the feature is about, or choice and option, "" for none.
    simplified : it is taken of the simplified graph (`ComputationGraph.simplified`).

    Examples
    --------
    >>> str(Column("node_degree", ("skip", "conv3x3"), "in"))
    'node_degree(skip+conv3x3).in'
    """

    family: str
    ops: tuple[str, ...] = ()
    stat: str = ""
    cell: str = ""
    attribute: str = ""
    simplified: bool = False

    @property
    def arguments(self) -> tuple[str, ...]:
        """What stands in parentheses."""
        return (self.attribute,) if self.attribute else self.ops

    def __str__(self) -> str:
        arguments = f"({'+'.join(self.arguments)})" if self.arguments else ""
        place = ".".join(filter(None, [self.simplified * SIMPLIFIED, self.cell]))
        return f"{self.family}{arguments}{self.stat and f'.{self.stat}'}{place and f'@{place}'}"


def column_of(
    family: str, arguments: tuple[str, ...], stat: str = "", cell: str = "", simplified: bool = False
) -> Column:
    """The column of a family from what stands in parentheses."""
    if FEATURES[family].over == "attribute":
        return Column(family, (), stat, cell, arguments[0], simplified)
    return Column(family, arguments, stat, cell, simplified=simplified)


def parse_column(name: str) -> Column:
    """The column of a name, the inverse of `str`; errors list the near names.

    Examples
    --------
    >>> parse_column("min_path_len(skip+conv1x1)@normal").ops
    ('skip', 'conv1x1')
    """
    match = PATTERN.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise InputError(f"a column must be named 'family(op+op).stat@cell', got {name!r}")
    family, inside, stat = match[1], match[2], match[3] or ""
    simplified, cell = _place(name, match[4] or "", match[5] or "")
    if family == CHOICE:
        return _choice(name, inside or "")
    check_known("feature", family, FEATURES)
    declared = FEATURES[family]
    check_known(f"statistic of {family}", stat, declared.stats)
    arguments = tuple(inside.split("+")) if inside else ()
    exact = EXACT.get(declared.over)
    if len(arguments) != exact if exact is not None else not arguments:
        raise InputError(f"column {name!r}: {family} takes {TAKES[declared.over]} in parentheses")
    return column_of(family, arguments, stat, cell, simplified)


def _choice(name: str, inside: str) -> Column:
    if name != f"{CHOICE}({inside})" or "=" not in inside:
        raise InputError(
            f"column {name!r}: {CHOICE} takes a choice and its option, as in 'choice(1->2=skip)'"
        )
    return Column(CHOICE, attribute=inside)


def _place(name: str, first: str, second: str) -> tuple[bool, str]:
    """Whether a column is of the simplified graph, and of which cell, from what follows the @."""
    if second and first != SIMPLIFIED:
        raise InputError(f"column {name!r}: before a cell may stand {SIMPLIFIED!r} only, got {first!r}")
    return (True, second) if first == SIMPLIFIED else (False, first)
