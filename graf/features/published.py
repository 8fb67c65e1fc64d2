"""The columns of the published GRAF code: their names, and what they hold in graf's terms.

Sources: Kadlecová et al., GRAF, ICML 2024, and its two releases, `zc_combine` (experiments of
the paper) and `graf_nas` (the later package). Operations are numbered as NASLib numbers them;
where no path exists, sentinels stand in for the missing length.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from graf.exceptions import InputError, UnknownNameError
from graf.features.columns import Column
from graf.spaces import SearchSpace, get_space

__all__ = ["VARIANTS", "PublishedColumn", "published_columns", "published_name"]

OP_NAMES = {
    "skip": "skip_connect",
    "none": "none",
    "conv1x1": "nor_conv_1x1",
    "conv3x3": "nor_conv_3x3",
    "avg_pool3x3": "avg_pool_3x3",
}
STATS = {"in": "in_degree", "out": "out_degree", "mean_in": "avg_in", "mean_out": "avg_out"}
SUPPORTED = ("nasbench201", "transnas_micro")


@dataclass(frozen=True)
class Variant:
    """How one release writes its columns."""

    longest: str  # family of the longest path
    label: Callable[[SearchSpace, tuple[str, ...]], str]
    shortest_label: Callable[[SearchSpace, tuple[str, ...]], str]
    no_shortest: float
    no_longest: float


@dataclass(frozen=True)
class PublishedColumn:
    """A published column: its name, what it holds, and what stands for NaN.

    `column` is None for a count of an operation that the space does not have: zero throughout.
    """

    name: str
    column: Column | None
    fill: float


def _allowed(space: SearchSpace, ops: tuple[str, ...]) -> str:
    return f"allowed_{[space.ops.index(name) for name in ops]}"


def _banned(space: SearchSpace, ops: tuple[str, ...]) -> str:
    return f"banned_{[i for i, name in enumerate(space.ops) if name not in ops]}"


def _names(space: SearchSpace, ops: tuple[str, ...]) -> str:
    return f"({','.join(OP_NAMES[name] for name in ops)})"


VARIANTS = {
    "zc_combine": Variant("max_path_len", _allowed, _banned, 5, -1),
    "graf_nas": Variant("max_path_len", _names, _names, 6, 0),
    "paper": Variant("traded_path_len", _allowed, _banned, 5, -1),
}


def published_columns(space: SearchSpace | str, variant: str) -> list[PublishedColumn]:
    """All columns of a release for a space, in its order."""
    space = get_space(space)
    if variant not in VARIANTS:
        raise UnknownNameError("published variant", variant, VARIANTS)
    if space.name not in SUPPORTED:
        raise InputError(
            f"`compat` reproduces the published features of {', '.join(SUPPORTED)}, got {space.name}"
        )
    return list(_columns(space, variant, VARIANTS[variant]))


def _columns(space: SearchSpace, name: str, variant: Variant) -> Iterator[PublishedColumn]:
    sets = space.ops.subsets()
    for i, op in enumerate(space.ops):
        yield PublishedColumn(f"op_count_{i}", Column("op_count", (op,)), 0)
    if name == "graf_nas" and len(space.ops) == 4:  # it counts NAS-Bench-201's fifth operation too
        yield PublishedColumn("op_count_4", None, 0)
    shortest = _by_banned(space) if name != "graf_nas" else sets
    for ops in shortest:
        label = variant.shortest_label(space, ops)
        yield PublishedColumn(f"min_path_len_{label}", Column("min_path_len", ops), variant.no_shortest)
    for ops in sets:
        label = variant.label(space, ops)
        yield PublishedColumn(f"max_op_on_path_{label}", Column(variant.longest, ops), variant.no_longest)
    for ops in sets:
        label = variant.label(space, ops)
        for stat, written in STATS.items():
            yield PublishedColumn(f"node_degree_{label}_{written}", Column("node_degree", ops, stat), 0)


def _by_banned(space: SearchSpace) -> Iterator[tuple[str, ...]]:
    for size in range(len(space.ops)):
        for banned in combinations(space.ops, size):
            yield tuple(name for name in space.ops if name not in banned)


def published_name(column: Column | str, variant: str, space: SearchSpace | str = "nasbench201") -> str:
    """The published name of one of graf's columns.

    Raises `UnknownNameError` if the release has no such column.

    Examples
    --------
    >>> published_name("min_path_len(none+conv3x3+conv1x1+avg_pool3x3)", "zc_combine")
    'min_path_len_banned_[0]'
    """
    names = {str(c.column): c.name for c in published_columns(space, variant) if c.column is not None}
    if str(column) not in names:
        raise UnknownNameError(f"column of {variant}", str(column), names)
    return names[str(column)]
