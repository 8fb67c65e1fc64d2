"""Whether masks hide later positions."""

import pytest
import torch
from functions import Function, attention_facts, heads
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


class WithMask(nn.Module):
    """Attention whose heads stand behind the queries, with a mask in a buffer."""

    def __init__(self, hidden):
        super().__init__()
        self.register_buffer("hidden", hidden[None, :, None])

    def forward(self, x):
        q = x.unflatten(-1, (2, 4))
        scores = torch.einsum("bqhd,bkhd->bqhk", q, q).masked_fill(self.hidden, float("-inf"))
        return torch.einsum("bqhk,bkhd->bqhd", scores.softmax(-1), q).flatten(2)


def test_masks_that_compare_positions_are_causal():
    def attend(q, allowed):
        scores = heads(q, 2) @ heads(q, 2).transpose(-2, -1)
        scores = scores.masked_fill(~allowed, float("-inf"))
        return (scores.softmax(-1) @ heads(q, 2)).transpose(1, 2).flatten(2)

    def causal(graph):
        return attention_facts(graph, "causal")[0]

    rows, columns = torch.arange(5)[:, None], torch.arange(5)[None]
    ones = torch.ones(5, 5, dtype=torch.bool)
    x = (1, 5, 8)
    assert causal(read_graph(Function(lambda q: attend(q, columns <= rows)), (x,))) == 1
    assert causal(read_graph(Function(lambda q: attend(q, ones.tril())), (x,))) == 1
    assert causal(read_graph(Function(lambda q: attend(q, ones)), (x,))) == 0
    for padded in (
        lambda q, m: attend(q, (columns <= rows) & (m > 0)),
        lambda q, m: attend(q, (ones.tril().type_as(m) * m) != 0),
    ):
        assert causal(read_graph(Function(padded), (x, (1, 1, 1, 5)))) == 1


@pytest.mark.parametrize(
    ("hidden", "expected"),
    [
        (lambda distance: distance < 0, 1),
        (lambda distance: (distance < 0) | (distance > 1), 1),  # of a sliding window
        (lambda distance: abs(distance) > 1, 0),
        (lambda distance: distance == 0, 0),
        (lambda distance: distance != 0, 0),
    ],
)
def test_masks_in_buffers_are_told_by_their_content(hidden, expected):
    distance = torch.arange(5)[:, None] - torch.arange(5)
    graph = read_graph(WithMask(hidden(distance)), (1, 5, 8))
    assert attention_facts(graph, "causal") == [expected]


def test_rows_of_a_causal_mask_that_are_looked_up_are_causal():
    def step(q, keys, places):  # as in gpt-fast
        allowed = torch.ones(9, 9, dtype=torch.bool).tril()[None, None, places]
        return F.scaled_dot_product_attention(heads(q, 2), heads(keys, 2), heads(keys, 2), allowed)

    graph = read_graph(Function(step), (torch.zeros(1, 2, 8), torch.zeros(1, 9, 8), torch.tensor([5, 6])))
    assert attention_facts(graph, "causal") == [1]


def of_places(rows, columns):
    after = torch.triu_indices(len(rows), len(columns), 1)
    hidden = torch.zeros(len(rows), len(columns), dtype=torch.bool)
    hidden[after[0], after[1]] = True
    return ~hidden


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        (lambda rows, columns: rows[:, None] - columns >= 0, 1),
        (lambda rows, columns: -(columns - rows[:, None]) > -1, 1),
        (lambda rows, columns: torch.greater_equal(*torch.meshgrid(rows, columns, indexing="ij")), 1),
        (lambda rows, columns: rows[:, None].expand(9, 9) >= columns[None].expand(9, 9), 1),
        (of_places, 1),
        (lambda rows, columns: (rows[:, None] - columns).abs() <= 1, 0),
        (lambda rows, columns: (rows[:, None] - columns < 3) & (rows[:, None] - columns > -3), 0),
    ],
)
def test_masks_that_compare_distances_are_causal(mask, expected):
    def attend(q):
        scores = heads(q, 2) @ heads(q, 2).transpose(-2, -1)
        scores = scores.masked_fill(~mask(torch.arange(9), torch.arange(9)), float("-inf"))
        return (scores.softmax(-1) @ heads(q, 2)).transpose(1, 2).flatten(2)

    graph = read_graph(Function(attend), (1, 9, 8))
    assert attention_facts(graph, "causal") == [expected]


def test_products_that_are_added_to_scores_hide_nothing():
    def attend(q, added):
        scores = heads(q, 2) @ heads(q, 2).transpose(-2, -1) + added
        return (scores.softmax(-1) @ heads(q, 2)).transpose(1, 2).flatten(2)

    def beside(q, other):  # scores of other tokens, as in LiLT
        return attend(q, heads(other, 2) @ heads(other, 2).transpose(-2, -1))

    def of_pairs(q, pairs, weight):  # as in AlphaFold
        return attend(q, F.linear(pairs, weight).permute(0, 3, 1, 2))

    graphs = [
        read_graph(Function(beside), ((1, 5, 8), (1, 5, 6))),
        read_graph(Function(of_pairs, weight=(2, 3)), ((1, 5, 8), (1, 5, 5, 3))),
    ]
    assert [attention_facts(graph, "causal") for graph in graphs] == [[0], [0]]
