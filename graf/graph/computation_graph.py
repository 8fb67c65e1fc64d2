"""ComputationGraph: one frozen form for operations on nodes and on edges."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import UnsupportedError
from graf.graph import convert, hashing, numbering, parts, simplify, validate
from graf.graph.csr import offsets
from graf.ops import OpSet

if TYPE_CHECKING:
    import networkx as nx

    from graf.graph.drawing import Picture

__all__ = ["JUNCTION", "ComputationGraph"]

JUNCTION = -1


@dataclass(frozen=True, eq=False)
class ComputationGraph:
    """A directed acyclic graph of operations, frozen and valid by construction.

    Nodes carry an operation, or are *junctions*: points where tensors meet and are summed. A
    space with operations on edges takes the same form: each edge becomes an operation node
    between two junctions. Nodes are numbered in topological order, so every edge goes from a
    smaller to a larger number. Use `from_edges`, `from_edge_operations`, `from_networkx` or
    `from_json`, which check and number the nodes.

    Parameters
    ----------
    ops : vocabulary that `node_op` points into.
    node_op : int array (n_nodes,); index into `ops`, or -1 for a junction.
    pred_indptr, preds : predecessors as CSR arrays, (n_nodes + 1,) and (n_edges,). The same
        pair may occur twice: the tensor is then read twice.
    inputs, outputs : node numbers where data comes in and goes out.
    ops_on : "edges" if the operations stand for edges between junctions, else "nodes". Says
        which nodes count as nodes in degrees and sizes, see `stations`.
    names : one label per node, or None.
    attributes : arrays of length n_nodes by name, such as `n_parameters` and `n_macs`. Features are
        computed of those with one number per node.
    cells : node numbers by the name of the cell ("normal", "reduce") they belong to.

    Examples
    --------
    >>> g = ComputationGraph.from_edges(["conv3x3", "skip", "conv1x1"], [(0, 1), (0, 2), (1, 2)])
    >>> g.n_nodes, g.n_edges, g.op_names
    (3, 3, ('conv3x3', 'skip', 'conv1x1'))
    """

    ops: OpSet
    node_op: NDArray[np.int32]
    pred_indptr: NDArray[np.int32]
    preds: NDArray[np.int32]
    inputs: NDArray[np.int32]
    outputs: NDArray[np.int32]
    ops_on: Literal["nodes", "edges"] = "nodes"
    names: tuple[str, ...] | None = None
    attributes: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    cells: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in validate.frozen_fields(self).items():
            object.__setattr__(self, name, value)
        validate.check_graph(self)

    @classmethod
    def from_edges(
        cls,
        operations: Sequence[str | None],
        edges: Sequence[tuple[int, int]],
        *,
        inputs: Sequence[int] | None = None,
        outputs: Sequence[int] | None = None,
        ops: OpSet | None = None,
        ops_on: Literal["nodes", "edges"] = "nodes",
        names: Sequence[str] | None = None,
        attributes: Mapping[str, Sequence[Any] | NDArray[Any]] | None = None,
        cells: Mapping[str, Sequence[int]] | None = None,
    ) -> ComputationGraph:
        """Build a graph from one operation name per node (None: junction) and edges (u, v).

        Without `inputs` and `outputs`, the nodes without predecessors and without successors
        take their place. Raises `GraphError` for a cycle (naming it), an index out of range,
        or an empty graph, and `UnknownNameError` for an operation that is not in `ops`.
        Complexity O(V + E).

        Examples
        --------
        >>> ComputationGraph.from_edges(["conv3x3", "conv3x3"], [(0, 1), (1, 0)])
        Traceback (most recent call last):
            ...
        graf.exceptions.GraphError: `edges` must have no cycle, got 0 -> 1 -> 0
        """
        return cls(
            **numbering.number_nodes(
                operations, edges, inputs, outputs, ops, ops_on, names, attributes or {}, cells or {}
            )
        )

    @classmethod
    def from_edge_operations(
        cls, n_junctions: int, edges: Sequence[tuple[int, int, str]], **kwargs: Any
    ) -> ComputationGraph:
        """Build a graph whose operations sit on edges (u, v, operation) between junctions.

        Each edge becomes an operation node; junctions stay as nodes. Keywords as in
        `from_edges`; node indices in `inputs` and `outputs` are junctions. Labels, attributes
        and cells count the junctions first, then the edges in the order given.

        Examples
        --------
        >>> g = ComputationGraph.from_edge_operations(2, [(0, 1, "conv3x3"), (0, 1, "skip")])
        >>> g.n_nodes, g.ops_on
        (4, 'edges')
        """
        return cls.from_edges(**numbering.expanded_edges(n_junctions, edges), ops_on="edges", **kwargs)

    @classmethod
    def from_networkx(cls, graph: nx.DiGraph[Any], **kwargs: Any) -> ComputationGraph:
        """Build a graph from networkx; see `graf.graph.convert.from_networkx`."""
        return convert.from_networkx(cls, graph, **kwargs)

    @classmethod
    def from_json(cls, text: str) -> ComputationGraph:
        """Read what `to_json` wrote; `GraphError` says what is wrong with anything else."""
        return convert.from_json(cls, text)

    def to_networkx(self) -> nx.MultiDiGraph[int]:
        """The graph for networkx: node attribute `op` (None for junctions), `name` and others, but no cells."""
        return convert.to_networkx(self)

    def to_json(self) -> str:
        """The graph as JSON text that `from_json` and `graf.read_graph` read back."""
        return convert.to_json(self)

    @property
    def n_nodes(self) -> int:
        """Number of nodes, junctions included."""
        return len(self.node_op)

    @property
    def n_edges(self) -> int:
        """Number of edges between nodes, repeated ones included."""
        return len(self.preds)

    @cached_property
    def op_names(self) -> tuple[str | None, ...]:
        """Operation name per node, None for a junction."""
        return tuple(None if op == JUNCTION else self.ops.names[op] for op in self.node_op)

    @cached_property
    def edges(self) -> NDArray[np.int32]:
        """Edges as an array (n_edges, 2) of node numbers, ordered by target."""
        targets = np.repeat(np.arange(self.n_nodes, dtype=np.int32), np.diff(self.pred_indptr))
        return np.stack([self.preds, targets], axis=1)

    @cached_property
    def _successor_order(self) -> NDArray[np.intp]:
        return np.argsort(self.preds, kind="stable")

    @cached_property
    def succs(self) -> NDArray[np.int32]:
        """Successors as the second CSR array (n_edges,)."""
        return np.ascontiguousarray(self.edges[self._successor_order, 1])

    @cached_property
    def succ_indptr(self) -> NDArray[np.int32]:
        """Successors as the first CSR array (n_nodes + 1,)."""
        counts = np.bincount(self.preds, minlength=self.n_nodes)
        return offsets(counts).astype(np.int32)

    def predecessors(self, node: int) -> NDArray[np.int32]:
        """Node numbers with an edge into `node`."""
        return self.preds[self.pred_indptr[node] : self.pred_indptr[node + 1]]

    def successors(self, node: int) -> NDArray[np.int32]:
        """Node numbers with an edge from `node`."""
        return self.succs[self.succ_indptr[node] : self.succ_indptr[node + 1]]

    @property
    def order(self) -> NDArray[np.int32]:
        """A topological order; the numbering is one."""
        return np.arange(self.n_nodes, dtype=np.int32)

    @cached_property
    def stations(self) -> NDArray[np.bool_]:
        """Nodes that count as nodes: junctions where operations are on edges, else all."""
        return self.node_op == JUNCTION if self.ops_on == "edges" else np.ones(self.n_nodes, bool)

    @cached_property
    def live(self) -> NDArray[np.bool_]:
        """Nodes on a path from an input to an output that no zero operation cuts."""
        return parts.live_nodes(self)

    @property
    def connected(self) -> bool:
        """Whether every operation but zeros is live, as the GRAF paper asks of a cell."""
        zero = [op.zero for op in self.ops.operations] + [True]
        return bool(np.all(self.live | np.array(zero)[self.node_op]))

    @property
    def n_parameters(self) -> int:
        """Total of the attribute `n_parameters` (number of weights)."""
        return self._total("n_parameters")

    @property
    def n_macs(self) -> int:
        """Total of the attribute `n_macs` (multiply-adds for one example)."""
        return self._total("n_macs")

    @property
    def n_macs_fvcore(self) -> int:
        """Total of the attribute `n_macs_fvcore`: multiply-adds as fvcore counts them, of networks that were read.

        To compare with published tables, such as timm's. Beside `n_macs` it counts 2 for each element
        of a batch norm, 5 of a layer or group norm (4 without weights), and 1 of the input of an average
        pool. It also counts what every pass computes from weights alone, such as standardised weights or
        position biases; the first node carries that.
        """
        return self._total("n_macs_fvcore")

    def _total(self, name: str) -> int:
        if name not in self.attributes:
            raise UnsupportedError(f"this graph has no attribute `{name}`; it has {sorted(self.attributes)}")
        if self.attributes[name].dtype != np.int64:
            raise UnsupportedError(
                f"attribute `{name}` must hold integers, got {self.attributes[name].dtype}"
            )
        return int(self.attributes[name].sum(dtype=object))  # Python's integers, which do not overflow

    def cell(self, name: str) -> ComputationGraph:
        """The part of the graph that belongs to one named cell, as a graph of its own."""
        return parts.cell(self, name)

    def simplified(self) -> ComputationGraph:
        """The graph without what cannot change its function; see `graf.graph.simplify`."""
        return simplify.simplified(self)

    @cached_property
    def canonical_hash(self) -> str:
        """32 hexadecimal digits that do not depend on the numbering; see `graf.graph.hashing`."""
        return hashing.canonical_hash(self)

    def plot(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        depth: int | None = None,
        module: str = "",
        width: int = 1000,
        colour_by: str = "group",
        legend: bool = True,
    ) -> Picture:
        """Draw the graph as SVG: every operation of a small one, the blocks of a large one.

        Graphs of more than 40 nodes are folded: by the names in the attribute `module`, and by
        regions between points that every path passes where names are missing or do not help.
        Blocks that occur several times in a row or side by side are drawn once with their count,
        and below the network each kind of block is drawn once, under a letter. Blocks are of one
        kind if they hold the same operations with the same settings (kernel, stride, ...), joined
        in the same way; channels and sizes may differ, and repetitions must agree in resolution.

        Data flows from left to right and from row to row. Operations are coloured by group;
        blocks have a strip of the colours of their operations. Tooltips hold names, shapes and
        all other attributes. Operations that no output depends on are faded. The same graph gives
        the same picture, byte for byte.

        Parameters
        ----------
        path : file to write, which must end in .svg; None writes none.
        depth : how deep to unfold modules: 1 shows those at the top, 2 what they consist of. None
            chooses. A large number shows every operation, repetitions still once.
        module : path of the module to draw, such as "layer1.0"; "" for all.
        width : most pixels in a row.
        colour_by : "group" or "operation".
        legend : whether totals and colours are told above the drawing.

        Raises
        ------
        UnknownNameError
            If no node is of this module.
        InputError
            If an argument is not of its kind, or the file cannot be written.

        Examples
        --------
        >>> g = ComputationGraph.from_edges(["conv3x3", "relu"], [(0, 1)])
        >>> print(g.plot())  # doctest: +ELLIPSIS
        <svg xmlns="http://www.w3.org/2000/svg" class="graf-picture" ...
        """
        from graf.graph.drawing import plot

        picture = plot(self, depth=depth, module=module, width=width, colour_by=colour_by, legend=legend)
        if path is not None:
            picture.save(path)
        return picture

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ComputationGraph) and self.to_json() == other.to_json()

    def __hash__(self) -> int:
        return hash(self.canonical_hash)

    def _repr_html_(self) -> str:
        """What notebooks show: the picture that `plot` draws."""
        return str(self.plot())

    def __repr__(self) -> str:
        used = sum(name is not None for name in self.op_names)
        return f"<ComputationGraph: {self.n_nodes} nodes ({used} operations), {self.n_edges} edges>"
