"""Whether queries and values come from one tensor."""

import pytest
import torch
from functions import Function, attention_facts, fused, heads
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


def test_projections_between_bounds_are_of_the_same_tensor():
    def block(x, least, **weights):  # as in Gemma 4, whose bounds are tensors
        return fused(*((x @ w).clamp(least, -least) for w in weights.values()))

    weights = dict.fromkeys("qkv", (8, 8))
    graph = read_graph(Function(block, least=(), **weights), ((1, 5, 8),))
    assert graph.op_names[-1] == "attention"
    assert attention_facts(graph, "self_attention") == [1]


@pytest.mark.parametrize("pool", [lambda q: q.amax(2), lambda q: q.mean(2)])
def test_queries_pooled_from_the_keys_are_self_attention(pool):
    def attend(x, w):  # as in Hiera
        q, k, v = (x @ w).view(1, 1, 8, 3, 4).permute(3, 0, 1, 2, 4)
        return F.scaled_dot_product_attention(pool(q.view(1, 1, 2, 4, 4)), k, v)

    graph = read_graph(Function(attend, w=(4, 12)), ((1, 8, 4),))
    assert attention_facts(graph, "self_attention", "sequence", "key_sequence") == [1, 4, 8]


def test_a_context_beside_other_queries_is_no_self_attention():
    def resampled(x, latents):
        both = torch.cat([x, latents], 1)
        return fused(latents, both, both)

    graph = read_graph(Function(resampled), ((1, 5, 8), (1, 3, 8)))
    assert attention_facts(graph, "self_attention") == [0]


class Cached(nn.Module):
    """Attention of new tokens to those in a buffer, which it writes them into."""

    def __init__(self):
        super().__init__()
        self.qkv = nn.Linear(8, 24)
        self.register_buffer("keys", torch.zeros(1, 2, 9, 4))
        self.register_buffer("values", torch.zeros(1, 2, 9, 4))

    def forward(self, x, places):
        q, k, v = (heads(part, 2) for part in self.qkv(x).chunk(3, -1))
        self.keys[:, :, places] = k
        self.values[:, :, places] = v
        return F.scaled_dot_product_attention(q, self.keys, self.values)


def test_keys_of_earlier_tokens_in_a_cache_are_of_self_attention():
    def step(x, keys, values, w):
        q, k, v = (heads(part, 2) for part in (x @ w).chunk(3, -1))
        return F.scaled_dot_product_attention(q, torch.cat([keys, k], 2), torch.cat([values, v], 2))

    given = read_graph(Function(step, w=(8, 24)), ((1, 1, 8), (1, 2, 6, 4), (1, 2, 6, 4)))
    kept = read_graph(Cached(), (torch.zeros(1, 2, 8), torch.tensor([3, 4])))
    for graph, n in ((given, 7), (kept, 9)):
        assert attention_facts(graph, "self_attention", "key_sequence") == [1, n]


@pytest.mark.parametrize("depth", [1, 3])
def test_keys_behind_a_shortcut_a_norm_or_a_gate(depth):
    """Keys of recent models are mixed with those of neighbours, and divided by their length."""

    def attend(x, y, w, c):
        q, k, v = F.linear(x, w), F.linear(y, w), F.linear(y, w)
        for _ in range(depth):
            k = k + F.conv1d(k.mT, c, padding=1).mT
            v = v * F.linear(v, w).sigmoid()
        q, k = (z / (z.norm(dim=-1, keepdim=True) + 1) for z in (q, k))
        return F.scaled_dot_product_attention(*(heads(z, 2) for z in (q, k, v)))

    weights = {"w": (8, 8), "c": (8, 8, 3)}
    graph = read_graph(Function(lambda x, w, c: attend(x, x, w, c), **weights), ((1, 5, 8),))
    assert attention_facts(graph, "self_attention") == [1]
    graph = read_graph(Function(attend, **weights), ((1, 5, 8), (1, 7, 8)))
    assert attention_facts(graph, "self_attention") == [0]
