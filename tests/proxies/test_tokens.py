"""Modules that read tokens, and attention in every form."""

import numpy as np
import pytest
import torch
from scoring import scored
from torch import nn


class Tokens(nn.Module):
    """A transformer of token ids, with named inputs."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(20, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.1, batch_first=True, activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.classifier = nn.Linear(8, 3)

    def forward(self, ids, mask=None):
        return self.classifier(self.encoder(self.embedding(ids), src_key_padding_mask=mask)[:, 0])


def test_tokens():
    torch.manual_seed(0)
    ids = torch.randint(0, 20, (16, 5))
    data = {"ids": ids, "mask": torch.zeros(16, 5, dtype=torch.bool)}, torch.arange(16) % 3
    names = [
        "params", "l2_norm", "grad_norm", "snip", "grasp", "fisher", "nwot", "swap", "synflow", "gradsign", "dss",
        "synaptic_diversity", "synaptic_saliency", "head_importance", "softmax_confidence", "head_confidence",
    ]  # fmt: skip
    table, _ = scored(names, Tokens(), data=data)
    assert np.isfinite(table).all(axis=None)
    assert 2 / 5 < table.loc[0, "softmax_confidence"] < 2
    with pytest.warns(UserWarning, match="whole numbers"):
        table, proxies = scored(["jacov", "snip"], Tokens(), data=data)
    assert np.isnan(table.loc[0, "jacov"])
    assert np.isfinite(table.loc[0, "snip"])
    assert [failure[:2] for failure in proxies.failures_] == [(0, "jacov")]


class Heads(nn.Module):
    """What `OfItself` computes, with a linear layer for each of the weights."""

    def __init__(self, attention):
        super().__init__()
        self.heads, n = attention.num_heads, attention.embed_dim
        self.q, self.k, self.v, self.out = (
            nn.Linear(n, n, attention.in_proj_bias is not None) for _ in "qkvo"
        )
        packed = {"weight": attention.in_proj_weight, "bias": attention.in_proj_bias}
        parts = {name: values.chunk(3) for name, values in packed.items() if values is not None}
        for i, layer in enumerate((self.q, self.k, self.v)):
            layer.load_state_dict({name: part[i] for name, part in parts.items()})
        self.out.load_state_dict(attention.out_proj.state_dict())

    def forward(self, x):
        q, k, v = (
            layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for layer in (self.q, self.k, self.v)
        )
        q /= q.shape[-1] ** 0.5  # in place, as some do
        weights = (q @ k.transpose(-2, -1)).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).flatten(2)) + x


class OfItself(nn.Module):
    """Attention of tokens to each other, which are added in place."""

    def __init__(self, attention):
        super().__init__()
        self.attention = attention

    def forward(self, x):
        output = self.attention(x, x, x)[0]
        output += x
        return output


@pytest.mark.parametrize("bias", [True, False])
def test_multi_head_attention_scores_as_its_linear_layers(bias):
    torch.manual_seed(0)
    attention, end = nn.MultiheadAttention(8, 2, bias=bias, batch_first=True), nn.Linear(8, 3)
    names = ["head_confidence", "softmax_confidence", "head_importance"]
    modules = [nn.Sequential(one, end) for one in (OfItself(attention), Heads(attention))]
    table, _ = scored(names, *modules, data=(torch.randn(8, 5, 8), torch.arange(8) % 3), dtype="float64")
    np.testing.assert_allclose(table.iloc[0], table.iloc[1])


class Crossed(nn.Module):
    """Attention to keys and values of other widths, which have weights of their own."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, kdim=3, vdim=5)

    def forward(self, x):
        x = x.transpose(0, 1)
        return self.attention(x, x[..., :3], x[..., :5])[0].transpose(0, 1)


def test_multi_head_attention_with_tokens_first():
    torch.manual_seed(0)
    module, x = Crossed(), torch.randn(8, 5, 8)
    weights = [getattr(module.attention, f"{name}_proj_weight") for name in "qkv"]
    outputs = [x[..., : weight.shape[1]] @ weight.T for weight in weights]
    expected = sum(one.amax(1).mean().item() for one in (*outputs, module(x)))
    data = x, torch.arange(8) % 3
    table, _ = scored(["head_confidence"], nn.Sequential(module, nn.Linear(8, 3)), data=data)
    assert table.loc[0, "head_confidence"] == pytest.approx(expected, rel=1e-5)


