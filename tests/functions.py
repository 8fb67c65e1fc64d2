"""A function of tensors as a module, its operations, and the size of a module."""

import torch
from torch import nn

from graf import read_graph


class Function(nn.Module):
    """A function of tensors as a module."""

    def __init__(self, function, **parameters):
        super().__init__()
        self.function = function
        for name, shape in parameters.items():
            self.register_parameter(name, nn.Parameter(torch.ones(shape)))

    def forward(self, *inputs):
        own = dict(self.named_parameters())
        return self.function(*inputs, **own)


def ops_of(function, *shapes, **parameters):
    """The operations of a function of tensors of some shapes, junctions left out."""
    graph = read_graph(Function(function, **parameters), shapes)
    return [op for op in graph.op_names if op is not None]


def n_parameters(module):
    """Number of the weights of a module, each counted once."""
    return sum(p.numel() for p in module.parameters())
