"""Columns that belong together, so that a model can weigh them as one."""

from __future__ import annotations

from collections.abc import Iterable

from graf.exceptions import GrafError
from graf.features import CHOICE, Column, parse_column

__all__ = ["GIVEN", "choices", "chosen", "families", "graph_columns", "statistics", "structure", "views"]

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

    A total has no statistic, but the quantity that it adds up: multiply-adds, which may tell nearly all about a
    device, must not share a weight with the sum of all kernel sizes. A choice has that of its options.

    Examples
    --------
    >>> statistics(["op_count(skip)", "node_degree(skip).in", "total(n_macs)", "zcp_nwot"])
    ['op_count.', 'node_degree.in', 'total.n_macs', 'zcp_nwot']
    """
    return [
        name if column is None else f"{column.family}.{_quantity(column)}" for name, column in _parsed(names)
    ]


def choices(names: Iterable[str]) -> list[int]:
    """Positions of the columns of what architectures chose.

    Examples
    --------
    >>> choices(["op_count(skip)", "choice(1->2=skip)", "zcp_nwot"])
    [1]
    """
    return [i for i, (_, column) in enumerate(_parsed(names)) if _is_choice(column)]


def chosen(names: Iterable[str]) -> list[str]:
    """The choice of each column of a choice and option.

    Examples
    --------
    >>> chosen(["choice(1->2=skip)", "choice(1->2=none)"])
    ['1->2', '1->2']
    """
    return [_quantity(column) for _, column in _parsed(names) if column is not None]


def graph_columns(names: Iterable[str]) -> dict[str, Column]:
    """What the graph features among the columns hold, by their names.

    Examples
    --------
    >>> graph_columns(["op_count(skip)", "zcp_nwot"])
    {'op_count(skip)': Column(family='op_count', ops=('skip',), stat='', cell='', attribute='', simplified=False)}
    """
    return {name: column for name, column in _parsed(names) if column is not None}


def structure(names: Iterable[str]) -> list[int]:
    """Positions of the columns that are the same whatever is done with an architecture: of its graph and its choices.

    Examples
    --------
    >>> structure(["op_count(skip)", "choice(1->2=skip)", "lr"])
    [0, 1]
    """
    return [i for i, (_, column) in enumerate(_parsed(names)) if column is not None]


def views(names: Iterable[str]) -> list[list[int]]:
    """Positions of the columns of graphs as they are, and of those of simplified graphs; what is of neither is in both.

    All columns together where they are not of both kinds. Choices are in none, unless there is nothing else.

    Examples
    --------
    >>> views(["op_count(skip)", "live.depth@simplified", "zcp_nwot", "choice(1->2=skip)"])
    [[0, 2], [1, 2]]
    """
    parsed = list(enumerate(column for _, column in _parsed(names)))
    columns = [(i, column) for i, column in parsed if not _is_choice(column)] or parsed
    kinds = {column.simplified for _, column in columns if column is not None}
    if len(kinds) < 2:
        return [[i for i, _ in columns]]
    return [
        [i for i, column in columns if column is None or column.simplified == kind] for kind in (False, True)
    ]


def _quantity(column: Column) -> str:
    return column.stat or column.attribute.partition("=")[0]


def _is_choice(column: Column | None) -> bool:
    return column is not None and column.family == CHOICE


def _parsed(names: Iterable[str]) -> list[tuple[str, Column | None]]:
    return [(name, _column(name)) for name in names]


def _column(name: str) -> Column | None:
    try:
        return parse_column(name)
    except GrafError:
        return None
