"""Column names: written from what they mean, and parsed back into it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graf.exceptions import InputError, UnknownNameError
from graf.features.registry import FEATURES

__all__ = ["Column", "parse_column"]

PATTERN = re.compile(r"(\w+)(?:\(([^()]*)\))?(?:\.(\w+))?")


@dataclass(frozen=True)
class Column:
    """What one column holds; `str` gives its name, `family(op+op).stat`.

    Parameters
    ----------
    family : name of a declared feature.
    ops : operations of the set, () for a feature of the whole graph.
    stat : statistic, "" for a family with one value.

    Examples
    --------
    >>> str(Column("node_degree", ("skip", "conv3x3"), "in"))
    'node_degree(skip+conv3x3).in'
    """

    family: str
    ops: tuple[str, ...] = ()
    stat: str = ""

    def __str__(self) -> str:
        operations = f"({'+'.join(self.ops)})" if self.ops else ""
        return f"{self.family}{operations}" + (f".{self.stat}" if self.stat else "")


def parse_column(name: str) -> Column:
    """The column of a name, the inverse of `str`; errors list the near names.

    Examples
    --------
    >>> parse_column("min_path_len(skip+conv1x1)").ops
    ('skip', 'conv1x1')
    """
    match = PATTERN.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise InputError(f"a column must be named 'family(op+op).stat', got {name!r}")
    family, operations, stat = match[1], match[2], match[3] or ""
    if family not in FEATURES:
        raise UnknownNameError("feature", family, FEATURES)
    declared = FEATURES[family]
    if stat not in declared.stats:
        raise UnknownNameError(f"statistic of {family}", stat, declared.stats)
    ops = tuple(operations.split("+")) if operations else ()
    if (declared.over == "graph") != (not ops) or (declared.over == "operation" and len(ops) != 1):
        wanted = {"graph": "no operations", "operation": "one operation", "set": "operations"}
        raise InputError(f"column {name!r}: {family} takes {wanted[declared.over]} in parentheses")
    return Column(family, ops, stat)
