"""Which columns `GraphFeatures` computes without being asked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal

import numpy as np

from graf.features.columns import Column, column_of
from graf.features.networks import network_columns
from graf.features.plan import Plan
from graf.features.published import PublishedColumn
from graf.features.registry import BRANCHES, FEATURES, NUMBERED_INPUTS, NUMBERED_JUNCTIONS
from graf.features.simplified import simplified as simplified_batch
from graf.graph.batch import INPUT, GraphBatch
from graf.graph.computation_graph import JUNCTION
from graf.ops import MAX_FULL_SUBSETS, OpSet
from graf.spaces import SearchSpace

__all__ = ["Simplified", "columns_of", "columns_of_graphs"]

Simplified = bool | Literal["both"]
N_LOOKED_AT = 256
OF_NETWORKS = "n_output_bytes"  # an attribute that readers of whole networks always give
PLAIN = ("graph", "operation", "attribute")


def _default_columns(
    ops: OpSet, attributes: Iterable[str], cells: Sequence[str], simplified: bool, also: Iterable[str]
) -> list[Column]:
    """Every default statistic of every family, cell by cell; attributes of the whole graph too.

    Parameters
    ----------
    ops : vocabulary of the graphs.
    attributes : attributes of the nodes.
    cells : names of the cells, none for features of whole graphs.
    simplified : leave out counts of parameters and multiply-adds, which architectures of the same
        function need not share.
    also : what else there is that families need.
    """
    named = [name for name in attributes if not (simplified and name.startswith("n_"))]
    there = {*named, *(["widths"] if cells or "channels" in named else []), *also}
    return [
        column_of(family, arguments, stat, cell)
        for family, declared in FEATURES.items()
        if declared.needs <= there
        for cell in (["", *cells] if declared.over == "attribute" else cells or [""])
        for arguments in declared.sets(ops, named)
        for stat in declared.default
    ]


def columns_of_graphs(
    ops: OpSet, attributes: Sequence[str], cells: Sequence[str], simplified: bool, is_chains: bool
) -> list[Column]:
    """The default columns of graphs of no search space.

    Whole networks, as graf reads them, get the same columns whatever the corpus
    (`graf.features.networks`), and so do other graphs as far as their attributes go. Those of at
    most seven operations, as cells are, get the columns over all sets of these too, without those
    that follow the numbering of nodes: only in chains does it say something.
    """
    if OF_NETWORKS in attributes:
        return network_columns(simplified=simplified)
    of_networks = network_columns(attributes, simplified)
    if len(ops) > MAX_FULL_SUBSETS:
        return of_networks
    of_cells = _default_columns(ops, attributes, cells, simplified, [BRANCHES])
    if not is_chains:
        of_cells = [column for column in of_cells if not _is_numbered(column)]
    return list(dict.fromkeys([*of_cells, *of_networks]))


def _is_numbered(column: Column) -> bool:
    """Whether it follows the numbering of nodes, which is not fixed where graphs branch."""
    return column.family == "stage" or (column.family == "profile" and column.stat.startswith("at"))


@lru_cache(maxsize=64)
def columns_of(space: SearchSpace, simplified: Simplified = False) -> tuple[Column, ...]:
    """The default columns that say something of their own within a search space.

    With `simplified="both"` those of simplified graphs join those of the graphs as they are, if any
    of them says something that these do not.

    Judged by 256 architectures drawn with a fixed seed: columns with the same value, or none, for
    all of them are left out, and of equal columns all but the plainest. Where every graph is a chain,
    so are the families that tell branches apart.
    """
    plain = space.batch(space.sample(N_LOOKED_AT))
    if simplified != "both":
        batch = simplified_batch(plain) if simplified else plain
        columns = _default_columns(batch.ops, batch.attributes, list(batch.cells), simplified, _found(batch))
        return tuple(_distinct(batch, columns))
    as_they_are = columns_of(space)
    of_function = [replace(column, simplified=True) for column in columns_of(space, True)]
    found = _distinct(plain, [*as_they_are, *of_function])
    return (*as_they_are, *of_function) if any(column.simplified for column in found) else as_they_are


def _distinct(batch: GraphBatch, columns: Sequence[Column]) -> list[Column]:
    """Those that vary, and of equal ones the plainest."""
    values = Plan.of([PublishedColumn(str(column), column) for column in columns]).values(batch)
    plainest: dict[bytes, int] = {}
    for i in sorted(range(len(columns)), key=lambda i: _plainness(columns[i])):
        plainest.setdefault(values[:, i].tobytes(), i)
    return [columns[i] for i in sorted(plainest.values()) if len(np.unique(values[:, i])) > 1]


def _found(batch: GraphBatch) -> list[str]:
    """What else than attributes the graphs of a space have."""
    n_inputs = np.bincount(batch.graph_of, weights=batch.flags & INPUT > 0)
    there = {
        BRANCHES: not batch.is_chains,
        NUMBERED_INPUTS: n_inputs.max() > 1,
        NUMBERED_JUNCTIONS: (batch.node_op == JUNCTION).any(),
    }
    return [name for name, is_there in there.items() if is_there]


def _plainness(column: Column) -> tuple[bool, bool, int]:
    """Graphs as they are come first, then sizes, counts and attributes, then few operations."""
    return column.simplified, FEATURES[column.family].over not in PLAIN, len(column.ops)
