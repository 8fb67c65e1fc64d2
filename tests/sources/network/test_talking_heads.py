"""Maps of scores and of weights across heads."""

import pytest
import torch
from functions import Function, attention_facts, heads
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph

FACTS = ("heads", "kv_heads", "head_dim", "sequence", "key_sequence", "windows", "self_attention")


def by_linear(scores, *parameters):
    return F.linear(scores.permute(0, 2, 3, 1), *parameters).permute(0, 3, 1, 2)


def by_convolution(scores, weight):
    return F.conv2d(scores, weight[..., None, None])


def by_einsum(scores, weight):
    return torch.einsum("bhqk,gh->bgqk", scores, weight)


@pytest.mark.parametrize("across_heads", [by_linear, by_convolution, by_einsum])
def test_heads_that_talk(across_heads):
    """Both scores and weights are mixed across heads by a linear map."""

    def attend(x, before, after):
        q = heads(x, 2)
        weights = across_heads(q @ q.transpose(-2, -1) * 0.5, before).softmax(-1)
        return (across_heads(weights, after) @ q).transpose(1, 2).flatten(2)

    graph = read_graph(Function(attend, before=(2, 2), after=(2, 2)), ((1, 5, 8),))
    assert graph.op_names == (None, "attention")
    assert attention_facts(graph, *FACTS) == [2, 2, 4, 5, 5, 1, 1]
    assert (graph.n_parameters, graph.n_macs) == (2 * 4, 2 * (2 * 5 * 5 * 4) + 2 * (2 * 5 * 5 * 2))


def by_product(scores, weight, b):
    return (scores.permute(0, 2, 3, 1) @ weight.t() + b).permute(0, 3, 1, 2)


@pytest.mark.parametrize("across_heads", [by_linear, by_product])
def test_heads_that_talk_with_biases(across_heads):
    def attend(x, before, after, b, c):
        q = heads(x, 2)
        return across_heads(across_heads(q @ q.mT, before, b).softmax(-1), after, c) @ q

    graph = read_graph(Function(attend, before=(2, 2), after=(2, 2), b=2, c=2), ((1, 5, 8),))
    assert graph.op_names == (None, "attention")
    assert (graph.n_parameters, graph.n_macs) == (2 * 4 + 2 * 2, 2 * (2 * 5 * 5 * 4) + 2 * (2 * 5 * 5 * 2))


def test_weights_of_talking_heads_that_are_given_out_count_once():
    def attend(x, weight, b):
        q = heads(x, 2)
        weights = by_linear((q @ q.transpose(-2, -1)).softmax(-1), weight, b)
        return weights @ q, weights

    graph = read_graph(Function(attend, weight=(2, 2), b=2), ((1, 5, 8),))
    assert sorted(graph.op_names[1:]) == ["attention", "linear", "matmul", "softmax"]
    assert (graph.n_parameters, graph.n_macs) == (6, 2 * (2 * 5 * 5 * 4) + 2 * 5 * 5 * 2)
