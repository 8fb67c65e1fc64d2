"""Attention in every form, and the positions and masks that it is told."""

import pytest
import torch
from functions import Function, ops_of
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import read_graph


def heads(x, n):
    return x.reshape(1, x.shape[1], n, -1).transpose(1, 2)


def fused(q, k, v):
    return (
        F.scaled_dot_product_attention(heads(q, 2), heads(k, 2), heads(v, 2)).transpose(1, 2).reshape(q.shape)
    )


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
    facts = [graph.attributes[name][-1] for name in FACTS]
    assert facts == [2, 2, 4, 5, 7, 1, 0]
    assert graph.n_macs == 2 * (2 * 5 * 7 * 4)
    assert graph.attributes["causal"][-1] == 0


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_self_attention_of_one_projection(attention):
    def block(x, w):
        return attention(*(x @ w).chunk(3, -1))

    graph = read_graph(Function(block, w=(8, 24)), ((1, 5, 8),))
    assert graph.op_names == (None, "linear", "attention")
    assert graph.attributes["self_attention"][-1] == 1
    assert graph.predecessors(2).tolist() == [1, 1, 1]


def test_projections_between_bounds_are_of_the_same_tensor():
    def block(x, least, **weights):  # as in Gemma 4, whose bounds are tensors
        return fused(*((x @ w).clamp(least, -least) for w in weights.values()))

    weights = dict.fromkeys("qkv", (8, 8))
    graph = read_graph(Function(block, least=(), **weights), ((1, 5, 8),))
    assert graph.op_names[-1] == "attention"
    assert graph.attributes["self_attention"][-1] == 1


@pytest.mark.parametrize("attention", [fused, written_out, with_scores_scaled, heads_in_batch])
def test_queries_that_are_learned(attention):
    def resample(x, latents, w, w_q):
        return attention(latents @ w_q, *(x @ w).chunk(2, -1))

    graph = read_graph(Function(resample, latents=(1, 5, 8), w=(8, 16), w_q=(8, 8)), ((1, 7, 8),))
    assert graph.op_names == (None, "linear", "attention")
    assert [graph.attributes[name][-1] for name in FACTS] == [2, 2, 4, 5, 7, 1, 0]
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


def test_heads_that_stay_apart():
    def beside_others(q, k, v):
        attended = F.scaled_dot_product_attention(heads(q, 2), heads(k, 2), heads(v, 2)).transpose(1, 2)
        return torch.cat([attended, q.reshape(attended.shape)], 2).reshape(1, 8, -1)

    graph = read_graph(Function(beside_others), ((1, 8, 8), (1, 7, 8), (1, 7, 8)))
    assert graph.attributes["heads"][3] == 2


def test_heads_that_nothing_puts_side_by_side():
    """As many heads as two times their width, or a batch of two with as many queries as two widths."""
    many = read_graph(Function(F.scaled_dot_product_attention), ((1, 4, 9, 2),) * 3)
    assert many.attributes["heads"][3] == 4
    one = read_graph(Function(F.scaled_dot_product_attention), ((2, 8, 4),) * 3)
    assert one.attributes["heads"][3] == 1


def test_attention_of_no_query():
    tensors = torch.empty(1, 2, 0, 4), torch.empty(1, 2, 3, 4), torch.empty(1, 2, 3, 4)
    graph = read_graph(Function(F.scaled_dot_product_attention), tensors)
    assert graph.op_names[-1] == "attention"
    assert graph.n_macs == 0


def test_heads_behind_positions():
    def by_einsum(q, k, v):
        q, k, v = (x.reshape(1, x.shape[1], 2, 4) for x in (q, k, v))
        weights = torch.einsum("bind,bjnd->bnij", q, k).softmax(-1)
        return torch.einsum("bnij,bjnd->bind", weights, v).reshape(1, -1, 8)

    graph = read_graph(Function(by_einsum), ((1, 5, 8), (1, 7, 8), (1, 7, 8)))
    assert graph.attributes["heads"][-1] == 2
    assert graph.n_macs == 2 * (2 * 5 * 7 * 4)


