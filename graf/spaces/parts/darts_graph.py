"""The graph of a DARTS genotype: every one has the same nodes, in the same order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.graph import ComputationGraph
from graf.graph.computation_graph import JUNCTION
from graf.ops import OpSet
from graf.spaces.parts.genotype import CELLS

__all__ = ["N_GRAPH", "Costs", "genotype_graph", "node_arrays"]

# A cell has two inputs, then each inner node behind its two operations, then the output.
N_GRAPH = 15
INNER = (4, 7, 10, 13)
SOURCES = np.array([0, 1, *INNER])  # what the inputs 0 to 5 of the notation stand for
OPERATIONS = np.array([2, 3, 5, 6, 8, 9, 11, 12])
PREDS = [[], [], *(preds for j in INNER for preds in ([0], [0], [j - 2, j - 1])), list(INNER)]
CELL_PREDS = np.concatenate(PREDS).astype(np.int32)
INDPTR = np.cumsum([0, *map(len, PREDS * len(CELLS))])
JUNCTION_NAMES = {0: "c_{k-2}", 1: "c_{k-1}", 4: "2", 7: "3", 10: "4", 13: "5", 14: "c_{k}"}


class Costs(NamedTuple):
    """Parameters and multiply-adds, in the last axis, summed over the copies of a cell.

    `junctions` are by cell and node of its graph; `operations` are by cell, whether they read an
    input of the cell, and operation.
    """

    junctions: NDArray[np.int64]
    operations: NDArray[np.int64]


class NodeArrays(NamedTuple):
    """Operations, predecessors and attributes of the nodes of graphs, one row per graph."""

    node_op: NDArray[np.int32]
    preds: NDArray[np.int32]
    attributes: dict[str, NDArray[np.int64]]


def node_arrays(rows: NDArray[np.integer], costs: Costs) -> NodeArrays:
    """The arrays of genotypes given as choices (n, 32)."""
    n, cell = len(rows), np.arange(len(CELLS))[:, None]
    source, op = np.moveaxis(rows.reshape(n, len(CELLS), len(OPERATIONS), 2), -1, 0)
    node_op = np.full((n, len(CELLS), N_GRAPH), JUNCTION, np.int32)
    node_op[..., OPERATIONS] = op
    preds = np.tile(CELL_PREDS, (n, len(CELLS), 1))
    preds[..., INDPTR[OPERATIONS]] = SOURCES[source]
    preds += (N_GRAPH * cell).astype(np.int32)
    counts = np.tile(costs.junctions, (n, 1, 1, 1))
    counts[..., OPERATIONS, :] = costs.operations[cell, (source < len(CELLS)).astype(int), op]
    parameters, macs = np.moveaxis(counts.reshape(n, -1, 2), -1, 0)
    return NodeArrays(
        node_op.reshape(n, -1), preds.reshape(n, -1), {"n_parameters": parameters, "n_macs": macs}
    )


def genotype_graph(choices: Sequence[int], ops: OpSet, costs: Costs) -> ComputationGraph:
    """Both cells side by side; the inputs and outputs of both are those of the graph."""
    arrays = node_arrays(np.array([choices]), costs)
    starts = [N_GRAPH * i for i in range(len(CELLS))]
    return ComputationGraph(
        ops=ops,
        node_op=arrays.node_op[0],
        pred_indptr=INDPTR,
        preds=arrays.preds[0],
        inputs=np.array([start + j for start in starts for j in (0, 1)]),
        outputs=np.array([start + N_GRAPH - 1 for start in starts]),
        ops_on="edges",
        names=_names(choices),
        attributes={name: values[0] for name, values in arrays.attributes.items()},
        cells={
            name: np.arange(start, start + N_GRAPH, dtype=np.int32)
            for name, start in zip(CELLS, starts, strict=True)
        },
    )


def _names(choices: Sequence[int]) -> tuple[str, ...]:
    """Junctions are called as in "normal/c_{k-2}" or "normal/2", operations as in "normal/0->2"."""
    inputs = iter(choices[::2])
    edges = {node: 2 + i // 2 for i, node in enumerate(OPERATIONS)}
    return tuple(
        f"{cell}/{JUNCTION_NAMES[node] if node in JUNCTION_NAMES else f'{next(inputs)}->{edges[node]}'}"
        for cell in CELLS
        for node in range(N_GRAPH)
    )
