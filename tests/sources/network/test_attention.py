"""Attention in every form."""

import pytest
import torch
from functions import Function, attention_facts, fused, heads, ops_of
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


def written_out(q, k, v):
    scores = heads(q, 2) * 0.5 @ heads(k, 2).transpose(-2, -1)
    return (scores.softmax(-1) @ heads(v, 2)).transpose(1, 2).reshape(q.shape)


def with_scores_scaled(q, k, v):
    scores = torch.einsum("bhqd,bhkd->bhqk", heads(q, 2), heads(k, 2)) / 2.0
    weights = F.dropout(scores.softmax(-1), 0.1, training=False)
    return torch.einsum("bhqk,bhkd->bhqd", weights, heads(v, 2)).transpose(1, 2).flatten(2)


def heads_in_batch(q, k, v):
    q, k, v = (heads(x, 2).flatten(0, 1) for x in (q, k, v))
    attended = torch.bmm(torch.bmm(q, k.transpose(1, 2)).softmax(-1), v)
    return attended.reshape(1, 2, *attended.shape[1:]).transpose(1, 2).reshape(1, -1, 8)


def channels_before_positions(q, k, v):
    q, k, v = (heads(x, 2).transpose(2, 3) for x in (q, k, v))
    weights = (q.transpose(2, 3) @ k).softmax(-1)
    return (v @ weights.transpose(2, 3)).reshape(1, 8, -1)


ATTENTIONS = [fused, written_out, with_scores_scaled, heads_in_batch, channels_before_positions]


FACTS = ("heads", "kv_heads", "head_dim", "sequence", "key_sequence", "windows", "self_attention")


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_attention_in_every_form(attention):
    graph = read_graph(Function(attention), ((1, 5, 8), (1, 7, 8), (1, 7, 8)))
    assert graph.op_names == (None, None, None, "attention")
    facts = attention_facts(graph, *FACTS)
    assert facts == [2, 2, 4, 5, 7, 1, 0]
    assert graph.n_macs == 2 * (2 * 5 * 7 * 4)
    assert attention_facts(graph, "causal") == [0]


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_self_attention_of_one_projection(attention):
    def block(x, w):
        return attention(*(x @ w).chunk(3, -1))

    graph = read_graph(Function(block, w=(8, 24)), ((1, 5, 8),))
    assert graph.op_names == (None, "linear", "attention")
    assert attention_facts(graph, "self_attention") == [1]
    assert graph.predecessors(2).tolist() == [1, 1, 1]


@pytest.mark.parametrize("attention", [fused, written_out, with_scores_scaled, heads_in_batch])
def test_queries_that_are_learned(attention):
    def resample(x, latents, w, w_q):
        return attention(latents @ w_q, *(x @ w).chunk(2, -1))

    graph = read_graph(Function(resample, latents=(1, 5, 8), w=(8, 16), w_q=(8, 8)), ((1, 7, 8),))
    assert graph.op_names == (None, "linear", "attention")
    assert attention_facts(graph, *FACTS) == [2, 2, 4, 5, 7, 1, 0]
    assert graph.n_macs == 7 * 8 * 16 + 2 * (2 * 5 * 7 * 4)
    assert graph.n_parameters == 5 * 8 + 8 * 16 + 8 * 8


def test_a_gate_is_no_attention():
    """Each position chooses among values by a linear layer and a softmax."""
    shapes = ((1, 7, 8), (1, 7, 8))
    assert ops_of(lambda x, v, w: (x @ w).softmax(-1) @ v, *shapes, w=(8, 7)) == [
        "linear",
        "softmax",
        "matmul",
    ]


def test_attention_of_no_query():
    tensors = torch.empty(1, 2, 0, 4), torch.empty(1, 2, 3, 4), torch.empty(1, 2, 3, 4)
    graph = read_graph(Function(F.scaled_dot_product_attention), tensors)
    assert graph.op_names[-1] == "attention"
    assert graph.n_macs == 0


def test_keys_times_one_query():
    def attend(encoded, state):
        weights = torch.bmm(encoded, state[:, :, None]).squeeze(2).softmax(1)
        return torch.bmm(weights[:, None], encoded).squeeze(1)

    graph = read_graph(Function(attend), ((3, 7, 8), (3, 8)))
    assert attention_facts(graph, *FACTS) == [1, 1, 8, 1, 7, 1, 0]
    assert graph.n_macs == 3 * 2 * 7 * 8


@pytest.mark.parametrize("scores", ["bqhk", "qkbh", "bkqh", "hbqk"])
@pytest.mark.parametrize("attended", ["bqhd", "qbhd", "bhdq"])
def test_axes_of_attention_in_any_order(scores, attended):
    def attend(q, k, v):
        q, k, v = (x.unflatten(-1, (2, 4)) for x in (q, k, v))
        weights = torch.einsum(f"bqhd,bkhd->{scores}", q, k).softmax(scores.index("k"))
        found = torch.einsum(f"{scores},bkhd->{attended}", weights, v)
        return found.permute(*map(attended.index, "bqhd")).flatten(2)

    graph = read_graph(Function(attend), ((3, 5, 8), (3, 7, 8), (3, 7, 8)))
    assert attention_facts(graph, *FACTS) == [2, 2, 4, 5, 7, 1, 0]
    assert graph.n_macs == 3 * 2 * (2 * 5 * 7 * 4)


def test_sinks_beside_scores():
    def with_sinks(q, k, v, sinks):
        scores = heads(q, 2) @ heads(k, 2).transpose(-2, -1)
        scores = torch.cat([scores, sinks.reshape(1, 2, 1, 1).expand(1, 2, 5, 1)], -1)
        weights = (scores - scores.max(-1, keepdim=True).values).softmax(-1)[..., :-1]
        return (weights @ heads(v, 2)).transpose(1, 2).reshape(1, 5, 8)

    graph = read_graph(Function(with_sinks, sinks=2), ((1, 5, 8), (1, 7, 8), (1, 7, 8)))
    assert graph.op_names == (None, None, None, "attention")
    facts = attention_facts(graph, "heads", "key_sequence", "relative_bias")
    assert facts == [2, 7, 0]
    assert (graph.n_parameters, graph.n_macs) == (2, 2 * (2 * 5 * 7 * 4))


@pytest.mark.parametrize("move", [lambda scores, top: scores - top, lambda scores, top: top - scores])
def test_scores_and_their_maximum_less_each_other_hide_nothing(move):  # the latter in DANet
    def attend(q):
        scores = q @ q.transpose(-2, -1)
        return move(scores, scores.amax(-1, keepdim=True)).softmax(-1) @ q

    graph = read_graph(Function(attend), (1, 5, 8))
    assert graph.op_names == (None, "attention")
    assert attention_facts(graph, "causal") == [0]