class Either(Heads):
    """Attention with inputs first, (N, T, C), or tokens first, (T, N, C)."""

    def __init__(self, batch_first):
        super().__init__(nn.MultiheadAttention(8, 2))
        self.order = (0, 2, 1, 3) if batch_first else (1, 2, 0, 3)
        self.back = (0, 2, 1, 3) if batch_first else (2, 0, 1, 3)

    def forward(self, x):
        q, k, v = (layer(x).unflatten(-1, (2, -1)).permute(self.order) for layer in (self.q, self.k, self.v))
        weights = (q @ k.transpose(-2, -1) / 2).softmax(-1)
        return self.out((weights @ v).permute(self.back).flatten(2)) + x


class InOrder(nn.Module):
    """A transformer whose layers compute inputs first, (N, T, C), or tokens first, (T, N, C)."""

    def __init__(self, batch_first):
        super().__init__()
        torch.manual_seed(0)
        self.first, self.stem = batch_first, nn.Linear(6, 8)
        layer = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=batch_first)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.attention, self.classifier = Either(batch_first), nn.Linear(8, 3)

    def forward(self, x):
        x = self.stem(x)
        x = self.attention(self.encoder(x if self.first else x.transpose(0, 1)))
        return self.classifier(x.mean(1 if self.first else 0))


IN_ORDER = [
    "nwot", "swap", "fisher", "jacov", "epe_nas", "gradsign", "meco", "snip", "grasp", "zico", "az_expressivity",
    "az_progressivity", "head_confidence", "softmax_confidence", "head_importance", "dss", "epsinas",
]  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*values do not exist")
@pytest.mark.parametrize(("n", "tokens"), [(4, 4), (4, 8), (4, 12), (4, 5), (4, 3), (2, 8), (8, 4), (4, 1)])
def test_tokens_first_scores_as_inputs_first(n, tokens):
    data = torch.randn(2 * n, tokens, 6, generator=torch.Generator().manual_seed(1)), torch.arange(2 * n) % 3
    modules = [InOrder(True), InOrder(False)]
    table, _ = scored(IN_ORDER, *modules, data=data, batch_size=n, dtype="float64")
    np.testing.assert_allclose(table.iloc[0], table.iloc[1], rtol=1e-9, atol=1e-12)
    assert table[["nwot", "swap", "fisher", "head_confidence"]].notna().all(axis=None)


class Relative(Either):
    """Attention with a layer for a table of relative positions, which adds nothing."""

    def __init__(self):
        super().__init__(batch_first=True)
        self.positions = nn.Linear(2, 2)

    def forward(self, x):
        return super().forward(x) + 0 * self.positions(torch.ones(5, 5, 2)).sum()


def test_tables_of_relative_positions_are_no_projections():
    plain, relative = InOrder(True), InOrder(True)
    relative.attention = Relative()
    relative.load_state_dict(plain.state_dict(), strict=False)
    data = torch.randn(8, 5, 6), torch.arange(8) % 3
    table, _ = scored(["head_confidence"], plain, relative, data=data)
    assert table.loc[0, "head_confidence"] == table.loc[1, "head_confidence"]


class OfFour(InOrder):
    """It runs on batches of four alone."""

    def forward(self, x):
        return super().forward(x.reshape(4, 4, 6))


def test_what_comes_first_is_nan_where_it_cannot_be_told():
    data = torch.randn(8, 4, 6), torch.arange(8) % 3
    with pytest.warns(UserWarning, match="give another `batch_size`"):
        table, _ = scored(
            ["nwot", "swap", "fisher", "head_confidence", "snip"], OfFour(False), data=data, batch_size=4
        )
    assert table.isna().loc[0].tolist() == [True, True, True, True, False]


class Around(nn.Module):
    """Attention after a part that may be an empty sequence, which is false where truth is asked."""

    def __init__(self, part):
        super().__init__()
        torch.manual_seed(0)
        self.part, self.attention = part, OfItself(nn.MultiheadAttention(8, 2, batch_first=True))

    def forward(self, x):
        return self.attention(self.part(x)).mean(1)


def test_parts_without_parts_are_as_identities():
    data = torch.randn(8, 5, 8), torch.arange(8) % 3
    names = ["synflow", "synaptic_diversity", "head_confidence", "softmax_confidence"]
    table, _ = scored(names, Around(nn.Sequential()), Around(nn.Identity()), data=data)
    np.testing.assert_array_equal(table.loc[0], table.loc[1])