def test_keys_times_one_query():
    def attend(encoded, state):
        weights = torch.bmm(encoded, state[:, :, None]).squeeze(2).softmax(1)
        return torch.bmm(weights[:, None], encoded).squeeze(1)

    graph = read_graph(Function(attend), ((3, 7, 8), (3, 8)))
    assert [graph.attributes[name][2] for name in FACTS] == [1, 1, 8, 1, 7, 1, 0]
    assert graph.n_macs == 3 * 2 * 7 * 8


def by_linear(scores, *parameters):
    return F.linear(scores.permute(0, 2, 3, 1), *parameters).permute(0, 3, 1, 2)


def by_convolution(scores, weight):
    return F.conv2d(scores, weight[..., None, None])


@pytest.mark.parametrize("scores", ["bqhk", "qkbh", "bkqh", "hbqk"])
@pytest.mark.parametrize("attended", ["bqhd", "qbhd", "bhdq"])
def test_axes_of_attention_in_any_order(scores, attended):
    def attend(q, k, v):
        q, k, v = (x.unflatten(-1, (2, 4)) for x in (q, k, v))
        weights = torch.einsum(f"bqhd,bkhd->{scores}", q, k).softmax(scores.index("k"))
        found = torch.einsum(f"{scores},bkhd->{attended}", weights, v)
        return found.permute(*map(attended.index, "bqhd")).flatten(2)

    graph = read_graph(Function(attend), ((3, 5, 8), (3, 7, 8), (3, 7, 8)))
    facts = {name: graph.attributes[name][3] for name in FACTS}
    assert facts == {
        "heads": 2, "kv_heads": 2, "head_dim": 4, "sequence": 5, "key_sequence": 7, "windows": 1,
        "self_attention": 0,
    }  # fmt: skip
    assert graph.n_macs == 3 * 2 * (2 * 5 * 7 * 4)


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
    assert [graph.attributes[name][-1] for name in FACTS] == [2, 2, 4, 5, 5, 1, 1]
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


def test_grouped_queries_masks_and_causality():
    def grouped(q, k, v, mask):
        k, v = (heads(x, 1).repeat_interleave(2, 1) for x in (k, v))
        scores = heads(q, 2) @ k.transpose(-2, -1) + mask
        return (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)

    graph = read_graph(Function(grouped), ((1, 5, 8), (1, 7, 4), (1, 7, 4), (5, 7)))
    assert graph.attributes["kv_heads"][-1] == 1
    assert graph.attributes["causal"][-1] != graph.attributes["causal"][-1]  # NaN: nobody knows

    def causal(q, k, v):
        return F.scaled_dot_product_attention(heads(q, 2), heads(k, 2), heads(v, 2), is_causal=True)

    graph = read_graph(Function(causal), ((1, 5, 8),) * 3)
    assert graph.attributes["causal"][-1] == 1


def test_grouped_queries_with_an_axis_of_their_own():
    def attend(q, k, v):
        scores = torch.einsum("btgrd,bsgd->bgrts", q.view(1, 6, 2, 4, 3), k.view(1, 6, 2, 3))
        return torch.einsum("bgrts,bsgd->btgrd", scores.softmax(-1), v.view(1, 6, 2, 3)).flatten(2)

    graph = read_graph(Function(attend), ((1, 6, 24), (1, 6, 6), (1, 6, 6)))
    assert graph.op_names[3:] == ("attention",)
    assert [graph.attributes[name][3] for name in ("heads", "kv_heads")] == [8, 2]


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
    facts = [graph.attributes[name][-1] for name in ("heads", "kv_heads", "sequence", "key_sequence")]
    assert facts == [2, kv_heads, n, keys]


def test_heads_between_queries_and_width():
    def attend(x, weight):
        q = torch.einsum("ibh,hnd->ibnd", x, weight)
        scores = torch.einsum("ibnd,jbnd->bnij", q / 2, q).softmax(-1)
        return torch.einsum("ibnd,hnd->ibh", torch.einsum("bnij,jbnd->ibnd", scores, q), weight)

    graph = read_graph(Function(attend, weight=(24, 4, 6)), (7, 1, 24))
    attributes = {name: graph.attributes[name][2] for name in ("heads", "windows", "self_attention")}
    assert graph.op_names == (None, "linear", "attention", "linear")
    assert attributes == {"heads": 4, "windows": 1, "self_attention": 1}


