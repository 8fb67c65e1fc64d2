"""Slow, obvious twins of the zero-cost proxies of transformers.

Attention is a module that holds an `nn.Softmax` and its `nn.Linear` layers. As `naive_proxies` else.
"""

import copy

import numpy as np
from naive_proxies import absolute
from torch import nn


def parts_of(model):
    """The linear layers inside attention, and those outside."""
    owners = [m for m in model.modules() if any(isinstance(part, nn.Softmax) for part in m.children())]
    inside = {part for owner in owners for part in owner.modules() if isinstance(part, nn.Linear)}
    linear = [m for m in model.modules() if isinstance(m, nn.Linear)]
    return [m for m in linear if m in inside], [m for m in linear if m not in inside]


def outputs_of(model, chosen, x):
    """What the chosen modules give, in evaluation mode."""
    found, model = [], copy.deepcopy(model).eval()
    for module in chosen(model):
        module.register_forward_hook(lambda m, i, output: found.append(output.detach().numpy()))
    model(x)
    return found


def softmax_confidence(model, x, y):
    maps = outputs_of(model, lambda m: [part for part in m.modules() if isinstance(part, nn.Softmax)], x)
    return sum(np.mean([row.max() for row in one.reshape(-1, one.shape[-1])]) for one in maps)


def head_confidence(model, x, y):
    projections = outputs_of(model, lambda m: parts_of(m)[0], x)
    return sum(np.mean([tokens.max(0) for tokens in one]) for one in projections)


def head_importance(model, x, y):
    model = copy.deepcopy(model).eval()
    model(x).sum().backward()
    return sum((m.weight * m.weight.grad).abs().sum().item() for m in parts_of(model)[0])


def synaptic_diversity(model, x, y):
    layers, _ = parts_of(absolute(model, x))
    return sum(nuclear(m.weight.detach()) * nuclear(m.weight.grad) for m in layers)


def nuclear(matrix):
    return np.linalg.svd(matrix.numpy())[1].sum()


def synaptic_saliency(model, x, y):
    _, layers = parts_of(absolute(model, x))
    return sum((m.weight * m.weight.grad).abs().sum().item() for m in layers)


def dss(model, x, y):
    return synaptic_diversity(model, x, y) + synaptic_saliency(model, x, y)
