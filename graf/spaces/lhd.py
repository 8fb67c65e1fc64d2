"""LHD, the larger and harder DARTS space ("Rethink DARTS Search Space and Renovate a New Benchmark")."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graf.exceptions import ArchitectureError, InputError
from graf.graph import ComputationGraph
from graf.ops import OpSet
from graf.spaces.base import SearchSpace
from graf.spaces.parts.genotype import CELLS, text_of
from graf.spaces.parts.lhd_cells import FIELDS, N_INNER, PUBLISHED, Cell, Limits, count, read, write
from graf.spaces.parts.lhd_network import Skeleton

if TYPE_CHECKING:
    import torch

__all__ = ["LHD"]

WIDENED = 1000  # channels added at most


@dataclass(frozen=True)
class LHD(SearchSpace):
    """Genotypes of a normal and a reduction cell, each of five inner nodes and two outputs.

    An inner node sums its edges, each an operation on an input of the cell (0 and 1) or on an
    earlier inner node (2 to 5), of which several may read the same. One output sums some inner
    nodes, the other concatenates some; the next cell reads the sum as input 0 and the
    concatenation as input 1, and the classifier reads both of the last cell.

    Notation, as in the authors' code: `Genotype(normal=[('skip_connect', 1, 0), ...],
    normal_output={'sum': [0, 3], 'concat': [1, 2]}, reduce=[...], reduce_output={...})`, edges
    as operation, input and inner node (0 to 4). Its JSON and its Python objects are read too.
    Edges of nodes that no output sees are left out, as there. Choices are, per cell, input and
    operation of the edges of each node in ascending order, zeros for a node that no output
    sees, then the number of the set of nodes that is summed and of the one concatenated.

    What differs from DARTS, from the authors' code: five inner nodes, two outputs, depthwise
    convolutions without the pointwise ones, no batch normalisation weights after pools. That
    code defines all ten operations and searches over the first seven; all but `none` are drawn
    here, and `mutate` brings in no `none`. `sample` draws edges and outputs independently, as the
    random baseline of the benchmark, and then leaves out what no output sees, so it is not uniform.

    The discretisation policies of the benchmark are settings, kept in `policies`: "Base";
    "3ops", with three edges into each node; "4out", where both outputs read four nodes; and
    "1M", which has 25 cells and adds two channels at a time until the network has as many
    parameters as the released scripts ask for, 1.5 million.

    Parameters
    ----------
    channels : channels of an operation in the first cells; reduction cells double them.
    n_cells : number of cells; those after one and two thirds of them reduce.
    edges_per_node : number of edges into each inner node.
    min_outputs, max_outputs : how many inner nodes an output may read.
    min_parameters : the network is widened until it has this many parameters.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> from graf.spaces import get_space
    >>> space = get_space("lhd", **LHD.policies["4out"])
    >>> text = space.sample(1)[0]
    >>> space.format(space.parse(text)) == text
    True
    """

    name: ClassVar[str] = "lhd"
    ops: ClassVar[OpSet] = OpSet(tuple(PUBLISHED.values()))
    cells: ClassVar[tuple[str, ...]] = CELLS
    policies: ClassVar[Mapping[str, Mapping[str, int]]] = {
        "Base": {},
        "1M": {"n_cells": 25, "min_parameters": 1_500_000},
        "3ops": {"edges_per_node": 3},
        "4out": {"min_outputs": 4, "max_outputs": 4},
    }

    channels: int = 36
    n_cells: int = 20
    edges_per_node: int = 2
    min_outputs: int = 1
    max_outputs: int = N_INNER
    min_parameters: int = 1
    input_shape: tuple[int, int, int] = (3, 32, 32)
    n_classes: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        most = 2 * (len(self.ops) - 1)
        if self.edges_per_node > most:
            raise InputError(f"`edges_per_node` must be at most {most}, got {self.edges_per_node}")
        if not self.min_outputs <= self.max_outputs <= N_INNER:
            raise InputError(
                f"`max_outputs` must be between `min_outputs` ({self.min_outputs}) and {N_INNER},"
                f" got {self.max_outputs}"
            )

    @cached_property
    def limits(self) -> Limits:
        """What the settings allow."""
        return Limits(self.edges_per_node, self.min_outputs, self.max_outputs)

    @property
    def cardinalities(self) -> tuple[int, ...]:
        """Inputs and operations of all edges of a cell, then its two outputs; for both cells."""
        edges = [n for i in range(N_INNER) for n in (2 + i, len(self.ops)) * self.edges_per_node]
        return (*edges, *[len(self.limits.outputs)] * 2) * len(CELLS)

    @property
    def size(self) -> int:
        """Number of members; cells that differ only in what no output sees count once."""
        return count(self.limits) ** len(CELLS)

    def choice_name(self, position: int) -> str:
        """The cell, the inner node, which of its edges, and what is chosen of it; or which of the cell's outputs."""
        cell, place = divmod(position, len(self.cardinalities) // len(CELLS))
        edge, kind = place // 2, self.choice_kind(position)
        if edge == N_INNER * self.edges_per_node:
            return f"{CELLS[cell]} output {1 + place % 2}"
        node, number = divmod(edge, self.edges_per_node)
        return f"{CELLS[cell]} node {2 + node} edge {1 + number} {kind}"

    def choice_kind(self, position: int) -> str:
        """Input or operation of an edge, or inner nodes that an output reads."""
        place = position % (len(self.cardinalities) // len(CELLS))
        return "nodes" if place >= 2 * N_INNER * self.edges_per_node else ("input", "operation")[place % 2]

    def option_name(self, position: int, option: int) -> str:
        """The number of the input, the operation, or the numbers of inner nodes."""
        kind = self.choice_kind(position)
        if kind == "nodes":
            return "-".join(map(str, self.limits.outputs[option]))
        return self.ops.names[option] if kind == "operation" else str(option)

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it is a genotype that names its outputs."""
        if isinstance(text, str):
            return text.lstrip().startswith(("Genotype(", "{")) and "normal_output" in text
        return "normal_output" in text if isinstance(text, dict) else hasattr(text, "normal_output")

    def parse(self, architecture: Any) -> tuple[int, ...]:
        """The choices of a genotype as text or Python object, or of a tuple of choices."""
        if not isinstance(architecture, str) and self.recognises(architecture):
            architecture = text_of(architecture, FIELDS)
        return super().parse(architecture)

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The choices of a genotype; the error shows where it goes wrong."""
        return self._encode(read(text, self.limits))

    def format(self, choices: Sequence[int]) -> str:
        """The genotype as the authors' code prints it."""
        return write(self.decode(self.check_choices(choices)))

    def check(self, choices: tuple[int, ...]) -> None:
        """The edges of a node must be in ascending order, and zeros where no output sees it."""
        wanted = self._encode(self.decode(choices))
        for i, (given, needed) in enumerate(zip(choices, wanted, strict=True)):
            if given != needed:
                raise ArchitectureError(
                    f"choice {i} must be {needed}, since the edges (input, operation) of a node ascend,"
                    f" and are 0 where no output sees it, got {given}"
                )

    def is_usual(self, choices: tuple[int, ...]) -> bool:
        """Whether it does without `none`."""
        none = self.ops.index("none")
        return all(
            op != none for cell in self.decode(choices).values() for pairs in cell.nodes for _, op in pairs
        )

    def decode(self, choices: Sequence[int]) -> dict[str, Cell]:
        """The cells of choices, without the edges that no output sees."""
        halves = np.array(choices).reshape(len(CELLS), -1).tolist()
        return {name: self._cell(half).pruned() for name, half in zip(CELLS, halves, strict=True)}

    def _cell(self, choices: list[int]) -> Cell:
        *numbers, summed, joined = choices
        edges = np.reshape(numbers, (N_INNER, self.edges_per_node, 2)).tolist()
        nodes = tuple(tuple(map(tuple, pairs)) for pairs in edges)
        return Cell(nodes, self.limits.outputs[summed], self.limits.outputs[joined])

    def _encode(self, cells: Mapping[str, Cell]) -> tuple[int, ...]:
        absent, found = ((0, 0),) * self.edges_per_node, []
        for cell in cells.values():
            found += [number for pairs in cell.nodes for edge in pairs or absent for number in edge]
            found += [self.limits.outputs.index(read) for read in (cell.sum, cell.concat)]
        return tuple(found)

    def draw(self, rng: np.random.Generator) -> tuple[int, ...]:
        """Different edges for each node, without `none`, and two sets of nodes for the outputs."""
        return self._encode({name: self._draw_cell(rng).pruned() for name in CELLS})

    def _draw_cell(self, rng: np.random.Generator) -> Cell:
        n_ops, nodes = len(self.ops) - 1, []
        for i in range(N_INNER):
            edges = rng.choice((2 + i) * n_ops, self.edges_per_node, replace=False).tolist()
            nodes.append(tuple(divmod(edge, n_ops) for edge in edges))
        summed, joined = rng.integers(len(self.limits.outputs), size=2)
        return Cell(tuple(nodes), self.limits.outputs[summed], self.limits.outputs[joined])

    def graph(self, architecture: Any) -> ComputationGraph:
        """Both cells side by side; inputs are named "normal/sum_{k-1}" and "normal/concat_{k-1}",
        outputs alike with k, inner nodes from "normal/2" on. What no output sees is left out.
        """
        cells = self.decode(self.parse(architecture))
        return self.skeleton(cells).graph(cells)

    def skeleton(self, cells: Mapping[str, Cell]) -> Skeleton:
        """The network around these cells, as wide as `min_parameters` asks for."""
        if self.min_parameters == 1:
            return self._at(self.channels)
        widths = range(self.channels, self.channels + WIDENED, 2)
        found = next((n for n in widths if self._at(n).n_parameters(cells) >= self.min_parameters), None)
        if found is None:
            raise InputError(f"`min_parameters` must be within reach of {widths[-1]} channels")
        return self._at(found)

    def _at(self, channels: int) -> Skeleton:
        return _skeleton(channels, self.n_cells, self.input_shape, self.n_classes, self.ops)

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The network: logits (batch, n_classes) from images (batch, *input_shape)."""
        from graf.spaces.torch_models import lhd

        cells = self.decode(self.parse(architecture))
        return lhd.build(self.skeleton(cells), cells, seed)


_skeleton = lru_cache(maxsize=256)(Skeleton)  # its table of costs is the same for all architectures