def test_relative_positions_along_two_axes():
    def attend(q, k, v, rows, columns):
        along = q.view(2, 3, 4, 8)  # two heads, an image of three times four
        bias = torch.einsum("nhwc,hkc->nhwk", along, rows)[..., None]
        bias = bias + torch.einsum("nhwc,wkc->nhwk", along, columns)[:, :, :, None]
        return (q @ k.mT + bias.reshape(2, 12, 12)).softmax(-1) @ v

    graph = read_graph(Function(attend, rows=(3, 3, 8), columns=(4, 4, 8)), [(2, 12, 8)] * 3)
    node = graph.op_names.index("attention")
    assert graph.attributes["relative_bias"][node] == 1
    assert graph.attributes["causal"][node] == 0


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
    node = graph.op_names.index("attention")
    assert "position_embedding" not in graph.op_names
    facts = [graph.attributes[name][node] for name in ("heads", "relative_bias", "causal", "self_attention")]
    assert facts == [2, 1, 1, 1]


def test_relative_positions_over_the_root_of_a_number():
    def attend(x, w, along):
        root = torch.sqrt(torch.tensor(8.0) * 2)
        by_position = torch.gather(x @ (along @ w).mT / root, -1, torch.arange(5).expand(1, 5, 5))
        return ((x @ x.mT) / root + by_position).softmax(-1) @ x

    graph = read_graph(Function(attend, w=(8, 8), along=(9, 8)), ((1, 5, 8),))
    assert graph.attributes["relative_bias"][-1] == 1


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
    last = {name: values[-1] for name, values in graph.attributes.items()}
    assert graph.op_names[-1] == "attention"
    assert last["relative_bias"] == 1
    assert last["causal"] != last["causal"]  # the mask is given


def test_relative_positions_that_are_looked_up():
    def attend(x, places, biases):
        apart = (places[:, None] - places[:, :, None]).clamp(-3, 3) + 3
        bias = F.embedding(apart, biases).permute(0, 3, 1, 2) / 8**0.5
        q = x.view(1, 5, 2, 4).transpose(1, 2)
        return F.scaled_dot_product_attention(q, q, q, bias)

    graph = read_graph(Function(attend, biases=(7, 2)), (torch.zeros(1, 5, 8), torch.arange(5)[None]))
    assert [graph.attributes[name][-1] for name in ("relative_bias", "causal")] == [1, 0]


@pytest.mark.parametrize("pool", [lambda q: q.amax(2), lambda q: q.mean(2)])
def test_queries_pooled_from_the_keys_are_self_attention(pool):
    def attend(x, w):  # as in Hiera
        q, k, v = (x @ w).view(1, 1, 8, 3, 4).permute(3, 0, 1, 2, 4)
        return F.scaled_dot_product_attention(pool(q.view(1, 1, 2, 4, 4)), k, v)

    graph = read_graph(Function(attend, w=(4, 12)), ((1, 8, 4),))
    last = {name: values[-1] for name, values in graph.attributes.items()}
    assert [last[name] for name in ("self_attention", "sequence", "key_sequence")] == [1, 4, 8]


def test_later_positions_with_weights_of_their_own_are_not_hidden():
    class Later(nn.Module):
        def __init__(self):
            super().__init__()
            self.biases = nn.Embedding(2, 1)
            self.register_buffer("later", torch.ones(5, 5).triu(1).long())

        def forward(self, q):
            return F.scaled_dot_product_attention(q, q, q, self.biases(self.later)[None, ..., 0])

    graph = read_graph(Later(), ((1, 5, 8),))
    assert [graph.attributes[name][-1] for name in ("relative_bias", "causal")] == [1, 0]


def test_relative_positions_as_factors():
    def attend(x, w, by_content, by_position):
        sines, cosines = (torch.arange(40.0).view(5, 8).sin() for _ in range(2))
        turned = (x + by_position) @ w
        by_place = (turned * sines) @ cosines.T
        return ((x + by_content) @ x.mT + by_place * (1 - torch.eye(5))).softmax(-1) @ x

    graph = read_graph(Function(attend, w=(8, 8), by_content=8, by_position=8), ((1, 5, 8),))
    assert [graph.attributes[name][-1] for name in ("relative_bias", "causal")] == [1, 0]


