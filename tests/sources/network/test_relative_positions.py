"""Relative positions that attention is told."""

import pytest
import torch
from functions import Function, attention_facts, heads
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


def test_relative_positions_along_two_axes():
    def attend(q, k, v, rows, columns):
        along = q.view(2, 3, 4, 8)  # two heads, an image of three times four
        bias = torch.einsum("nhwc,hkc->nhwk", along, rows)[..., None]
        bias = bias + torch.einsum("nhwc,wkc->nhwk", along, columns)[:, :, :, None]
        return (q @ k.mT + bias.reshape(2, 12, 12)).softmax(-1) @ v

    graph = read_graph(Function(attend, rows=(3, 3, 8), columns=(4, 4, 8)), [(2, 12, 8)] * 3)
    assert attention_facts(graph, "relative_bias", "causal") == [1, 0]


@pytest.mark.parametrize(
    "pad", [lambda s: F.pad(s, (1, 0)), lambda s: torch.cat([torch.zeros(2, 12, 1), s], -1)]
)
def test_relative_positions_of_transformer_xl(pad):
    def attend(x, w, along, by_content, by_position):
        q, k, v = (x @ w).view(12, 3, 2, 8).permute(1, 2, 0, 3)
        apart = (torch.arange(23.0)[:, None] / torch.arange(1, 17)).sin() @ along
        moved = (q + by_position) @ apart.view(23, 2, 8).permute(1, 2, 0)
        moved = pad(moved).view(2, 24, 12)[:, 1:].view(2, 12, 23)[..., :12]
        hidden = torch.ones(12, 12, dtype=torch.bool).triu(1)
        scores = (q + by_content) @ k.mT + moved.masked_fill(hidden, float("-inf"))
        return (scores.softmax(-1) @ v).transpose(0, 1).flatten(1)

    biases = {"by_content": (2, 1, 8), "by_position": (2, 1, 8)}
    graph = read_graph(Function(attend, w=(16, 48), along=(16, 16), **biases), ((12, 16),))
    assert "position_embedding" not in graph.op_names
    facts = attention_facts(graph, "heads", "relative_bias", "causal", "self_attention")
    assert facts == [2, 1, 1, 1]


def test_relative_positions_over_the_root_of_a_number():
    def attend(x, w, along):
        root = torch.sqrt(torch.tensor(8.0) * 2)
        by_position = torch.gather(x @ (along @ w).mT / root, -1, torch.arange(5).expand(1, 5, 5))
        return ((x @ x.mT) / root + by_position).softmax(-1) @ x

    graph = read_graph(Function(attend, w=(8, 8), along=(9, 8)), ((1, 5, 8),))
    assert attention_facts(graph, "relative_bias") == [1]


MASKED = [
    lambda bias, kept: bias + kept[:, None],
    lambda bias, kept: torch.where(kept[:, None] > 0, bias, -1e9),
]


@pytest.mark.parametrize("in_one", [True, False])
@pytest.mark.parametrize("masked", MASKED)
@pytest.mark.parametrize("gated", [True, False])  # as in WavLM, T5
def test_relative_positions_that_are_masked(gated, masked, in_one):
    def attend(x, kept, gate, bias):
        added = masked(torch.sigmoid(x @ gate) * bias if gated else bias, kept)
        q = x[:, None]
        if in_one:
            return F.scaled_dot_product_attention(q, q, q, added[:, None])
        return (q @ q.mT + added[:, None]).softmax(-1) @ q

    module = Function(attend, gate=(8, 1), bias=(5, 5))
    graph = read_graph(module, ((1, 5, 8), (1, 5)))
    assert graph.op_names[-1] == "attention"
    relative_bias, causal = attention_facts(graph, "relative_bias", "causal")
    assert relative_bias == 1
    assert causal != causal  # the mask is given


def test_relative_positions_that_are_looked_up():
    def attend(x, places, biases):
        apart = (places[:, None] - places[:, :, None]).clamp(-3, 3) + 3
        bias = F.embedding(apart, biases).permute(0, 3, 1, 2) / 8**0.5
        q = x.view(1, 5, 2, 4).transpose(1, 2)
        return F.scaled_dot_product_attention(q, q, q, bias)

    graph = read_graph(Function(attend, biases=(7, 2)), (torch.zeros(1, 5, 8), torch.arange(5)[None]))
    assert attention_facts(graph, "relative_bias", "causal") == [1, 0]


def test_later_positions_with_weights_of_their_own_are_not_hidden():
    class Later(nn.Module):
        def __init__(self):
            super().__init__()
            self.biases = nn.Embedding(2, 1)
            self.register_buffer("later", torch.ones(5, 5).triu(1).long())

        def forward(self, q):
            return F.scaled_dot_product_attention(q, q, q, self.biases(self.later)[None, ..., 0])

    graph = read_graph(Later(), ((1, 5, 8),))
    assert attention_facts(graph, "relative_bias", "causal") == [1, 0]


