"""witness: a column and a graph in, the part of the graph behind the value out."""

from __future__ import annotations

import numpy as np

from graf.exceptions import InputError
from graf.explainers.witnesses.moved import in_original, renumbered, simplified_with_sources
from graf.explainers.witnesses.view import View
from graf.explainers.witnesses.witness import FINDERS, Witness, none, of_nodes
from graf.features import CHOICE, Column, parse_column
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
    graph : the graph that the column is of, as it is: for columns `@simplified` too, whose witness
        is shown in it.

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
    column = parse_column(column) if isinstance(column, str) else column
    for name in column.ops:
        if not (graph.ops.members(name) or is_known(name)):
            graph.ops.index(name)
    return Witnesses(graph).of(column)


class Witnesses:
    """The witnesses of many columns of one graph, which share what is worked out of it."""

    def __init__(self, graph: ComputationGraph) -> None:
        self.graph = graph
        self._forms = {False: (graph, list(range(graph.n_nodes)))}
        self._views: dict[tuple[bool, str], View] = {}

    def of(self, column: Column | str) -> Witness:
        """The witness of a column, as `witness` finds it; operations may be any, as other graphs have them."""
        column = parse_column(column) if isinstance(column, str) else column
        if column.family == CHOICE:
            return _of_choice(self.graph, column)
        found = FINDERS[column.family](self._view(column.simplified, column.cell), column)
        graph, sources = self._form(column.simplified)
        if column.cell:
            found = renumbered(found, np.sort(graph.cells[column.cell]).tolist())
        return in_original(found, self.graph, sources) if column.simplified else found

    def _form(self, simplified: bool) -> tuple[ComputationGraph, list[int]]:
        """The graph or its simplified form, with the node of the graph behind each of its nodes."""
        if simplified not in self._forms:
            self._forms[simplified] = simplified_with_sources(self.graph)
        return self._forms[simplified]

    def _view(self, simplified: bool, cell: str) -> View:
        if (simplified, cell) not in self._views:
            graph, _ = self._form(simplified)
            self._views[simplified, cell] = View(graph.cell(cell) if cell else graph)
        return self._views[simplified, cell]


def _of_choice(graph: ComputationGraph, column: Column) -> Witness:
    """The node that is called as the choice is, if there is one."""
    choice, _, option = column.attribute.partition("=")
    names = graph.names or ()
    if choice not in names:
        return none(column, f"choice of {column.attribute}")
    node = names.index(choice)
    taken = graph.op_names[node] == option
    return of_nodes(column, f"{choice} is {'' if taken else 'not '}{option}", {node: float(taken)})