def test_heads_behind_values_of_relative_positions():
    def attend(x, w, places):
        q = x.view(5, 2, 4).transpose(0, 1)
        weights = (q @ q.mT).softmax(-1)
        return (weights @ q + weights @ places).transpose(0, 1).reshape(1, 5, 8) @ w

    graph = read_graph(Function(attend, w=(8, 8), places=(5, 4)), ((1, 5, 8),))
    at = graph.op_names.index("attention")
    assert [graph.attributes[name][at] for name in ("heads", "windows", "head_dim")] == [2, 1, 4]


def test_causal_masks_added_to_trained_biases():
    def attend(q, bias):
        hidden = torch.full((5, 5), -torch.inf).triu(1)
        return (q @ q.mT + (bias + hidden)).softmax(-1) @ q

    graph = read_graph(Function(attend, bias=(2, 5, 5)), ((2, 5, 8),))
    assert [graph.attributes[name][-1] for name in ("relative_bias", "causal")] == [1, 1]


def test_sinks_beside_scores():
    def with_sinks(q, k, v, sinks):
        scores = heads(q, 2) @ heads(k, 2).transpose(-2, -1)
        scores = torch.cat([scores, sinks.reshape(1, 2, 1, 1).expand(1, 2, 5, 1)], -1)
        weights = (scores - scores.max(-1, keepdim=True).values).softmax(-1)[..., :-1]
        return (weights @ heads(v, 2)).transpose(1, 2).reshape(1, 5, 8)

    graph = read_graph(Function(with_sinks, sinks=2), ((1, 5, 8), (1, 7, 8), (1, 7, 8)))
    assert graph.op_names == (None, None, None, "attention")
    facts = [graph.attributes[name][-1] for name in ("heads", "key_sequence", "relative_bias")]
    assert facts == [2, 7, 0]
    assert (graph.n_parameters, graph.n_macs) == (2, 2 * (2 * 5 * 7 * 4))


@pytest.mark.parametrize(("n_heads", "width"), [(1, 8), (2, 4)])
def test_windows_on_an_axis_behind_heads(n_heads, width):
    def windowed(x):
        q = x.reshape(1, 5, 6, n_heads, width).permute(0, 3, 2, 1, 4)
        return F.scaled_dot_product_attention(q, q, q).transpose(1, 3).reshape(1, 30, 8)

    graph = read_graph(Function(windowed), ((1, 30, 8),))
    facts = [graph.attributes[name][-1] for name in ("heads", "windows", "sequence")]
    assert facts == [n_heads, 6, 5]


def test_windows_and_relative_bias():
    def windowed(x, bias):
        x = x.reshape(1, 2, 2, 2, 2, 8).permute(0, 1, 3, 2, 4, 5).reshape(4, 4, 8)
        q = x.reshape(4, 4, 2, 4).transpose(1, 2)
        attended = ((q @ q.transpose(-2, -1) + bias).softmax(-1) @ q).transpose(1, 2).reshape(4, 4, 8)
        return attended.reshape(1, 2, 2, 2, 2, 8).permute(0, 1, 3, 2, 4, 5).reshape(1, 4, 4, 8)

    graph = read_graph(Function(windowed, bias=(1, 2, 4, 4)), ((1, 4, 4, 8),))
    facts = [graph.attributes[name][-1] for name in ("heads", "windows", "relative_bias", "sequence")]
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
    attention = graph.op_names.index("attention")
    facts = {name: graph.attributes[name][attention] for name in (*FACTS, "relative_bias", "causal")}
    keys = 16 + with_token
    assert facts == {
        "heads": 2, "kv_heads": 2, "head_dim": 4, "sequence": n, "key_sequence": keys, "windows": 1,
        "self_attention": 1, "relative_bias": 1, "causal": 0,
    }  # fmt: skip
    convolutions = 2 * 4 * 9 * (64 + 16 + 16)
    relative = 2 * (2 * 64 * 4 * 4)
    assert graph.n_macs == n * 8 * 24 + convolutions + relative + 2 * (2 * n * keys * 4)


