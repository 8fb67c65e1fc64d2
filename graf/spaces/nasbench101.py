"""NAS-Bench-101 (Ying et al., ICML 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import ArchitectureError, InputError
from graf.graph import ComputationGraph, GraphBatch
from graf.ops import OpSet
from graf.spaces.base import SearchSpace
from graf.spaces.parts import nasbench101_cells as cells
from graf.spaces.parts import nasbench101_notation as notation
from graf.spaces.parts.nasbench101_bulk import read_many
from graf.spaces.parts.nasbench101_cells import EDGES, INNER, LAST, MAX_EDGES, Edge
from graf.spaces.parts.nasbench101_costs import attributes

if TYPE_CHECKING:
    import torch

__all__ = ["NASBench101"]

LABELS = ("conv3x3", "conv1x1", "max_pool3x3")


@dataclass(frozen=True)
class NASBench101(SearchSpace):
    """423,624 cells of up to seven nodes and nine edges, with one of three operations per node.

    Nodes sum what they read, the output concatenates it; what reads the input of the cell gets
    a projection of it, a 1x1 convolution. Nodes that are not on a path from the input to the
    output do not count: the graph and the network are those of the pruned cell.

    Notation: `<rows of the adjacency matrix joined by |>:<operations joined by |>`, with two to
    seven nodes from `input` to `output` and the published names of operations. NASLib's key (the
    flat matrix, then numbers of operations: 0 input, 1 output, 2 maxpool3x3, 3 conv1x1-bn-relu,
    4 conv3x3-bn-relu) and a pair of matrix and list of operations are read too, as is what holds
    these two: a record of the published table (`module_adjacency`, `module_operations`), a
    specification or its dictionary (`matrix`, `ops`). Choices are the
    21 edges of seven nodes (0 or 1, row by row) and the five operations between input and output
    (0 maxpool3x3, 1 conv1x1-bn-relu, 2 conv3x3-bn-relu); a smaller cell leaves the last of these
    without edges.

    Samples are uniform over the choices, as published; the size and the enumeration count each
    class of isomorphic cells once.

    Parameters
    ----------
    channels : channels of the first stage, at least 5; they double with every stage.
    cells_per_stage : cells of each stage.
    n_stages : number of stages; max-pooling that halves the resolution lies between them.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = NASBench101()
    >>> cell = "0110|0011|0001|0000:input|conv3x3-bn-relu|maxpool3x3|output"
    >>> graph = space.graph(cell)
    >>> graph.op_names
    (None, 'conv3x3', 'max_pool3x3', None)
    >>> graph.n_parameters
    3207690
    >>> space.format(space.parse(cell)) == cell
    True
    """

    name: ClassVar[str] = "nasbench101"
    ops: ClassVar[OpSet] = OpSet(tuple(notation.PUBLISHED.values()))

    channels: int = 128
    cells_per_stage: int = 3
    n_stages: int = 3
    input_shape: tuple[int, int, int] = (3, 32, 32)
    n_classes: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.channels < len(INNER):
            raise InputError(f"`channels` must be 5 or more, one for each inner node, got {self.channels}")

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Two options per edge, three per inner node."""
        return (2,) * len(EDGES) + (len(self.ops),) * len(INNER)

    def choice_name(self, position: int) -> str:
        """The edge, as "0->3", or the inner node."""
        inner = position - len(EDGES)
        return f"node {INNER[inner]}" if inner >= 0 else "{}->{}".format(*EDGES[position])

    def choice_kind(self, position: int) -> str:
        """Edges are there or not, inner nodes have an operation."""
        return "edge" if position < len(EDGES) else "operation"

    def option_name(self, position: int, option: int) -> str:
        """Whether there is the edge, or the operation."""
        return ("no", "yes")[option] if position < len(EDGES) else self.ops.names[option]

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it starts with a matrix and a colon, or is a key or a pair with an input."""
        return notation.recognises(text)

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices of a string, a key, a pair of matrix and operations, or a tuple of choices."""
        return self._read(architecture)[0]

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of a string; the error shows where it goes wrong."""
        return self._read(text)[0]

    def format(self, choices: Sequence[int]) -> str:
        """The published text, without nodes before the output that have no edge and option 0."""
        return notation.write(self.check_choices(choices))

    def check(self, choices: tuple[int, ...]) -> None:
        """Refuse a cell without a path from input to output, or with too many edges on them."""
        _, edges = cells.pruned(choices)
        if not 0 < len(edges) <= MAX_EDGES:
            raise ArchitectureError(
                f"not a NAS-Bench-101 cell: expected 1 to {MAX_EDGES} edges on paths from the input to the"
                f" output, got {len(edges)}"
            )

    @property
    def size(self) -> int:
        """Number of classes of isomorphic cells."""
        return 423_624

    def __iter__(self) -> Iterator[str]:
        """One cell per class in the published order, smallest first, and the published numbering."""
        for n_nodes in notation.SIZES:
            labellings = notation.write_labellings(n_nodes)
            for edges, numbers in cells.classes(n_nodes):
                matrix = notation.write_matrix(range(n_nodes), edges)
                yield from (f"{matrix}:{labellings[i]}" for i in numbers)

    def published_hash(self, architecture: Any) -> str:
        """The 32 digits that published tables are keyed by; isomorphic pruned cells share them.

        Examples
        --------
        >>> NASBench101().published_hash("01|00:input|output")
        '043721b9c7fe8c5fad811d47d83132ec'
        """
        _, operations, edges = self._cell(self.parse(architecture))
        return cells.published_hash(edges, [-1, *map(LABELS.index, operations), -2])

    def published_cell(self, architecture: Any) -> str:
        """The cell of the published table that is isomorphic to this one, as `enumerate` gives it.

        Where channels do not divide evenly the first nodes get one more, so isomorphic cells can
        differ a little in their number of parameters; the published number is that of this cell.

        Examples
        --------
        >>> NASBench101().published_cell("0110|0001|0001|0000:input|maxpool3x3|conv1x1-bn-relu|output")
        '0110|0001|0001|0000:input|conv1x1-bn-relu|maxpool3x3|output'
        """
        nodes, operations, edges = self._cell(self.parse(architecture))
        edges, labels = cells.representative(edges, [LABELS.index(name) for name in operations])
        options = [self.ops.index(LABELS[label]) for label in labels]
        return f"{notation.write_matrix(range(len(nodes)), edges)}:{notation.write_operations(options)}"

    def graph(self, architecture: Any) -> ComputationGraph:
        """The pruned cell; inner nodes are named by their number in the whole one.

        Parameters and multiply-adds are summed over all copies of the cell; what comes before
        the cells is put on the input, what lies between and after them on the output, and a
        projection on the node that reads it. `channels` are those of the first stage; inner nodes
        have an even share of the output's, whole or not, so that isomorphic cells agree.
        """
        choices = self.parse(architecture)
        nodes, operations, edges = self._cell(choices)
        row = np.array([choices])
        found = attributes(self, row, self._pruned(row)[0])
        return ComputationGraph.from_edges(
            [None, *operations, None],
            edges,
            inputs=[0],
            outputs=[len(nodes) - 1],
            ops=self.ops,
            names=["input", *map(str, nodes[1:-1]), "output"],
            attributes={name: values[0, nodes] for name, values in found.items()},
        )

    def choices(self, architectures: Sequence[Any]) -> NDArray[np.int32]:
        """Choices of many architectures, (n, 26); a fault names the index."""
        choices, _ = self._read_many(architectures)
        self._pruned(choices)
        return choices.astype(np.int32)

    def batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The pruned cells of many architectures in one set of arrays."""
        choices, _ = self._read_many(architectures)
        edges, kept = self._pruned(choices)
        return cells.packed(self.ops, choices, edges, kept, attributes(self, choices, edges))

    def published_batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The cells as written, with all their nodes, also those that lead nowhere."""
        choices, n_nodes = self._read_many(architectures)
        self._pruned(choices)
        node = np.arange(LAST + 1)[:, np.newaxis]
        kept = (node < n_nodes - 1) | (node == LAST)
        return cells.packed(self.ops, choices, cells.stacked(choices), kept, {})

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The network as published: logits (batch, n_classes) from images (batch, *input_shape)."""
        from graf.spaces.torch_models import nasbench101

        _, operations, edges = self._cell(self.parse(architecture))
        return nasbench101.build(self, operations, edges, seed)

    def _read(self, architecture: Any) -> tuple[tuple[int, ...], int]:
        """Choices, and the number of nodes that the architecture is written with."""
        given, n_nodes = notation.read(architecture)
        if not n_nodes and not isinstance(given, (tuple, list, np.ndarray)):
            raise ArchitectureError(f"expected a string or a tuple, got {type(architecture).__name__}")
        choices = self.check_choices(given)
        return choices, n_nodes or notation.written_nodes(choices)

    def _read_many(self, architectures: Sequence[Any]) -> tuple[NDArray[np.uint8], NDArray[np.intp]]:
        """Choices (n, 26), which may still fail `check`, and numbers of written nodes (n,)."""
        architectures = list(architectures)
        choices, n_nodes = read_many(architectures)
        for i in np.flatnonzero(n_nodes == 0).tolist():
            with _at(i):
                choices[i], n_nodes[i] = self._read(architectures[i])
        return choices, n_nodes

    def _pruned(self, choices: NDArray[np.integer]) -> tuple[cells.Edges, NDArray[np.bool_]]:
        """Edges and nodes of the pruned cells; refuses those that `check` refuses."""
        edges, kept = cells.pruned_stack(cells.stacked(choices))
        n_edges = edges.sum(axis=(0, 1), dtype=np.uint8)
        for i in np.flatnonzero((n_edges == 0) | (n_edges > MAX_EDGES))[:1].tolist():
            with _at(i):
                self.check(tuple(choices[i].tolist()))
        return edges, kept

    def _cell(self, choices: Sequence[int]) -> tuple[list[int], list[str], list[Edge]]:
        """Nodes of the pruned cell, operations of the inner ones, and edges numbered among them."""
        nodes, edges = cells.pruned(choices)
        return nodes, [self.ops.names[choices[len(EDGES) + node - 1]] for node in nodes[1:-1]], edges


@contextmanager
def _at(index: int) -> Iterator[None]:
    """Name the architecture that a fault is in."""
    try:
        yield
    except ArchitectureError as error:
        raise ArchitectureError(f"architecture {index}: {error}") from None
