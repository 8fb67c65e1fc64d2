"""GraphBatch: many graphs in one set of arrays, for kernels to loop over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import InputError, check_known
from graf.graph.computation_graph import JUNCTION, ComputationGraph
from graf.graph.csr import offsets
from graf.ops import OpSet

__all__ = ["FOREIGN", "INPUT", "OUTPUT", "STATION", "GraphBatch"]

Array = NDArray[Any]
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
    attributes : float arrays (n_nodes,) by name, NaN where a node lacks it; strings are left out, and
        so are attributes with several numbers per node.
    cells : boolean arrays (n_nodes,) by name of a cell: the nodes that belong to it.

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
    attributes: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    cells: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

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
            offset=offsets([graph.n_nodes for graph in graphs]),
            node_op=np.concatenate([_translated(graph.node_op, graph.ops, ops) for graph in graphs]),
            flags=np.concatenate([_flags(graph) for graph in graphs]),
            pred_indptr=offsets(np.concatenate(degrees)),
            preds=np.concatenate([graph.preds for graph in graphs]),
            attributes={
                name: np.concatenate([_attribute(graph, name) for graph in graphs])
                for name in dict.fromkeys(name for graph in graphs for name in _numeric(graph))
            },
            cells={
                name: np.concatenate([_cell_mask(graph, name) for graph in graphs])
                for name in dict.fromkeys(name for graph in graphs for name in graph.cells)
            },
        )

    @classmethod
    def from_template(
        cls,
        template: ComputationGraph,
        node_op: NDArray[np.integer],
        preds: NDArray[np.integer] | None = None,
        attributes: Mapping[str, NDArray[Any]] | None = None,
    ) -> GraphBatch:
        """Pack graphs that differ from a template in operations and in what these read.

        Parameters
        ----------
        node_op : operations (n_graphs, n_nodes).
        preds : predecessors (n_graphs, n_edges), as many per node as in the template; None for
            the template's own.
        attributes : arrays (n_graphs, n_nodes), or (n_nodes,) where all graphs agree.
        """
        n_graphs, n_nodes = node_op.shape
        degrees = np.tile(np.diff(template.pred_indptr), n_graphs)
        return cls(
            ops=template.ops,
            offset=np.arange(n_graphs + 1, dtype=np.int64) * n_nodes,
            node_op=np.ascontiguousarray(node_op, np.int32).reshape(-1),
            flags=np.tile(_flags(template), n_graphs),
            pred_indptr=offsets(degrees),
            preds=_repeated(template.preds if preds is None else preds, n_graphs, np.int32),
            attributes={
                name: _repeated(values, n_graphs, np.float64) for name, values in (attributes or {}).items()
            },
            cells={name: np.tile(_cell_mask(template, name), n_graphs) for name in template.cells},
        )

    def __len__(self) -> int:
        return len(self.offset) - 1

    def attribute(self, name: str) -> NDArray[np.float64]:
        """An attribute of the nodes, (n_nodes,), NaN where there is none of the name."""
        found = self.attributes.get(name)
        return np.full(len(self.node_op), np.nan) if found is None else found

    def rows(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Several attributes as rows, (n_names, n_nodes)."""
        return np.reshape([self.attribute(name) for name in names], (len(names), len(self.node_op)))

    def with_ops(self, ops: OpSet) -> GraphBatch:
        """The same graphs with another vocabulary; operations outside it become foreign."""
        return replace(self, ops=ops, node_op=_translated(self.node_op, self.ops, ops))

    @property
    def arrays(self) -> tuple[Array, Array, Array, Array, Array]:
        """What kernels take: offset, node_op, flags, pred_indptr, preds."""
        return self.offset, self.node_op, self.flags, self.pred_indptr, self.preds

    @property
    def nbytes(self) -> int:
        """Bytes that the arrays take."""
        carried: list[Array] = [*self.arrays, *self.attributes.values(), *self.cells.values()]
        return sum(array.nbytes for array in carried)

    @cached_property
    def graph_of(self) -> NDArray[np.intp]:
        """Number of the graph that each node belongs to, (n_nodes,)."""
        return np.repeat(np.arange(len(self)), np.diff(self.offset))

    @cached_property
    def edges(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Where each edge begins and ends, (n_edges,) numbers among the nodes of all graphs, ordered by target."""
        target = np.repeat(np.arange(len(self.node_op)), np.diff(self.pred_indptr))
        return self.preds + self.offset[:-1][self.graph_of[target]], target

    @cached_property
    def is_chains(self) -> bool:
        """Whether every graph is one chain, whose nodes can be numbered in one way only."""
        in_one_piece = len(self.preds) == len(self.node_op) - len(self)
        return in_one_piece and all(np.bincount(ends).max(initial=0) <= 1 for ends in self.edges)

    def slice(self, start: int, stop: int) -> GraphBatch:
        """The graphs from `start` up to `stop`, as views of the same arrays."""
        offset = self.offset[start : stop + 1]
        nodes = slice(offset[0], offset[-1])
        indptr = self.pred_indptr[offset[0] : offset[-1] + 1]
        return GraphBatch(
            ops=self.ops,
            offset=offset - offset[0],
            node_op=self.node_op[nodes],
            flags=self.flags[nodes],
            pred_indptr=indptr - indptr[0],
            preds=self.preds[indptr[0] : indptr[-1]],
            attributes={name: values[nodes] for name, values in self.attributes.items()},
            cells={name: mask[nodes] for name, mask in self.cells.items()},
        )

    def rank(self, mask: NDArray[np.bool_]) -> NDArray[np.intp]:
        """How many nodes of the mask come before each node in its graph, (n_nodes,)."""
        before = offsets(mask)
        return before[:-1] - before[self.offset[:-1]][self.graph_of]

    def from_input(self, position: int) -> GraphBatch:
        """The same graphs with only one of their inputs, in the order of nodes, left as such."""
        is_input = self.flags & INPUT > 0
        other = is_input & (self.rank(is_input) != position)
        return replace(self, flags=np.where(other, self.flags & ~np.uint8(INPUT), self.flags))

    def cell(self, name: str) -> GraphBatch:
        """The part of every graph that belongs to one named cell, as a batch of its own.

        The ends of a part are the graph's ends in it, or its own border where it has none.
        """
        check_known("cell", name, self.cells)
        return _part(self, self.cells[name])

    def __iter__(self) -> Iterator[ComputationGraph]:
        return (self[i] for i in range(len(self)))

    def __getitem__(self, index: int) -> ComputationGraph:
        """One graph, without the names it had; a foreign operation is "foreign"."""
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
            attributes={name: _carried(name, values[start:stop]) for name, values in self.attributes.items()},
            cells={
                name: np.flatnonzero(mask[start:stop]).astype(np.int32) for name, mask in self.cells.items()
            },
        )


def _part(batch: GraphBatch, kept: NDArray[np.bool_]) -> GraphBatch:
    """The batch of the graphs' parts that a mask of nodes keeps."""
    rank = np.cumsum(kept) - 1
    first = offsets(kept)[batch.offset]  # kept nodes before each graph
    source, target = batch.edges
    inside = kept[target] & kept[source]
    degrees = np.bincount(target[inside], minlength=len(kept))
    flags = batch.flags.copy()
    for flag, bordering in ((INPUT, target[inside]), (OUTPUT, source[inside])):
        border = kept.copy()
        border[bordering] = False
        flagged = np.bincount(batch.graph_of, weights=kept & (flags & flag > 0), minlength=len(batch))
        flags[border & (flagged == 0)[batch.graph_of]] |= flag
    return GraphBatch(
        ops=batch.ops,
        offset=first,
        node_op=batch.node_op[kept],
        flags=flags[kept],
        pred_indptr=offsets(degrees[kept]),
        preds=(rank[source[inside]] - first[batch.graph_of[target[inside]]]).astype(np.int32),
        attributes={name: values[kept] for name, values in batch.attributes.items()},
    )


def _repeated(values: NDArray[Any], n_graphs: int, dtype: type) -> NDArray[Any]:
    """One row per graph, flat; a row that all graphs share is repeated."""
    rows: NDArray[Any] = np.asarray(values, dtype)
    return np.tile(rows, n_graphs) if rows.ndim == 1 else rows.reshape(-1)


def _numeric(graph: ComputationGraph) -> list[str]:
    return [
        name for name, values in graph.attributes.items() if values.dtype.kind != "U" and values.ndim == 1
    ]


def _attribute(graph: ComputationGraph, name: str) -> NDArray[np.float64]:
    if name not in _numeric(graph):
        return np.full(graph.n_nodes, np.nan)
    return graph.attributes[name].astype(np.float64)


def _carried(name: str, values: NDArray[np.float64]) -> NDArray[Any]:
    """Counts, whose names start with `n_`, are integers in a graph."""
    return values.astype(np.int64) if name.startswith("n_") and np.isfinite(values).all() else values


def _cell_mask(graph: ComputationGraph, name: str) -> NDArray[np.bool_]:
    mask = np.zeros(graph.n_nodes, bool)
    mask[graph.cells.get(name, np.zeros(0, np.int32))] = True
    return mask


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