def test_a_context_beside_other_queries_is_no_self_attention():
    def resampled(x, latents):
        both = torch.cat([x, latents], 1)
        return fused(latents, both, both)

    graph = read_graph(Function(resampled), ((1, 5, 8), (1, 3, 8)))
    assert graph.attributes["self_attention"][graph.op_names.index("attention")] == 0


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
        last = {name: graph.attributes[name][graph.op_names.index("attention")] for name in FACTS}
        assert [last[name] for name in ("self_attention", "key_sequence")] == [1, n]


def swap_halves(x):
    first, second = x.chunk(2, -1)
    return torch.cat([-second, first], -1)


def swap_pairs(x):
    return torch.stack([-x[..., 1::2], x[..., ::2]], -1).reshape(x.shape)


def columns_of_rotations(x, cos, sin):
    turns = torch.stack([cos, -sin, sin, cos], -1)[..., ::2, :].unflatten(-1, (2, 2))
    pair = x.unflatten(-1, (-1, 1, 2))
    return (turns[..., 0] * pair[..., 0] + turns[..., 1] * pair[..., 1]).reshape(x.shape)


def half_by_half(x, cos, sin):
    first, second = x.chunk(2, -1)
    cos, sin = cos[..., :2], sin[..., :2]
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


def with_negative_sines(x, cos, sin):  # as in nanochat
    first, second = x.chunk(2, -1)
    cos, sin = cos[:, :2], sin[:, :2]
    return torch.cat([first * cos + second * sin, first * (-sin) + second * cos], -1)


@pytest.mark.parametrize(
    "rotate",
    [
        lambda x, cos, sin: x * cos + swap_halves(x) * sin,
        lambda x, cos, sin: x * cos + swap_pairs(x) * sin,
        columns_of_rotations,
        half_by_half,
        with_negative_sines,
    ],
)
def test_rotary_positions(rotate):
    positions = torch.arange(5.0)[:, None] * torch.ones(4)
    assert ops_of(lambda x: rotate(x, positions.cos(), positions.sin()), (1, 5, 4)) == ["rotary"]
    given = ops_of(lambda x, angles: rotate(x, angles.cos(), angles.sin()), (1, 5, 4), (5, 4))
    assert [op for op in given if op in ("multiply", "rotary")] == ["rotary"]


def test_rotary_positions_as_complex_numbers():
    def rotate(x, angles):
        turned = torch.view_as_complex(x.unflatten(-1, (-1, 2))) * torch.polar(torch.ones(5, 4), angles)
        return torch.view_as_real(turned).flatten(-2).relu()

    assert ops_of(lambda x: rotate(x, torch.ones(5, 4)), (1, 5, 8)) == ["rotary", "relu"]
    assert ops_of(rotate, (1, 5, 8), (5, 4)) == ["trigonometric", "rotary", "relu"]


def test_complex_weights_are_no_rotary_positions():
    def product(x, weight):
        return torch.view_as_real(torch.fft.rfft(x) * torch.view_as_complex(weight))

    assert ops_of(product, (1, 5, 8), weight=(5, 5, 2)) == ["fft", "multiply"]


def test_filters_of_complex_numbers_are_no_rotary_positions():
    expected = ["multiply", "multiply", "subtract", "multiply", "multiply", "add", "concat"]
    assert ops_of(half_by_half, (1, 5, 4), cos=(5, 2), sin=(5, 2)) == expected
    assert "rotary" not in ops_of(columns_of_rotations, (1, 5, 4), cos=(5, 4), sin=(5, 4))


def test_absolute_positions():
    graph = read_graph(Function(lambda x, p: (x + p).relu(), p=(1, 5, 4)), ((1, 5, 4),))
    assert graph.op_names == (None, "position_embedding", "relu")
    assert ops_of(lambda x, b: x.relu() + b, (1, 5, 4), b=4) == ["relu", "add"]


def test_absolute_positions_that_leave_out_padding():
    def embedded(tokens, words, places):
        kept = (tokens != 1).int()
        return F.embedding(tokens, words) + F.embedding((kept.cumsum(1) + 2) * kept + 1, places)

    graph = read_graph(Function(embedded, words=(9, 4), places=(16, 4)), torch.zeros(1, 5, dtype=torch.long))
    assert graph.op_names[-1] == "position_embedding"
    assert graph.n_parameters == 100


