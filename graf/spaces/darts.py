"""The DARTS space (Liu et al., ICLR 2019) as NAS-Bench-301 and NASLib use it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from functools import cached_property
from itertools import combinations
from math import comb, prod
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import ArchitectureError, InputError
from graf.graph import ComputationGraph, GraphBatch
from graf.ops import OpSet
from graf.spaces.base import SearchSpace
from graf.spaces.parts.costs import Cost, Shape, conv_cost, linear_cost
from graf.spaces.parts.darts_graph import N_GRAPH, Costs, genotype_graph, node_arrays
from graf.spaces.parts.darts_notation import (
    FIELDS,
    N_EDGES,
    PUBLISHED,
    SOURCES,
    read,
    read_all,
    recognises,
    write,
)
from graf.spaces.parts.genotype import CELLS, CONVOLUTION, Edge, Layer, Stage, stages, text_of

if TYPE_CHECKING:
    import torch

__all__ = ["DARTS"]

N_INNER = 4
PAIRS = tuple(tuple(combinations(range(n), 2)) for n in SOURCES[::2] * 2)  # proper inputs of a node


@dataclass(frozen=True)
class DARTS(SearchSpace):
    """Genotypes of a normal and a reduction cell, each of four inner nodes with two edges.

    An edge applies one of eight operations to an input of the cell, the output of the last cell
    but one (0) or of the last one (1), or to an earlier inner node (2 to 4); a node sums its two
    edges, and the output of the cell concatenates the inner nodes.

    Notation: the genotype as DARTS prints it, `Genotype(normal=[('skip_connect', 0), ...],
    normal_concat=range(2, 6), reduce=...)`, eight edges per cell, two for each inner node in
    turn. Read too: `{"normal": [["skip_connect", 0], ...], "reduce": ...}`, the two lists of it
    joined by ":", lists of the two edges of each inner node, as pt.darts prints them, NASLib's
    compact form `[[[0, 2], ...], [...]]` of [input, operation id], and the Python objects that
    these texts stand for. Choices are input and operation of each edge in turn, where the edges
    of a node are in ascending order, so that a cell has one tuple.

    All that the notation can say is a member: published tables hold nodes that read an input
    twice, and the operation `none`. `sample` draws from the 1.08e18 proper genotypes only,
    whose nodes read two inputs and which do without `none`; `mutate` does not leave them.

    Parameters
    ----------
    channels : channels of an operation in the first cells; reduction cells double them.
    n_cells : number of cells; those after one and two thirds of them reduce.
    normalisation : 1 as in the network of NASLib, where batch normalisation inside operations
        has no weights and pools end with one; 2 as in the networks that DARTS trains in the
        end (36 channels, 20 cells), where it has weights and pools have none.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = DARTS()
    >>> edges = "[[0,2],[1,3],[0,0],[1,2],[0,2],[2,6],[3,1],[1,4]]"
    >>> space.parse(f"[{edges},{edges}]")[:8]
    (0, 2, 1, 3, 0, 0, 1, 2)
    >>> space.format(space.parse(f"[{edges},{edges}]"))[:57]
    "Genotype(normal=[('skip_connect', 0), ('sep_conv_3x3', 1)"
    """

    name: ClassVar[str] = "darts"
    ops: ClassVar[OpSet] = OpSet(tuple(PUBLISHED.values()))
    cells: ClassVar[tuple[str, ...]] = CELLS

    channels: int = 32
    n_cells: int = 8
    normalisation: int = 1
    input_shape: tuple[int, int, int] = (3, 32, 32)
    n_classes: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.normalisation > 2:
            raise InputError(f"`normalisation` must be 1 or 2, got {self.normalisation}")

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Inputs and operations of the eight edges of both cells."""
        return tuple(options for n in SOURCES * 2 for options in (n, len(self.ops)))

    @property
    def size(self) -> int:
        """Number of members: for each node two of the edges it can have, equal ones included."""
        return prod(comb(n * len(self.ops) + 1, 2) for n in SOURCES)

    def choice_name(self, position: int) -> str:
        """The cell, the inner node, which of its edges, and what is chosen of it."""
        cell, edge = divmod(position // 2, 2 * N_INNER)
        return f"{CELLS[cell]} node {2 + edge // 2} edge {1 + edge % 2} {self.choice_kind(position)}"

    def choice_kind(self, position: int) -> str:
        """Input or operation of an edge."""
        return ("input", "operation")[position % 2]

    def option_name(self, position: int, option: int) -> str:
        """The number of the input, or the operation."""
        return self.ops.names[option] if position % 2 else str(option)

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it begins as a genotype or a compact form, or is the object of one."""
        return recognises(text)

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices of a genotype as text or Python object, or of a tuple of choices."""
        if not isinstance(architecture, str) and recognises(architecture):
            architecture = text_of(architecture, FIELDS)
        return super().parse(architecture)

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of a genotype; the error shows where it goes wrong."""
        return read(text)

    def choices(self, architectures: Sequence[Any]) -> NDArray[np.int32]:
        """Choices of many genotypes (n, 32); texts of one usual layout are read at once."""
        texts = [text.strip() for text in architectures if isinstance(text, str)]
        found = read_all(texts) if texts and len(texts) == len(architectures) else None
        return super().choices(architectures) if found is None else found

    def check(self, choices: tuple[int, ...]) -> None:
        """The edges of a node must be in ascending order of input and operation."""
        for i in range(0, len(choices), 4):
            if choices[i : i + 2] > choices[i + 2 : i + 4]:
                raise ArchitectureError(
                    f"choices {i} to {i + 3} must be two edges (input, operation) in ascending order,"
                    f" got {choices[i : i + 4]}"
                )

    def is_usual(self, choices: tuple[int, ...]) -> bool:
        """Whether it is a proper genotype: two inputs for each node, and no `none`."""
        sources, none = choices[::2], self.ops.index("none")
        return none not in choices[1::2] and all(
            a != b for a, b in zip(sources[::2], sources[1::2], strict=True)
        )

    def format(self, choices: Sequence[int]) -> str:
        """The genotype as DARTS prints it."""
        return write(self.check_choices(choices))

    def draw(self, rng: np.random.Generator) -> tuple[int, ...]:
        """A proper genotype, drawn uniformly: two inputs for each node, and no `none`."""
        drawn = rng.integers([len(pairs) for pairs in PAIRS])
        sources = [source for pairs, i in zip(PAIRS, drawn, strict=True) for source in pairs[i]]
        operations = rng.integers(len(self.ops) - 1, size=len(sources)).tolist()
        return tuple(choice for edge in zip(sources, operations, strict=True) for choice in edge)

    def graph(self, architecture: Any) -> ComputationGraph:
        """Both cells side by side; junctions are named "normal/2", operations "normal/0->2"."""
        return genotype_graph(self.parse(architecture), self.ops, self._costs)

    def batch(self, architectures: Sequence[Any]) -> GraphBatch:
        """The graphs of many genotypes; they differ in operations and in what these read."""
        return GraphBatch.from_template(
            self._template, *node_arrays(self.choices(architectures), self._costs)
        )

    @cached_property
    def _template(self) -> ComputationGraph:
        return self.graph((0,) * len(self.cardinalities))

    @cached_property
    def _costs(self) -> Costs:
        """Costs in all cells; the stem stands at the first normal input, the classifier at the end."""
        layers, stem = self.layers(), self._stem()
        junctions = np.zeros((len(CELLS), N_GRAPH, 2), np.int64)
        operations = np.zeros((len(CELLS), 2, len(self.ops), 2), np.int64)
        for stage, sources in layers:
            cell = CELLS.index(stage.kind)
            junctions[cell, : len(sources)] += [astuple(conv_cost(s, stage.inputs, 1)) for s in sources]
            for reads_input in (False, True):
                costs = [self.op_cost(op, stage, reads_input=reads_input) for op in self.ops]
                operations[cell, int(reads_input)] += [astuple(cost) for cost in costs]
        junctions[0, 0] += astuple(conv_cost(stem._replace(channels=self.input_shape[0]), stem, 3))
        junctions[0, -1] += astuple(linear_cost(N_INNER * layers[-1].stage.inner.channels, self.n_classes))
        return Costs(junctions, operations)

    def _stem(self) -> Shape:
        return Shape(3 * self.channels, *self.input_shape[1:])

    def layers(self) -> list[Layer]:
        """The cells of the network, first to last."""
        found, sources = [], (self._stem(), self._stem())
        for stage in stages(self.n_cells, self.channels, self.input_shape):
            found.append(Layer(stage, sources))
            sources = sources[1], stage.inner._replace(channels=N_INNER * stage.inner.channels)
        return found

    def op_cost(self, op: str, stage: Stage, *, reads_input: bool) -> Cost:
        """Cost of one operation in one cell; an identity that changes shape is a convolution."""
        channels, height, width = stage.inner
        kind = CONVOLUTION.fullmatch(op)
        if kind is not None:
            copies, weights = 1 + (kind[1] == "sep"), channels * (int(kind[2]) ** 2 + channels)
        elif op == "skip" and reads_input and stage.stride > 1:
            copies, weights = 1, channels**2
        else:
            return Cost()
        normalisation = 2 * channels * (self.normalisation - 1)
        return Cost(copies * (weights + normalisation), copies * weights * height * width)

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The network: logits (batch, n_classes) from images (batch, *input_shape)."""
        from graf.spaces.torch_models import darts

        return darts.build(self, self.edges(architecture), seed)

    def edges(self, architecture: Any) -> dict[str, list[Edge]]:
        """The edges of both cells, by the cell's name; inner nodes are numbered from 2."""
        rows = np.array(self.parse(architecture)).reshape(len(CELLS), N_EDGES, 2).tolist()
        return {
            name: [Edge(self.ops.names[op], source, 2 + i // 2) for i, (source, op) in enumerate(row)]
            for name, row in zip(CELLS, rows, strict=True)
        }
