"""witness: a column and a graph in, the part of the graph behind the value out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from graf.exceptions import InputError
from graf.explainers.witnesses.view import View
from graf.explainers.witnesses.witness import FINDERS, Place, Witness
from graf.features import Column, parse_column
from graf.graph import ComputationGraph
from graf.ops import is_known

__all__ = ["Witnesses", "witness"]


def witness(column: Column | str, graph: ComputationGraph) -> Witness:
    """The nodes and edges of a graph that made the value of a column.

    Paths of columns about paths (of equal ones, the first found), counted operations, edges of
    degrees, the operation whose branching is largest, nodes whose attributes are added up.

    Parameters
    ----------
    column : a column of `GraphFeatures` or its name.
    graph : the graph that the column is of; features of whole networks and of cells alike.

    Returns
    -------
    Witness
        Without nodes where no part of the graph is to be pointed at: nothing is there to be counted,
        there is no such path, or the value belongs to the whole graph, as eigenvalues do. `words`
        says which.

    Raises
    ------
    UnknownNameError
        If there is no such feature, operation or cell.

    Notes
    -----
    O(V + E) for most columns; `n_follow` and `shortcut` take up to O(V (V + E)).

    Examples
    --------
    >>> g = ComputationGraph.from_edges(["conv3x3", "skip", "conv3x3"], [(0, 1), (1, 2), (0, 2)])
    >>> witness("op_count(conv3x3)", g).amounts
    {0: 1.0, 2: 1.0}
    >>> witness("op_count(conv3x3)", g).words
    'conv3x3'
    """
    if not isinstance(graph, ComputationGraph):
        raise InputError(
            f"`graph` must be a ComputationGraph, got {type(graph).__name__}; see graf.read_graph"
        )
    return Witnesses(graph).of(column)


class Witnesses:
    """The witnesses of many columns of one graph, which share what is worked out of it."""

    def __init__(self, graph: ComputationGraph) -> None:
        self.graph = graph
        self._views: dict[str, View] = {}

    def of(self, column: Column | str) -> Witness:
        """The witness of a column, as `witness` finds it; nodes are those of the whole graph."""
        column = parse_column(column) if isinstance(column, str) else column
        for name in column.ops:
            if not (self.graph.ops.members(name) or is_known(name)):
                self.graph.ops.index(name)
        view = self._view(column.cell)
        found = FINDERS[column.family](view, column)
        return _moved(found, np.sort(self.graph.cells[column.cell]).tolist()) if column.cell else found

    def _view(self, cell: str) -> View:
        if cell not in self._views:
            self._views[cell] = View(self.graph.cell(cell) if cell else self.graph)
        return self._views[cell]


def _moved(found: Witness, nodes: list[int]) -> Witness:
    """The witness in a larger graph, in which nodes have other numbers."""

    def place(at: Place) -> Place:
        return nodes[at] if isinstance(at, int) else (nodes[at[0]], nodes[at[1]])

    return replace(
        found,
        amounts={place(at): amount for at, amount in found.amounts.items()},
        nodes=tuple(nodes[v] for v in found.nodes),
        edges=tuple((nodes[u], nodes[v]) for u, v in found.edges),
    )