@pytest.mark.parametrize("n", [1, 4])
def test_a_row_that_all_positions_take_is_no_position_embedding(n):
    def embedded(tokens, words, places, kinds, token):
        position = torch.arange(tokens.shape[1]).expand(tokens.shape)
        x = F.embedding(tokens, words) + F.embedding(position, places)
        x = x + F.embedding(torch.zeros_like(tokens), kinds)
        return x + token.expand(x.shape)

    module = Function(embedded, words=(9, 4), places=(6, 4), kinds=(2, 4), token=(1, 1, 4))
    graph = read_graph(module, torch.zeros(n, 5, dtype=torch.long))
    assert graph.op_names == (None, "embedding", "position_embedding", "add", "add")
    assert graph.n_parameters == 72


def test_a_row_of_a_long_table_that_all_positions_take_is_no_position_embedding():
    class Kinds(nn.Module):
        def __init__(self):
            super().__init__()
            self.kinds, self.places = nn.Embedding(256, 8), nn.Embedding(256, 8)

        def forward(self, x):
            kinds, places = torch.zeros(1, 5, 2, dtype=torch.long), torch.arange(5)
            return (
                x
                + self.kinds(kinds[..., 1])
                + self.kinds(kinds[..., 1] - kinds[..., 0])
                + self.places(places)
            )

    assert read_graph(Kinds(), (1, 5, 8)).op_names == (None, "add", "add", "position_embedding")


def test_sines_of_counted_positions_are_absolute_positions():
    class Sines(nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("sines", torch.randn(16, 4))

        def forward(self, x, kept):
            return x + self.sines.index_select(0, kept.cumsum(1).view(-1)).view(x.shape)

    graph = read_graph(Sines(), (torch.zeros(1, 5, 4), torch.ones(1, 5, dtype=torch.long)))
    assert graph.op_names[-1] == "position_embedding"


@pytest.mark.parametrize("kept", [True, False])
def test_fixed_sines_are_absolute_positions(kept):
    def sines(n):
        angles = torch.arange(n)[:, None] / 10_000 ** (torch.arange(4) / 4)
        return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)

    module = Function(
        lambda x: (x * 8**0.5 + (module.sines if kept else sines(16))[None, : x.shape[1]]).relu()
    )
    module.register_buffer("sines", sines(5000))
    module.sines[1] = 0  # padding, as in fairseq
    assert read_graph(module, (1, 5, 8)).op_names[-2] == "position_embedding"
    module.register_buffer("shift", torch.randn(5, 8))
    assert read_graph(module, (1, 5, 8)).op_names == (None, "multiply", "position_embedding", "relu")
    module.function = lambda x: x + module.shift
    assert read_graph(module, (1, 5, 8)).op_names == (None, "add")


def test_deep_networks_with_two_ways_at_every_step():
    def doubled(x, w):
        for _ in range(60):
            x = x + x * 2.0
        return F.scaled_dot_product_attention(x @ w, x, x, attn_mask=x @ x.transpose(-2, -1))

    assert "attention" in ops_of(doubled, (1, 1, 5, 8), w=(8, 8))


@pytest.mark.parametrize("join", [torch.add, torch.mul])
@pytest.mark.parametrize("looked_up", [True, False])
def test_masks_with_two_ways_at_every_step(join, looked_up):
    def attend(x, places, table):
        mask = F.embedding(places, table)[..., 0] if looked_up else places.float()
        for _ in range(60):
            mask = join(mask, mask.flip(-1))
        return (x @ x.mT + mask).softmax(-1) @ x

    graph = read_graph(
        Function(attend, table=(9, 1)), (torch.zeros(1, 5, 8), torch.zeros(1, 5, 5, dtype=torch.long))
    )
    assert graph.op_names[-1] == "attention"
    assert graph.attributes["relative_bias"][-1] == looked_up


def in_columns(x):
    """The columns of a tensor, taken apart and put together."""
    return torch.cat(x.split(1, -1), -1)


