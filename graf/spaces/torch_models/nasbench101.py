"""The network of NAS-Bench-101 (Ying et al., ICML 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from graf.spaces.parts.nasbench101_costs import layers
from graf.spaces.torch_models.cell import classifier, conv_bn
from graf.spaces.torch_models.state import seeded

if TYPE_CHECKING:
    from graf.spaces.nasbench101 import NASBench101

__all__ = ["NodeCell", "build"]

Edge = tuple[int, int]


def _node_channels(edges: Sequence[Edge], n_nodes: int, c_out: int) -> list[int]:
    """Channels of the nodes of a pruned cell; the input, which is projected, counts as 0.

    The output's channels are divided among the inner nodes that feed it, one more for the first
    ones if it does not come out even; other inner nodes have as many as the widest they feed.
    """
    last = n_nodes - 1
    feeding = sorted(u for u, v in edges if v == last and u > 0)
    channels = [0] * last + [c_out]
    for node in reversed(range(1, last)):
        if node in feeding:
            share, rest = divmod(c_out, len(feeding))
            channels[node] = share + (feeding.index(node) < rest)
        else:
            channels[node] = max(channels[v] for u, v in edges if u == node)
    return channels


def conv_bn_relu(c_in: int, c_out: int, kernel: int) -> nn.Sequential:
    """Convolution without bias, batch normalisation, ReLU."""
    return nn.Sequential(*conv_bn(c_in, c_out, kernel), nn.ReLU())


def operation(name: str, channels: int) -> nn.Module:
    """The module of an inner node, which keeps the number of channels."""
    if name == "max_pool3x3":
        return nn.MaxPool2d(3, stride=1, padding=1)
    return conv_bn_relu(channels, channels, int(name[-1]))


class NodeCell(nn.Module):
    """Inner nodes apply an operation to the sum of what they read; the output concatenates them.

    Nodes read a projection of the input, and as many channels of earlier nodes as they have.
    """

    def __init__(self, operations: Sequence[str], edges: Sequence[Edge], c_in: int, c_out: int) -> None:
        super().__init__()
        self.last = len(operations) + 1
        self.channels = _node_channels(edges, self.last + 1, c_out)
        self.sources = [sorted(u for u, v in edges if v == node and u > 0) for node in range(self.last + 1)]
        self.projections = nn.ModuleDict(
            {str(v): conv_bn_relu(c_in, self.channels[v], 1) for u, v in edges if u == 0}
        )
        self.ops = nn.ModuleList(map(operation, operations, self.channels[1:]))

    def forward(self, x: Tensor) -> Tensor:
        tensors = [x]
        for node, op in enumerate(self.ops, 1):
            terms = [tensors[u][:, : self.channels[node]] for u in self.sources[node]]
            tensors.append(op(self.with_input(x, node, terms)))
        joined = [torch.cat([tensors[u] for u in self.sources[-1]], dim=1)] if self.sources[-1] else []
        return self.with_input(x, self.last, joined)

    def with_input(self, x: Tensor, node: int, terms: list[Tensor]) -> Tensor:
        """The sum of what a node reads, with the projected input if it reads that."""
        if str(node) in self.projections:
            terms = [*terms, self.projections[str(node)](x)]
        return sum(terms[1:], terms[0])


def build(space: NASBench101, operations: Sequence[str], edges: Sequence[Edge], seed: int) -> nn.Sequential:
    """Stem, stages of cells with max-pooling between them, global pooling, classifier."""
    with seeded(seed):
        cells = layers(space)
        parts: list[nn.Module] = [conv_bn_relu(space.input_shape[0], space.channels, 3)]
        for i, (c_in, c_out, _) in enumerate(cells):
            if i and i % space.cells_per_stage == 0:
                parts.append(nn.MaxPool2d(2, ceil_mode=True))
            parts.append(NodeCell(operations, edges, c_in, c_out))
        return nn.Sequential(*parts, *classifier(cells[-1].c_out, space.n_classes))
