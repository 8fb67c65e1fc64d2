"""Heads of queries and of keys, and windows, however they are laid out."""

import pytest
import torch
from functions import Function, attention_facts, heads
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


def test_heads_that_stay_apart():
    def beside_others(q, k, v):
        attended = F.scaled_dot_product_attention(heads(q, 2), heads(k, 2), heads(v, 2)).transpose(1, 2)
        return torch.cat([attended, q.reshape(attended.shape)], 2).reshape(1, 8, -1)

    graph = read_graph(Function(beside_others), ((1, 8, 8), (1, 7, 8), (1, 7, 8)))
    assert attention_facts(graph, "heads") == [2]


def test_heads_that_nothing_puts_side_by_side():
    """As many heads as two times their width, or a batch of two with as many queries as two widths."""
    many = read_graph(Function(F.scaled_dot_product_attention), ((1, 4, 9, 2),) * 3)
    assert attention_facts(many, "heads") == [4]
    one = read_graph(Function(F.scaled_dot_product_attention), ((2, 8, 4),) * 3)
    assert attention_facts(one, "heads") == [1]


def in_windows(q, k, v):
    """Windows of 4 x 4 positions, on an axis where heads could be."""
    q, k, v = (x.view(1, 2, 4, 3, 4, 16).transpose(2, 3).reshape(1, 6, 16, 16) for x in (q, k, v))
    return (
        F.scaled_dot_product_attention(q, k, v).view(1, 2, 3, 4, 4, 16).transpose(2, 3).reshape(1, 8, 12, 16)
    )


def of_neighbours(q, k, v):
    """Each position of an image asks the nine around it."""
    q = q.permute(0, 3, 1, 2).reshape(1, 16, 1, 96).transpose(1, 3)
    k, v = (F.unfold(x.permute(0, 3, 1, 2), 3, padding=1).view(1, 16, 9, 96).transpose(1, 3) for x in (k, v))
    return F.scaled_dot_product_attention(q, k, v).transpose(1, 3).reshape(1, 16, 8, 12)


def in_rows(q, k, v):
    """Rows of an image on their own, and a layer behind."""
    return F.linear(F.scaled_dot_product_attention(q, k, v), torch.ones(5, 16))


@pytest.mark.parametrize(
    ("attend", "windows", "queries", "keys"),
    [(in_windows, 6, 16, 16), (of_neighbours, 96, 1, 9), (in_rows, 8, 12, 12)],
)
def test_one_head_in_each_window(attend, windows, queries, keys):
    graph = read_graph(Function(attend), ((1, 8, 12, 16),) * 3)
    facts = attention_facts(graph, "heads", "kv_heads", "windows", "sequence", "key_sequence")
    assert facts == [1, 1, windows, queries, keys]


def test_heads_of_attention_across_channels():
    """Channels ask, positions are what each of them holds (El-Nouby et al., XCiT, 2021)."""

    def attend(q, k, v):
        q, k, v = (x.reshape(1, 20, 2, 4).permute(0, 2, 3, 1) for x in (q, k, v))
        return F.scaled_dot_product_attention(q, k, v).permute(0, 3, 1, 2).reshape(1, 20, 8)

    graph = read_graph(Function(attend), ((1, 20, 8),) * 3)
    assert attention_facts(graph, "heads", "sequence", "windows") == [2, 4, 1]


def test_heads_behind_positions():
    def by_einsum(q, k, v):
        q, k, v = (x.reshape(1, x.shape[1], 2, 4) for x in (q, k, v))
        weights = torch.einsum("bind,bjnd->bnij", q, k).softmax(-1)
        return torch.einsum("bnij,bjnd->bind", weights, v).reshape(1, -1, 8)

    graph = read_graph(Function(by_einsum), ((1, 5, 8), (1, 7, 8), (1, 7, 8)))
    assert attention_facts(graph, "heads") == [2]
    assert graph.n_macs == 2 * (2 * 5 * 7 * 4)


def test_grouped_queries_masks_and_causality():
    def grouped(q, k, v, mask):
        k, v = (heads(x, 1).repeat_interleave(2, 1) for x in (k, v))
        scores = heads(q, 2) @ k.transpose(-2, -1) + mask
        return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)

    graph = read_graph(Function(grouped), ((1, 5, 8), (1, 7, 4), (1, 7, 4), (5, 7)))
    kv_heads, causal = attention_facts(graph, "kv_heads", "causal")
    assert kv_heads == 1
    assert causal != causal  # NaN: nobody knows

    def in_order(q, k, v):
        return F.scaled_dot_product_attention(heads(q, 2), heads(k, 2), heads(v, 2), is_causal=True)

    graph = read_graph(Function(in_order), ((1, 5, 8),) * 3)
    assert attention_facts(graph, "causal") == [1]


