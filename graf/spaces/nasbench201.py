"""NAS-Bench-201 (Dong & Yang, ICLR 2020)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from graf.ops import OpSet
from graf.spaces.parts.costs import Cost, Shape, conv_cost, linear_cost
from graf.spaces.parts.edge_cell import EdgeCellSpace, Layer
from graf.spaces.parts.notation import fault, listed, numbers

if TYPE_CHECKING:
    import torch

__all__ = ["NASBench201"]

PUBLISHED = {
    "skip_connect": "skip",
    "none": "none",
    "nor_conv_3x3": "conv3x3",
    "nor_conv_1x1": "conv1x1",
    "avg_pool_3x3": "avg_pool3x3",
}
KIND = "NAS-Bench-201 cell"
MOST_NUMBERS = 8  # of a tuple that is meant for this space, perhaps with a fault
BLOCKS = ((0,), (0, 1), (0, 1, 2))
TOKEN = re.compile(r"([a-z_0-9]+)~([0-9])")


@dataclass(frozen=True)
class NASBench201(EdgeCellSpace):
    """15,625 cells of six edges with five operations each, stacked in stages.

    Notation: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`, block j lists the edges into junction
    j + 2, `op~i` comes from junction i + 1. NASLib's tuple of operation ids (0 skip_connect,
    1 none, 2 nor_conv_3x3, 3 nor_conv_1x1, 4 avg_pool_3x3; edges 1-2, 1-3, 1-4, 2-3, 2-4, 3-4)
    is read too. Choices are these ids in this order.

    Parameters
    ----------
    channels : channels of the first stage; they double with every stage.
    cells_per_stage : cells of each stage.
    n_stages : number of stages; a residual block that halves the resolution joins them.
    input_shape : channels, height and width of an image.
    n_classes : outputs of the classifier.

    Examples
    --------
    >>> space = NASBench201()
    >>> space.format((2, 1, 0, 2, 1, 2))
    '|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|'
    >>> space.parse("(2, 1, 0, 2, 1, 2)")
    (2, 1, 0, 2, 1, 2)
    >>> space.graph((2, 2, 2, 2, 2, 2)).n_parameters
    1531546
    """

    name: ClassVar[str] = "nasbench201"
    ops: ClassVar[OpSet] = OpSet(tuple(PUBLISHED.values()))
    edges: ClassVar[tuple[tuple[int, int], ...]] = ((1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4))

    channels: int = 16
    cells_per_stage: int = 5
    n_stages: int = 3
    input_shape: tuple[int, int, int] = (3, 32, 32)
    n_classes: int = 10

    @classmethod
    def recognises(cls, text: object) -> bool:
        """Whether it starts with a bar, or is a flat tuple of a few numbers or its text."""
        if isinstance(text, str):
            return text.lstrip().startswith("|") or cls.recognises(numbers(text.strip()))
        entries = listed(text)
        return 0 < len(entries) <= MOST_NUMBERS and not any(map(np.iterable, entries))

    def parse_text(self, text: str) -> tuple[int, ...]:
        """The six operation ids of a string; the error shows where it goes wrong."""
        ids = {name: i for i, name in enumerate(PUBLISHED)}
        by_edge, position = {}, 0
        for block in BLOCKS:
            position = _expect(text, position, "|" if block == (0,) else "+|")
            for i in block:
                match = TOKEN.match(text, position)
                if match is None or match[1] not in ids or int(match[2]) != i:
                    raise fault(KIND, text, position, f"one of {', '.join(ids)} followed by '~{i}'")
                by_edge[i + 1, len(block) + 1] = ids[match[1]]
                position = _expect(text, match.end(), "|")
        if position != len(text):
            raise fault(KIND, text, position, "the end")
        return tuple(by_edge[edge] for edge in self.edges)

    def format(self, choices: Sequence[int]) -> str:
        """The published string of six operation ids."""
        names = tuple(PUBLISHED)
        by_edge = dict(zip(self.edges, self.check_choices(choices), strict=True))
        blocks = ["".join(f"|{names[by_edge[i + 1, len(block) + 1]]}~{i}" for i in block) for block in BLOCKS]
        return "|+".join(blocks) + "|"

    def layers(self) -> list[Layer]:
        """One layer per cell: channels double and pixels fall to a quarter with each stage."""
        _, height, width = self.input_shape
        found = []
        for stage in range(self.n_stages):
            c = self.channels * 2**stage
            found += [Layer(c, c, height * width)] * self.cells_per_stage
            height, width = (height + 1) // 2, (width + 1) // 2
        return found

    def frame_cost(self) -> tuple[Cost, Cost]:
        """Stem before the cells; residual blocks, last normalisation and classifier after."""
        image = Shape(*self.input_shape)
        stages = self.layers()[:: self.cells_per_stage]
        last = stages[-1].c_out
        after = Cost(2 * last) + linear_cost(last, self.n_classes)
        for layer in stages[1:]:
            c_in = layer.c_out // 2
            weights = (9 * c_in + 9 * layer.c_out + c_in) * layer.c_out
            after += Cost(weights + 4 * layer.c_out, weights * layer.pixels)
        return conv_cost(image, image.after(self.channels), 3), after

    def model(self, architecture: Any, seed: int = 0) -> torch.nn.Module:
        """The network as published: logits (batch, n_classes) from images (batch, *input_shape)."""
        from graf.spaces.torch_models import nasbench201

        operations = [self.ops.names[choice] for choice in self.parse(architecture)]
        return nasbench201.build(self, operations, seed)


def _expect(text: str, position: int, token: str) -> int:
    if not text.startswith(token, position):
        raise fault(KIND, text, position, repr(token))
    return position + len(token)
