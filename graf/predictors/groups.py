"""Columns that belong together, so that a model can weigh them as one."""

from __future__ import annotations

from collections.abc import Iterable

from graf.exceptions import GrafError
from graf.features import Column, parse_column

__all__ = ["GIVEN", "families", "statistics"]

GIVEN = "given columns"  # proxies and whatever else is not a graph feature


def families(names: Iterable[str]) -> list[str]:
    """The family of each column, one name for all that are no graph features.

    Examples
    --------
    >>> families(["op_count(skip)", "node_degree(skip).in", "zcp_nwot", "zcp_synflow"])
    ['op_count', 'node_degree', 'given columns', 'given columns']
    """
    return [GIVEN if column is None else column.family for _, column in _parsed(names)]


def statistics(names: Iterable[str]) -> list[str]:
    """The family and statistic of each column, and the own name of what is no graph feature.

    Examples
    --------
    >>> statistics(["op_count(skip)", "node_degree(skip).in", "zcp_nwot"])
    ['op_count.', 'node_degree.in', 'zcp_nwot']
    """
    return [name if column is None else f"{column.family}.{column.stat}" for name, column in _parsed(names)]


def _parsed(names: Iterable[str]) -> list[tuple[str, Column | None]]:
    return [(name, _column(name)) for name in names]


def _column(name: str) -> Column | None:
    try:
        return parse_column(name)
    except GrafError:
        return None
