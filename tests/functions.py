"""A function of tensors as a module, its operations, attention, and the size of a module."""

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

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


def attention_facts(graph, *names):
    """Some of the attributes of the first attention of a graph."""
    at = graph.op_names.index("attention")
    return [graph.attributes[name][at] for name in names]


def heads(x, n):
    """Vectors of one sequence, cut into heads."""
    return x.reshape(1, x.shape[1], n, -1).transpose(1, 2)


def fused(q, k, v):
    """Attention of two heads in one piece."""
    attended = F.scaled_dot_product_attention(*(heads(x, 2) for x in (q, k, v)))
    return attended.transpose(1, 2).reshape(q.shape)


def n_parameters(module):
    """Number of the weights of a module, each counted once."""
    return sum(p.numel() for p in module.parameters())