def test_concatenations_of_their_own_parts_at_every_step():
    def attend(x, mask):
        scores = x @ x.mT
        for _ in range(7):
            scores, mask = in_columns(scores), in_columns(mask)
        return (scores + mask).softmax(-1) @ x

    assert ops_of(attend, (1, 9, 8), (9, 9))[-1] == "attention"

    def turned(x, cos, sin):
        other = x
        for _ in range(61):
            other = torch.cat([-other[..., 4:], other[..., :4]], -1)
        return x * cos + other * sin

    assert ops_of(turned, (1, 5, 8), (5, 8), (5, 8)) == ["rotary"]


class WithMask(nn.Module):
    """Attention whose heads stand behind the queries, with a mask in a buffer."""

    def __init__(self):
        super().__init__()
        self.register_buffer("hidden", torch.ones(5, 5, dtype=torch.bool).triu(1)[None, :, None])

    def forward(self, x):
        q = x.unflatten(-1, (2, 4))
        scores = torch.einsum("bqhd,bkhd->bqhk", q, q).masked_fill(self.hidden, float("-inf"))
        return torch.einsum("bqhk,bkhd->bqhd", scores.softmax(-1), q).flatten(2)


def test_scores_of_fixed_keys_beside_others_are_no_relative_positions():
    def attend(q, keys):
        k = heads(q, 2)
        scores = torch.cat([k @ keys.transpose(-2, -1), k @ k.transpose(-2, -1)], -1)
        values = torch.cat([keys.expand(1, 2, 3, 4), k], 2)
        return (scores.softmax(-1) @ values).transpose(1, 2).flatten(2)

    graph = read_graph(Function(attend, keys=(2, 3, 4)), (1, 5, 8))
    at = graph.op_names.index("attention")
    assert [graph.attributes[name][at] for name in ("relative_bias", "causal")] == [0, 0]
    assert graph.n_macs == 2 * 5 * 4 * (3 + 5 + 8)


def test_masks_that_compare_positions_are_causal():
    def attend(q, allowed):
        scores = heads(q, 2) @ heads(q, 2).transpose(-2, -1)
        scores = scores.masked_fill(~allowed, float("-inf"))
        return (scores.softmax(-1) @ heads(q, 2)).transpose(1, 2).flatten(2)

    def causal(graph):
        return graph.attributes["causal"][graph.op_names.index("attention")]

    rows, columns = torch.arange(5)[:, None], torch.arange(5)[None]
    ones = torch.ones(5, 5, dtype=torch.bool)
    x = (1, 5, 8)
    assert causal(read_graph(Function(lambda q: attend(q, columns <= rows)), (x,))) == 1
    assert causal(read_graph(Function(lambda q: attend(q, ones.tril())), (x,))) == 1
    assert causal(read_graph(Function(lambda q: attend(q, ones)), (x,))) == 0
    assert causal(read_graph(WithMask(), (x,))) == 1
    for padded in (
        lambda q, m: attend(q, (columns <= rows) & (m > 0)),
        lambda q, m: attend(q, (ones.tril().type_as(m) * m) != 0),
    ):
        assert causal(read_graph(Function(padded), (x, (1, 1, 1, 5)))) == 1


@pytest.mark.parametrize("move", [lambda scores, top: scores - top, lambda scores, top: top - scores])
def test_scores_and_their_maximum_less_each_other_hide_nothing(move):  # the latter in DANet
    def attend(q):
        scores = q @ q.transpose(-2, -1)
        return move(scores, scores.amax(-1, keepdim=True)).softmax(-1) @ q

    graph = read_graph(Function(attend), (1, 5, 8))
    assert graph.op_names == (None, "attention")
    assert graph.attributes["causal"][1] == 0


def test_rows_of_a_causal_mask_that_are_looked_up_are_causal():
    def step(q, keys, places):  # as in gpt-fast
        allowed = torch.ones(9, 9, dtype=torch.bool).tril()[None, None, places]
        return F.scaled_dot_product_attention(heads(q, 2), heads(keys, 2), heads(keys, 2), allowed)

    graph = read_graph(Function(step), (torch.zeros(1, 2, 8), torch.zeros(1, 9, 8), torch.tensor([5, 6])))
    assert graph.attributes["causal"][graph.op_names.index("attention")] == 1


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
    assert graph.attributes["causal"][graph.op_names.index("attention")] == expected