def test_grouped_queries_with_an_axis_of_their_own():
    def attend(q, k, v):
        scores = torch.einsum("btgrd,bsgd->bgrts", q.view(1, 6, 2, 4, 3), k.view(1, 6, 2, 3))
        return torch.einsum("bgrts,bsgd->btgrd", scores.softmax(-1), v.view(1, 6, 2, 3)).flatten(2)

    graph = read_graph(Function(attend), ((1, 6, 24), (1, 6, 6), (1, 6, 6)))
    assert graph.op_names[3:] == ("attention",)
    assert attention_facts(graph, "heads", "kv_heads") == [8, 2]


@pytest.mark.parametrize(
    ("letters", "shape", "kv_heads"), [("bkhd", (2, 3), 2), ("bkhd", (1, 3), 1), ("bkd", (3,), 1)]
)
@pytest.mark.parametrize("lengths", [(5, 7), (7, 5), (1, 5), (5, 1)])
def test_heads_of_keys_behind_positions(letters, shape, kv_heads, lengths):
    def attend(q, k, v):
        q, k, v = q.unflatten(-1, (2, 3)), k.unflatten(-1, shape), v.unflatten(-1, shape)
        weights = torch.einsum(f"bqhd,{letters}->bhqk", q, k).softmax(-1)
        return torch.einsum(f"bhqk,{letters}->bqhd", weights, v).flatten(2)

    n, keys = lengths
    graph = read_graph(Function(attend), ((1, n, 6), *[(1, keys, 3 * kv_heads)] * 2))
    facts = attention_facts(graph, "heads", "kv_heads", "sequence", "key_sequence")
    assert facts == [2, kv_heads, n, keys]


def test_heads_between_queries_and_width():
    def attend(x, weight):
        q = torch.einsum("ibh,hnd->ibnd", x, weight)
        scores = torch.einsum("ibnd,jbnd->bnij", q / 2, q).softmax(-1)
        return torch.einsum("ibnd,hnd->ibh", torch.einsum("bnij,jbnd->ibnd", scores, q), weight)

    graph = read_graph(Function(attend, weight=(24, 4, 6)), (7, 1, 24))
    assert graph.op_names == (None, "linear", "attention", "linear")
    assert attention_facts(graph, "heads", "windows", "self_attention") == [4, 1, 1]


def test_heads_behind_values_of_relative_positions():
    def attend(x, w, places):
        q = x.view(5, 2, 4).transpose(0, 1)
        weights = (q @ q.mT).softmax(-1)
        return (weights @ q + weights @ places).transpose(0, 1).reshape(1, 5, 8) @ w

    graph = read_graph(Function(attend, w=(8, 8), places=(5, 4)), ((1, 5, 8),))
    assert attention_facts(graph, "heads", "windows", "head_dim") == [2, 1, 4]


@pytest.mark.parametrize(("n_heads", "width"), [(1, 8), (2, 4)])
def test_windows_on_an_axis_behind_heads(n_heads, width):
    def windowed(x):
        q = x.reshape(1, 5, 6, n_heads, width).permute(0, 3, 2, 1, 4)
        return F.scaled_dot_product_attention(q, q, q).transpose(1, 3).reshape(1, 30, 8)

    graph = read_graph(Function(windowed), ((1, 30, 8),))
    facts = attention_facts(graph, "heads", "windows", "sequence")
    assert facts == [n_heads, 6, 5]


def test_heads_that_lie_along_the_batch():
    def attend(x, w):  # as in the Set Transformer
        query, key, value = (torch.cat(F.linear(x, part).split(4, -1)) for part in w.chunk(3))
        attended = query + (query @ key.transpose(1, 2) / 2).softmax(-1) @ value
        return torch.cat(attended.split(len(x)), -1)

    for n in (1, 2):
        graph = read_graph(Function(attend, w=(24, 8)), (n, 5, 8))
        facts = attention_facts(graph, "heads", "kv_heads", "head_dim", "windows", "self_attention")
        assert facts == [2, 2, 4, 1, 1]


def test_heads_that_are_put_side_by_side_in_groups():
    """Those that one expert gave are mixed by its weights (Shen et al., JetMoE, 2024)."""

    def attend(q, k, v, w):
        q, k, v = (heads(x, 4) for x in (q, k, v))
        attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2)
        return F.linear(attended.reshape(1, 5, 2, 6).reshape(10, 6), w)

    graph = read_graph(Function(attend, w=(8, 6)), ((1, 5, 12),) * 3)
    assert attention_facts(graph, "heads", "windows") == [4, 1]


@pytest.mark.parametrize("width", [8, 12])
def test_positions_that_ask_alone(width):
    """Each position of the last layer asks for those of all layers, as in attention residuals."""

    def attend(first, last, w, a):
        states = torch.stack([first, last], 2)
        attended = (states[:, :, -1:] @ states.mT).softmax(-1) @ states
        return F.linear(F.layer_norm(attended.squeeze(2), (8,), a).float(), w)

    graph = read_graph(Function(attend, w=(width, 8), a=8), ((1, 5, 8), (1, 5, 8)))
    assert attention_facts(graph, "heads", "windows", "sequence", "key_sequence") == [1, 5, 1, 2]
