"""GraphBatch: many graphs in one set of arrays, for kernels to loop over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import InputError
from graf.graph.computation_graph import JUNCTION, ComputationGraph
from graf.ops import OpSet

__all__ = ["INPUT", "OUTPUT", "STATION", "GraphBatch"]

INPUT, OUTPUT, STATION = 1, 2, 4
FOREIGN = -2


@dataclass(frozen=True, eq=False)
class GraphBatch:
    """Many graphs packed into shared arrays.

    Parameters
    ----------
    ops : vocabulary shared by all graphs.
    offset : int array (n_graphs + 1,); graph i owns nodes offset[i] to offset[i + 1].
    node_op : int array (n_nodes,); index into `ops`, -1 for a junction, -2 for a foreign
        operation, one that is not in `ops`.
    flags : uint8 array (n_nodes,); sum of INPUT, OUTPUT and STATION.
    pred_indptr, preds : CSR arrays over all nodes; `preds` number nodes inside their graph.

    Examples
    --------
    >>> g = ComputationGraph.from_edges(["skip", "conv3x3"], [(0, 1)])
    >>> len(GraphBatch.from_graphs([g, g]))
    2
    """

    ops: OpSet
    offset: NDArray[np.int64]
    node_op: NDArray[np.int32]
    flags: NDArray[np.uint8]
    pred_indptr: NDArray[np.int64]
    preds: NDArray[np.int32]

    @classmethod
    def from_graphs(cls, graphs: Sequence[ComputationGraph], ops: OpSet | None = None) -> GraphBatch:
        """Pack graphs; operations outside `ops` (default: all that occur) become foreign."""
        if len(graphs) == 0:
            raise InputError("`graphs` must hold at least one graph, got none")
        if ops is None:
            ops = OpSet.union(dict.fromkeys(graph.ops for graph in graphs))
        degrees = [np.diff(graph.pred_indptr) for graph in graphs]
        return cls(
            ops=ops,
            offset=_cumulative([graph.n_nodes for graph in graphs]),
            node_op=np.concatenate([_translated(graph.node_op, graph.ops, ops) for graph in graphs]),
            flags=np.concatenate([_flags(graph) for graph in graphs]),
            pred_indptr=_cumulative(np.concatenate(degrees)),
            preds=np.concatenate([graph.preds for graph in graphs]),
        )

    @classmethod
    def from_template(cls, template: ComputationGraph, node_op: NDArray[np.integer]) -> GraphBatch:
        """Pack graphs that differ from a template only in operations: `node_op` (n_graphs, n_nodes)."""
        n_graphs, n_nodes = node_op.shape
        degrees = np.tile(np.diff(template.pred_indptr), n_graphs)
        return cls(
            ops=template.ops,
            offset=np.arange(n_graphs + 1, dtype=np.int64) * n_nodes,
            node_op=np.ascontiguousarray(node_op, np.int32).reshape(-1),
            flags=np.tile(_flags(template), n_graphs),
            pred_indptr=_cumulative(degrees),
            preds=np.tile(template.preds, n_graphs),
        )

    def __len__(self) -> int:
        return len(self.offset) - 1

    def with_ops(self, ops: OpSet) -> GraphBatch:
        """The same graphs with another vocabulary; operations outside it become foreign."""
        return replace(self, ops=ops, node_op=_translated(self.node_op, self.ops, ops))

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        arrays = (self.offset, self.node_op, self.flags, self.pred_indptr, self.preds)
        return sum(array.nbytes for array in arrays)

    def __iter__(self) -> Iterator[ComputationGraph]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> ComputationGraph:
        """One graph, without the names and attributes it had; a foreign operation is "foreign"."""
        position = range(len(self))[index]
        start, stop = self.offset[position], self.offset[position + 1]
        indptr = self.pred_indptr[start : stop + 1]
        flags, node_op = self.flags[start:stop], self.node_op[start:stop]
        foreign = node_op == FOREIGN
        return ComputationGraph(
            ops=OpSet((*self.ops, "foreign")) if foreign.any() else self.ops,
            node_op=np.where(foreign, len(self.ops), node_op),
            pred_indptr=(indptr - indptr[0]).astype(np.int32),
            preds=self.preds[indptr[0] : indptr[-1]],
            inputs=np.flatnonzero(flags & INPUT).astype(np.int32),
            outputs=np.flatnonzero(flags & OUTPUT).astype(np.int32),
            ops_on="nodes" if np.all(flags & STATION) else "edges",
        )


def _cumulative(sizes: Sequence[int] | NDArray[np.integer]) -> NDArray[np.int64]:
    total = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=total[1:])
    return total


def _flags(graph: ComputationGraph) -> NDArray[np.uint8]:
    flags = graph.stations * np.uint8(STATION)
    flags[graph.inputs] |= INPUT
    flags[graph.outputs] |= OUTPUT
    return flags


def _translated(node_op: NDArray[np.int32], old: OpSet, new: OpSet) -> NDArray[np.int32]:
    if old == new:
        return node_op
    table = [new.index(name) if name in new else FOREIGN for name in old] + [FOREIGN, JUNCTION]
    return np.array(table, np.int32)[node_op]