def test_relative_positions_as_factors():
    def attend(x, w, by_content, by_position):
        sines, cosines = (torch.arange(40.0).view(5, 8).sin() for _ in range(2))
        turned = (x + by_position) @ w
        by_place = (turned * sines) @ cosines.T
        return ((x + by_content) @ x.mT + by_place * (1 - torch.eye(5))).softmax(-1) @ x

    graph = read_graph(Function(attend, w=(8, 8), by_content=8, by_position=8), ((1, 5, 8),))
    assert attention_facts(graph, "relative_bias", "causal") == [1, 0]


def test_causal_masks_added_to_trained_biases():
    def attend(q, bias):
        hidden = torch.full((5, 5), -torch.inf).triu(1)
        return (q @ q.mT + (bias + hidden)).softmax(-1) @ q

    graph = read_graph(Function(attend, bias=(2, 5, 5)), ((2, 5, 8),))
    assert attention_facts(graph, "relative_bias", "causal") == [1, 1]


def test_windows_and_relative_bias():
    def windowed(x, bias):
        x = x.reshape(1, 2, 2, 2, 2, 8).permute(0, 1, 3, 2, 4, 5).reshape(4, 4, 8)
        q = x.reshape(4, 4, 2, 4).transpose(1, 2)
        attended = ((q @ q.transpose(-2, -1) + bias).softmax(-1) @ q).transpose(1, 2).reshape(4, 4, 8)
        return attended.reshape(1, 2, 2, 2, 2, 8).permute(0, 1, 3, 2, 4, 5).reshape(1, 4, 4, 8)

    graph = read_graph(Function(windowed, bias=(1, 2, 4, 4)), ((1, 4, 4, 8),))
    facts = attention_facts(graph, "heads", "windows", "relative_bias", "sequence")
    assert facts == [2, 4, 1, 4]
    assert graph.n_parameters == 32


class PooledAttention(nn.Module):
    """Two heads of four channels over 8 x 8 positions, and a class token perhaps, as in MViTv2.

    Queries, keys and values are pooled by depthwise convolutions; scores get the products of
    queries with weights of relative rows and columns.
    """

    def __init__(self, with_token):
        super().__init__()
        self.with_token = with_token
        self.qkv = nn.Linear(8, 24)
        self.pools = nn.ModuleList(nn.Conv2d(4, 4, 3, s, 1, groups=4) for s in (1, 2, 2))
        self.norms = nn.ModuleList(nn.LayerNorm(4) for _ in range(3))
        self.rows, self.columns = nn.Parameter(torch.ones(15, 4)), nn.Parameter(torch.ones(15, 4))

    def pooled(self, x, pool, norm):
        token, x = x[:, :, : self.with_token], x[:, :, self.with_token :]
        x = pool(x.reshape(2, 8, 8, 4).permute(0, 3, 1, 2))
        x = x.reshape(1, 2, 4, -1).transpose(2, 3)
        return norm(torch.cat([token, x], 2) if self.with_token else x)

    def forward(self, x):
        q, k, v = self.qkv(x).reshape(1, -1, 3, 2, 4).permute(2, 0, 3, 1, 4).unbind(0)
        q, k, v = map(self.pooled, (q, k, v), self.pools, self.norms)
        start = int(self.with_token)
        apart = torch.arange(8)[:, None] - 2 * torch.arange(4) + 6
        by_position = q[:, :, start:].reshape(1, 2, 8, 8, 4)
        by_row = torch.einsum("byhwc,hkc->byhwk", by_position, self.rows[apart])
        by_column = torch.einsum("byhwc,wkc->byhwk", by_position, self.columns[apart])
        scores = q * 0.5 @ k.transpose(-2, -1)
        moved = scores[:, :, start:, start:].reshape(1, 2, 8, 8, 4, 4) + by_row[..., None]
        scores[:, :, start:, start:] = (moved + by_column[..., None, :]).reshape(1, 2, 64, 16)
        return (scores.softmax(-1) @ v + q).transpose(1, 2).flatten(2)


@pytest.mark.parametrize("with_token", [False, True])
def test_pooled_attention_with_relative_positions(with_token):
    n = 64 + with_token
    graph = read_graph(PooledAttention(with_token), ((1, n, 8),))
    keys = 16 + with_token
    facts = {
        "heads": 2, "kv_heads": 2, "head_dim": 4, "sequence": n, "key_sequence": keys, "windows": 1,
        "self_attention": 1, "relative_bias": 1, "causal": 0,
    }  # fmt: skip
    assert attention_facts(graph, *facts) == list(facts.values())
    convolutions = 2 * 4 * 9 * (64 + 16 + 16)
    relative = 2 * (2 * 64 * 4 * 4)
    assert graph.n_macs == n * 8 * 24 + convolutions + relative + 2 * (2 * n * keys * 4)


def test_scores_of_fixed_keys_beside_others_are_no_relative_positions():
    def attend(q, keys):
        k = heads(q, 2)
        scores = torch.cat([k @ keys.transpose(-2, -1), k @ k.transpose(-2, -1)], -1)
        values = torch.cat([keys.expand(1, 2, 3, 4), k], 2)
        return (scores.softmax(-1) @ values).transpose(1, 2).flatten(2)

    graph = read_graph(Function(attend, keys=(2, 3, 4)), (1, 5, 8))
    assert attention_facts(graph, "relative_bias", "causal") == [0, 0]
    assert graph.n_macs == 2 * 5 * 4 * (3 + 5 + 8)
