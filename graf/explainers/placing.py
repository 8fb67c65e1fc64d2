"""Attributions on the graph: what each node and each edge of an architecture earned."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.explainers.witnesses import Witness, Witnesses
from graf.explainers.witnesses.witness import Place
from graf.features import Column
from graf.graph import ComputationGraph
from graf.graph.drawing import Picture, plot
from graf.graph.drawing.colours import PALETTE
from graf.graph.drawing.marks import Mark, signed

if TYPE_CHECKING:
    from graf.explainers.explanation import Explanation

__all__ = ["picture", "place", "totals"]

Values = NDArray[np.float64]


def place(explanation: Explanation, row: int, graph: ComputationGraph) -> pd.DataFrame:
    """The table of `Explanation.place` for the architecture of a row."""
    earned, elsewhere = _earned(explanation, row, graph)
    rows = [_row(graph, at) for at in earned]
    table = pd.DataFrame(
        [*rows, ("elsewhere", pd.NA, pd.NA, "")], columns=["kind", "node", "to", "operation"]
    )
    table[["node", "to"]] = table[["node", "to"]].astype("Int64")
    values = np.array([*earned.values(), elsewhere])
    shown = pd.DataFrame(values, columns=pd.Index(explanation.target_names))
    order = np.argsort(-np.abs(values).sum(axis=1), kind="stable")
    return pd.concat([table, shown], axis=1).iloc[order].reset_index(drop=True)


def picture(explanation: Explanation, row: int, n: int, **kwargs: Any) -> Picture:
    """The picture of `Explanation.plot_graph` for the architecture of a row, one target."""
    graph, (target,) = explanation.graph_at(row), explanation.target_names
    table = place(explanation, row, graph)
    base, predicted = explanation.base_values[row], explanation.predictions[row]
    heading = f"{target}: {predicted:.4g} predicted, {signed(predicted - base)} against {base:.4g} on average"
    elsewhere = table.loc[table["kind"] == "elsewhere", target].sum()
    heading += f"; {signed(elsewhere)} of it on no part of the graph" if elsewhere else ""
    marks = _leading_marks(explanation, row, graph, n)
    return plot(graph, marks=marks, values=totals(table, target), heading=heading, **kwargs)


def totals(table: pd.DataFrame, target: str) -> dict[int, float]:
    """What each node earned, with half of what its edges did."""
    found: dict[int, float] = {}
    for kind, node, to, value in table[["kind", "node", "to", target]].itertuples(index=False):
        ends = {"node": [node], "edge": [node, to]}.get(kind, [])
        for end in ends:
            found[int(end)] = found.get(int(end), 0.0) + value / len(ends)
    return found


def _leading_marks(explanation: Explanation, row: int, graph: ComputationGraph, n: int) -> list[Mark]:
    """The witnesses of the columns with the largest attributions, each part of the graph once."""
    found = Witnesses(graph)
    marks: list[Mark] = []
    seen = set()
    values = explanation.values[row]
    for i in np.argsort(-np.abs(values), kind="stable").tolist():
        column = explanation.columns.get(explanation.feature_names[i])
        if len(marks) == min(n, len(PALETTE)) or column is None or values[i] == 0:
            continue
        witness = found.of(column)
        if witness and (witness.nodes, witness.edges) not in seen:
            seen.add((witness.nodes, witness.edges))
            marks.append(_mark(witness, float(values[i]), PALETTE[len(marks)]))
    return marks


def _mark(witness: Witness, value: float, colour: str) -> Mark:
    counted = [at for at in witness.amounts if isinstance(at, int)]
    nodes = counted if counted or witness.edges else witness.nodes
    words = witness.words + (" (simplified)" if witness.column.simplified else "")
    cell = f" in the {witness.column.cell} cell" if witness.column.cell else ""
    return Mark(
        str(witness.column),
        f"{words}{cell}: {signed(value)}",
        colour,
        frozenset(nodes),
        frozenset(witness.edges),
    )


def _earned(
    explanation: Explanation, row: int, graph: ComputationGraph
) -> tuple[dict[Place, Values], Values]:
    """Attributions (n_targets,) by node and edge, and those that belong to no part of the graph."""
    found = Witnesses(graph)
    earned: dict[Place, Values] = {}
    elsewhere = np.zeros(len(explanation.target_names))
    for name, values in zip(explanation.feature_names, explanation.cube[row], strict=True):
        shares = _shares(found, explanation.columns.get(name)) if values.any() else {}
        for at, share in shares.items():
            earned[at] = earned.get(at, 0.0) + share * values
        if not shares:
            elsewhere = elsewhere + values
    return earned, elsewhere


def _shares(found: Witnesses, column: Column | None) -> Mapping[Place, float]:
    return {} if column is None else found.of(column).shares()


def _row(graph: ComputationGraph, at: Place) -> Sequence[object]:
    names = [graph.op_names[v] or "junction" for v in ([at] if isinstance(at, int) else at)]
    ends = (at, pd.NA) if isinstance(at, int) else at
    return ("node" if isinstance(at, int) else "edge", *ends, " -> ".join(names))
