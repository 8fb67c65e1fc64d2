"""Modules of every kind, and what cannot be computed."""

import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.nn.utils import prune
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.utils.data import Dataset, TensorDataset

from graf import ZeroCostProxies
from graf.exceptions import InputError
from graf.proxies import PROXIES
from graf.proxies.network import Network
from graf.proxies.passes.redrawn import redrawn

OF_IMAGES = [
    "az_expressivity", "az_progressivity", "az_trainability", "epe_nas", "epsinas", "fisher", "flops",
    "grad_norm", "gradsign", "grasp", "jacov", "l2_norm", "logsynflow", "macs", "meco", "nwot", "params",
    "plain", "snip", "swap", "synflow", "zen", "zico",
]  # fmt: skip


class Functional(nn.Module):
    """The same network with activations, convolutions and pooling called as functions."""

    def __init__(self, activation, modules):
        super().__init__()
        self.activation, self.by_modules = activation, modules
        self.first, self.second = nn.Conv2d(2, 4, 3), nn.Conv2d(4, 4, 3)
        self.norm, self.classifier = nn.BatchNorm2d(4), nn.Linear(4, 3)
        if modules:
            self.act, self.pool = (
                {"relu": nn.ReLU, "gelu": nn.GELU, "silu": nn.SiLU}[activation](),
                nn.AdaptiveAvgPool2d(1),
            )

    def forward(self, x):
        act = self.act if self.by_modules else getattr(F, self.activation)
        x = act(self.norm(self.first(x)))
        x = act(self.second(x) if self.by_modules else F.conv2d(x, self.second.weight, self.second.bias))
        x = self.pool(x) if self.by_modules else x.mean((2, 3), keepdim=True)
        return self.classifier(x.flatten(1))


def images(n=16):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 2, 8, 8, generator=generator), torch.arange(n) % 3


def scored(names, *modules, data=None, batch_size=8, **kw):
    proxies = ZeroCostProxies(names, "cpu", data=data or images(), batch_size=batch_size, **kw)
    return proxies.fit_transform(list(modules)), proxies


@pytest.mark.parametrize("activation", ["relu", "gelu", "silu"])
def test_functions_and_modules_score_the_same(activation):
    torch.manual_seed(0)
    of_modules, of_functions = Functional(activation, True), Functional(activation, False)
    of_functions.load_state_dict(of_modules.state_dict())
    names = ["nwot", "swap", "snip", "fisher", "zen", "macs", "jacov", "synflow"]
    table, _ = scored(names, of_modules, of_functions)
    np.testing.assert_allclose(table.iloc[0], table.iloc[1], rtol=1e-5)
    assert np.isfinite(table).all(axis=None)


class Frozen(nn.BatchNorm2d):
    """A batch norm that stays in evaluation mode."""

    def train(self, mode=True):
        return super().train(False)


def test_batch_norms_in_evaluation_mode_keep_their_statistics():
    torch.manual_seed(0)
    conv, end = nn.Conv2d(2, 4, 3), (nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    norm = Frozen(4, affine=False)
    norm.running_mean.fill_(0.5)
    norm.running_var.fill_(4 - norm.eps)
    halved = nn.Conv2d(2, 4, 3)
    halved.load_state_dict({"weight": conv.weight / 2, "bias": (conv.bias - 0.5) / 2})
    modules = nn.Sequential(conv, norm, *end), nn.Sequential(halved, *end)
    table, _ = scored(["gradsign", "nwot"], *modules, dtype="float64")
    np.testing.assert_allclose(table.iloc[0], table.iloc[1])


class Residual(nn.Module):
    """A block whose sum and activation write over what other modules gave, or do not."""

    def __init__(self, inplace):
        super().__init__()
        self.conv, self.norm, self.act = nn.Conv2d(2, 2, 3, padding=1), nn.BatchNorm2d(2), nn.ReLU(inplace)
        self.inplace = inplace

    def forward(self, x):
        out = self.norm(self.conv(x))
        if self.inplace:
            out += x
        else:
            out = out + x
        return self.act(out)


def residual(inplace):
    torch.manual_seed(0)
    body = nn.Sequential(nn.Conv2d(2, 2, 3, padding=1), nn.BatchNorm2d(2))
    layers = body, nn.ReLU(inplace), Residual(inplace), Residual(inplace)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 3))


def test_operations_in_place_change_no_score():
    table, _ = scored(OF_IMAGES, residual(inplace=False), residual(inplace=True), dtype="float64")
    np.testing.assert_allclose(table.iloc[0], table.iloc[1], rtol=1e-12)
    assert np.isfinite(table).all(axis=None)


class OfInputs(nn.Module):
    """What it does to its inputs first is done in place, or refuses inputs with a gradient."""

    def __init__(self, kind):
        super().__init__()
        self.kind, self.conv, self.classifier = kind, nn.Conv2d(2, 4, 3), nn.Linear(4, 3)
        self.table = torch.full((1, 1, 1, 1), 2.0)  # no buffer, so that a change of precision forgets it

    def forward(self, x):
        if self.kind == "in place":
            x *= self.table
        elif self.kind == "refuse":
            x = x * self.table
            x.requires_grad = True  # an error where it has one
        else:
            x = x * self.table
        return self.classifier(F.relu(self.conv(x)).mean((2, 3)))


@pytest.mark.filterwarnings("ignore:.*values do not exist")
def test_inputs_that_a_module_writes_over_or_wants_without_a_gradient():
    names = ["snip", "grad_norm", "nwot", "jacov", "zico", "zen", "swap", "meco", "gradsign", "synflow"]
    modules = [OfInputs(kind) for kind in ("", "in place", "refuse")]
    for module in modules[1:]:
        module.load_state_dict(modules[0].state_dict())
    table, _ = scored(names, *modules, dtype="float64")
    np.testing.assert_allclose(table.loc[1], table.loc[0], rtol=1e-12)
    assert np.isfinite(table.loc[0]).all()
    alike = ["snip", "grad_norm", "nwot", "zico"]
    np.testing.assert_allclose(table.loc[2, alike], table.loc[0, alike], rtol=1e-12)


class Standardised(nn.Conv2d):
    """Its weight is made standard by a batch norm, as in networks without one of activations."""

    def forward(self, x):
        weight = F.batch_norm(self.weight.reshape(1, len(self.weight), -1), None, None, training=True)
        return self._conv_forward(x, weight.reshape_as(self.weight), self.bias)


def test_a_batch_norm_of_weights_is_none_of_activations():
    torch.manual_seed(0)
    module = nn.Sequential(
        Standardised(2, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3)
    )
    table, _ = scored(["synflow", "zen", "flops"], module, dtype="float64")
    absolute = copy.deepcopy(module).double()
    for parameter in absolute.parameters():
        parameter.data.abs_()
    absolute(torch.ones(1, 2, 8, 8, dtype=torch.float64)).sum().backward()
    weights = absolute[0].weight, absolute[4].weight
    assert table.loc[0, "synflow"] == pytest.approx(
        np.log(sum(float((w.detach() * w.grad).abs().sum()) for w in weights))
    )
    assert np.isfinite(table.loc[0, "zen"])
    convolution = nn.Conv2d(2, 4, 3)
    plain, _ = scored(["flops"], nn.Sequential(convolution, *module[1:]))
    assert table.loc[0, "flops"] == plain.loc[0, "flops"]


class Several(nn.Module):
    """A dictionary of outputs, without batch norm."""

    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(2, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()
        )
        self.classifier = nn.Linear(4, 3)

    def forward(self, x):
        features = self.body(x)
        return {"features": features, "logits": self.classifier(features.mean((2, 3)))}


def test_several_outputs_and_no_batch_norm():
    torch.manual_seed(0)
    module = Several()
    table, _ = scored(OF_IMAGES, module)
    assert np.isfinite(table).all(axis=None)

    class Logits(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = module

        def forward(self, x):
            return self.inner(x)["logits"]

    names = ["snip", "grad_norm", "fisher", "jacov", "nwot", "synflow"]
    np.testing.assert_allclose(scored(names, Logits())[0].iloc[0], table.loc[0, names], rtol=1e-6)


@dataclass
class Answer:
    scores: torch.Tensor
    hidden: torch.Tensor | None = None


class Answering(Several):
    def forward(self, x):
        return Answer(super().forward(x)["logits"])


def test_outputs_in_a_dataclass_score_as_in_a_dictionary():
    module = Answering()
    as_dictionary = Several()
    as_dictionary.load_state_dict(module.state_dict())
    table, _ = scored(["snip", "jacov", "synflow", "gradsign", "az_trainability"], module, as_dictionary)
    np.testing.assert_allclose(table.loc[0], table.loc[1])


class Inferring(Several):
    @torch.inference_mode()
    def forward(self, x):
        return super().forward(x)


class WithoutGradients(Several):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x)


@pytest.mark.filterwarnings("ignore:.*values do not exist")
@pytest.mark.parametrize("kind", [Inferring, WithoutGradients])
def test_modules_that_turn_gradients_off(kind):
    module, usual = kind(), Several()
    usual.load_state_dict(module.state_dict())
    table, proxies = scored(["macs", "flops", "nwot", "swap", "gradsign", "snip", "grasp"], module, usual)
    of_forward = ["macs", "flops", "nwot", "swap"]
    np.testing.assert_allclose(table.loc[0, of_forward], table.loc[1, of_forward])
    assert table.loc[0].isna().sum() == 3
    assert all(found.reason for found in proxies.failures_)


class Shared(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.repeated, self.classifier = nn.Linear(128, 8), nn.Linear(8, 8), nn.Linear(8, 3)

    def forward(self, x):
        x = F.gelu(self.first(x.flatten(1)))
        return self.classifier(F.gelu(self.repeated(F.gelu(self.repeated(x)))))


def test_shared_modules_count_once():
    module = Shared()
    table, _ = scored(["l2_norm", "params", "snip", "nwot", "fisher"], module)
    norms = sum(layer.weight.norm().item() for layer in (module.first, module.repeated, module.classifier))
    assert table.loc[0, "l2_norm"] == pytest.approx(norms)
    assert table.loc[0, "params"] * 1e6 == pytest.approx(128 * 8 + 8 + 8 * 8 + 8 + 8 * 3 + 3)
    assert np.isfinite(table).all(axis=None)


@pytest.mark.parametrize(
    ("activation", "counts"),
    [
        (nn.ReLU6(), 1),
        (nn.ReLU6(inplace=True), 1),
        (nn.Hardtanh(0, 1), 1),
        (nn.Hardtanh(), 0),
        (nn.Tanh(), 0),
    ],
)
def test_flops_of_activations(activation, counts):
    layers = nn.Flatten(), nn.Linear(128, 3)
    table, _ = scored(["flops"], nn.Sequential(*layers), nn.Sequential(*layers, activation))
    assert table["flops"].diff()[1] * 1e6 == pytest.approx(3 * counts)


class Positions(nn.Module):
    """Adds an embedding of positions, as in CLIP, and holds a table of relative ones, as in Swin."""

    def __init__(self):
        super().__init__()
        self.positional_embedding = nn.Parameter(torch.randn(5, 8))
        self.relative_position_bias_table = nn.Parameter(torch.randn(9, 2))

    def forward(self, x):
        return x + self.positional_embedding + self.relative_position_bias_table.mean()


class Scaled(nn.Module):
    """Scales of channels in the shape of images, as in ConvNeXt V2."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(1, 1, 1, 4))


def test_embeddings_of_positions_are_no_weights():
    layer = nn.Linear(8, 3)
    module = nn.Sequential(Positions(), nn.ReLU(), layer)
    table, _ = scored(["l2_norm"], module, data=(torch.randn(8, 5, 8), torch.arange(8) % 3))
    assert table.loc[0, "l2_norm"] == pytest.approx(layer.weight.norm().item())
    parameters = redrawn(Network(module, []), torch.zeros_like)
    assert [name for name, values in parameters.items() if not values.any()] == ["2.weight", "2.bias"]


@pytest.mark.parametrize(
    ("module", "names"),
    [
        (nn.MultiheadAttention(4, 2), ["in_proj_weight", "out_proj.weight"]),
        (nn.LSTM(3, 4), ["weight_ih_l0", "weight_hh_l0"]),
        (nn.LSTM(1, 4), ["weight_ih_l0", "weight_hh_l0"]),
        (spectral_norm(nn.Linear(3, 4)), ["parametrizations.weight.original"]),
        (weight_norm(nn.Conv1d(3, 4, 3), dim=2), ["parametrizations.weight.original1"]),
        (prune.identity(nn.Conv1d(3, 4, 3), "weight"), ["weight_orig"]),
        (nn.Embedding(3, 4), []),
        (Scaled(), []),
        (nn.Sequential(nn.LayerNorm((3, 4)), nn.RMSNorm((2, 3, 4, 4))), []),
    ],
)
def test_weights_that_modules_hold(module, names):
    assert Network(module, []).names == names


class Quantised(nn.Linear):
    """Its weight is whole numbers and a scale."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        self.scale = nn.Parameter(self.weight.detach().abs().max() / 127)
        self.weight = nn.Parameter((self.weight / self.scale).round().to(torch.int8), requires_grad=False)

    def forward(self, x):
        return F.linear(x, self.weight.to(x.dtype) * self.scale, self.bias)


def test_weights_that_are_whole_numbers_are_none_to_differentiate_by():
    module = nn.Sequential(nn.Flatten(), Quantised(128, 32), nn.ReLU(), nn.Linear(32, 3))
    rounded = copy.deepcopy(module)
    rounded[1] = nn.Linear(128, 32)
    rounded[1].load_state_dict({"weight": module[1].weight * module[1].scale, "bias": module[1].bias})
    table, proxies = scored(["nwot", "jacov", "epe_nas", "snip", "zico", "swap"], module, rounded)
    assert not proxies.failures_
    np.testing.assert_allclose(*table[["nwot", "jacov", "epe_nas"]].to_numpy())
    table, _ = scored(["snip", "l2_norm"], module, rounded)
    assert (table.loc[0] < table.loc[1]).all()


def test_parametrizations_of_weights_give_no_feature_maps():
    torch.manual_seed(0)
    layers = nn.Conv2d(2, 4, 3), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten()
    module = nn.Sequential(*layers, nn.Linear(4, 3))
    normed = copy.deepcopy(module)
    weight_norm(normed[2])
    table, _ = scored(["meco"], module, normed)
    np.testing.assert_allclose(*table["meco"], rtol=1e-5)


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


class Broken(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(128, 3)

    def forward(self, x):
        raise ValueError("this module\nis broken")


def not_finite():
    module = nn.Sequential(nn.Flatten(), nn.Linear(128, 3))
    nn.init.constant_(module[1].weight, torch.nan)
    return module


BAD = {
    "fails": (Broken(), {}, "ValueError: this module"),
    "not finite": (not_finite(), {}, "weights that are no finite numbers"),
    "no parameters": (nn.Flatten(), {}, "no weights of convolutions"),
    "labels": (
        nn.Sequential(nn.Flatten(), nn.Linear(128, 2)),
        {},
        "labels are between 0 and 2, but .* 2 outputs",
    ),
    "no labels": (Shared(), {"data": (images()[0], None)}, "no labels"),
    "one input": (
        nn.Sequential(nn.Flatten(), nn.Linear(128, 3), nn.BatchNorm1d(3)),
        {"data": tuple(part[:1] for part in images())},
        "more than 1 value per channel",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_computed_is_nan_with_a_reason(case):
    module, kw, reason = BAD[case]
    with pytest.warns(UserWarning, match=f"NaN .*{reason}"):
        table, proxies = scored(["params", "grad_norm"], Shared(), module, **kw)
    assert np.isnan(table.loc[1, "grad_norm"])
    assert np.isfinite(table["params"]).all()
    (failure,) = [found for found in proxies.failures_ if found.item == 1]
    assert failure.proxy == "grad_norm"


@pytest.mark.filterwarnings("ignore:.*values do not exist")
@pytest.mark.parametrize("module", [Broken(), nn.Flatten(), not_finite()])
def test_every_proxy_survives_every_module(module):
    names = sorted(PROXIES)
    table, proxies = scored(names, module)
    missing = {failure.proxy for failure in proxies.failures_}
    assert missing == set(table.columns[table.isna().any()])
    assert all(failure.reason for failure in proxies.failures_)


def test_one_input_correlates_with_no_other():
    module = nn.Sequential(nn.Flatten(), nn.Linear(128, 3))
    with pytest.warns(UserWarning, match="NaN .*jacov: there is but one input"):
        table, _ = scored(["jacov"], module, data=tuple(part[:1] for part in images()))
    assert np.isnan(table.loc[0, "jacov"])


def test_no_activation_and_equal_inputs():
    with pytest.warns(UserWarning, match="no activation"):
        scored(["nwot"], nn.Sequential(nn.Flatten(), nn.Linear(128, 3)))
    x, y = images()
    with pytest.warns(UserWarning, match="the same activations"):
        scored(["nwot"], Shared(), data=(x[:1].expand(8, -1, -1, -1), y[:8]))


class Pairs(Dataset):
    """Inputs of one class."""

    def __init__(self, inputs):
        self.inputs = inputs

    def __len__(self):
        return len(self.inputs)

    def __getitem__(self, i):
        return self.inputs[i], 0


@pytest.mark.parametrize(
    ("kw", "message"),
    [
        ({"names": ["snap"]}, "did you mean .*'snip'"),
        ({"names": ["snip", "snip"]}, "different names"),
        ({"batch_size": 0}, "`batch_size`"),
        ({"dtype": "int8"}, "`dtype`"),
        ({"device": "gpu"}, "`device`"),
        ({"data": 3}, "`data` must be a pair"),
        ({"data": ([[1.0]], [0.5])}, "labels in `data` must be integers"),
        ({"data": ([[1.0]], [0, 1])}, "rows"),
        ({"data": ({}, [0, 1])}, "rows"),
        ({"data": TensorDataset(torch.zeros(0, 1), torch.zeros(0))}, "empty"),
        ({"data": TensorDataset(torch.zeros(4, 1))}, "must be a pair"),
        ({"data": [(torch.zeros(2), 1), (torch.zeros(2), 0), (torch.zeros(2), 2)]}, "must be a pair"),
        ({"data": Pairs([object(), object()])}, "cannot be put into one batch: default_collate"),
        ({"data": Pairs([torch.zeros(2), torch.zeros(3)])}, "cannot be put into one batch: stack"),
        ({"settings": {"snip": {"mu": 1}}}, "`settings` of 'snip'"),
        ({"input_shape": (3, 32)}, "`input_shape`"),
        ({"input_shape": 3}, "`input_shape`"),
        ({"n_jobs": 0}, "`n_jobs`"),
        ({"n_jobs": True}, "`n_jobs`"),
        ({"names": 5}, "`names` must be names of proxies, got 5"),
        ({"device": "meta"}, "`device` must be one that computes values"),
        ({"settings": [1]}, "`settings` must be dictionaries by proxy"),
        ({"seed": 2**32}, "`seed` must be at most 4294967295"),
        ({"data": (torch.zeros(4, 2, device="meta"), None)}, "dense real numbers, got .* on meta"),
        ({"data": (torch.zeros(4, 2).to_sparse(), None)}, "dense real numbers, got .*sparse"),
        ({"data": (torch.zeros(4, 2) * 1j, None)}, "dense real numbers, got torch.complex64"),
        ({"data": TensorDataset(torch.zeros(4, 2))}, "an item of `data` must be a pair, got list of 1"),
    ],
)
def test_arguments(kw, message):
    kw = {"names": ["snip"], "device": "cpu", **kw}
    with pytest.raises(InputError, match=message):
        ZeroCostProxies(**kw).fit_transform([nn.Sequential(nn.Flatten(), nn.Linear(3072, 10))])


@pytest.mark.parametrize("items", [nn.Flatten(), [], ["|x|"], [nn.Flatten(), "cell"], None])
def test_items(items):
    with pytest.raises(InputError):
        ZeroCostProxies(["params"]).fit(items)


class Transposed(nn.Module):
    """A linear layer with weights (in, out) on rows, as GPT-2 has them."""

    def __init__(self, linear):
        super().__init__()
        self.weight, self.bias = nn.Parameter(linear.weight.detach().t().clone()), linear.bias

    def forward(self, x):
        rows = torch.addmm(self.bias, x.view(-1, x.shape[-1]), self.weight)
        return rows.view(*x.shape[:-1], -1)


class OneHead(nn.Module):
    """Attention over the rows of images."""

    def __init__(self, layer):
        super().__init__()
        self.q, self.k, self.v, self.out = (layer(nn.Linear(8, 8)) for _ in range(4))

    def forward(self, x):
        return self.out((self.q(x) @ self.k(x).mT).softmax(-1) @ self.v(x))


class OfRows(nn.Module):
    """Attention, an MLP and a classifier."""

    def __init__(self, layer):
        super().__init__()
        torch.manual_seed(3)
        self.attention, self.mlp, self.classifier = (
            OneHead(layer),
            layer(nn.Linear(8, 8)),
            layer(nn.Linear(8, 10)),
        )

    def forward(self, x):
        return self.classifier(F.relu(self.mlp(self.attention(x.flatten(1, 2)))).mean(1))


def test_linear_layers_of_the_other_orientation():
    names = ["flops", "macs", "params", "fisher", "snip", "grad_norm", "l2_norm", "nwot", "jacov"]
    modules = [OfRows(layer) for layer in (lambda linear: linear, Transposed)]
    proxies = ZeroCostProxies(
        [*names, "head_confidence"], "cpu", batch_size=6, input_shape=(1, 8, 8), dtype="float64"
    )
    table = proxies.fit_transform(modules)
    assert table.notna().all(axis=None)
    np.testing.assert_allclose(table.iloc[0], table.iloc[1], rtol=1e-10)


class Recurrent(nn.Module):
    """The last state of an LSTM over rows of pixels."""

    def __init__(self, bias):
        super().__init__()
        torch.manual_seed(0)
        self.layer, self.classifier = nn.LSTM(16, 8, batch_first=True, bias=bias), nn.Linear(8, 3)

    def forward(self, x):
        return self.classifier(
            self.layer(x.flatten(2).movedim(1, -1).reshape(len(x), 8, 16))[0][:, -1].relu()
        )


def test_drawn_weights_leave_slopes_of_rectifiers_and_have_no_biases_of_any_name():
    names = ["epsinas", "swap", "zen"]
    rectified = [
        nn.Sequential(nn.Conv2d(2, 4, 3), act, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
        for act in (nn.PReLU(), nn.LeakyReLU(0.25))
    ]
    table, _ = scored(names, *rectified, Recurrent(bias=True), Recurrent(bias=False))
    np.testing.assert_array_equal(table.loc[[0, 2]], table.loc[[1, 3]])


@pytest.mark.parametrize(
    ("layer", "expected"),
    [
        (nn.ConvTranspose2d(2, 4, 3, stride=2, bias=False), 2 * 8 * 8 * 4 * 9),
        (nn.ConvTranspose2d(2, 4, 3, stride=2), 2 * 8 * 8 * 4 * 9 + 4 * 17 * 17),
        (nn.Conv2d(2, 4, 3, stride=2), 4 * 3 * 3 * 2 * 9 + 4 * 3 * 3),
    ],
)
def test_flops_of_convolutions(layer, expected):
    table, _ = scored(["flops"], layer)
    assert table.loc[0, "flops"] * 1e6 == pytest.approx(expected)


class Product(nn.Module):
    """One product of matrices of (N, 4, 8) inputs, and nothing else that multiplies."""

    def __init__(self, product):
        super().__init__()
        self.product, self.weight = product, nn.Parameter(torch.ones(2, 8, 8))

    def forward(self, x):
        return self.product(self.weight, x)


def grouped(weight, x):
    rows = x.flatten(0, 1)
    ends = torch.tensor([len(rows) // 2, len(rows)], dtype=torch.int32)
    return F.grouped_mm(rows, weight, offs=ends).view(x.shape)


class First(nn.Module):
    """What a recurrent layer gives at each time."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer

    def forward(self, x):
        return self.layer(x)[0]


class Bilinear(nn.Bilinear):
    """Of an input with itself."""

    def forward(self, x):
        return super().forward(x, x)


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        (First(nn.LSTM(8, 6, batch_first=True)), 4 * 4 * (6 * 8 + 6 * 6)),
        (First(nn.LSTM(8, 6, 2, batch_first=True)), 4 * 4 * 6 * (8 + 6 + 6 + 6)),
        (First(nn.LSTM(8, 6, batch_first=True, bidirectional=True)), 2 * 4 * 4 * (6 * 8 + 6 * 6)),
        (First(nn.GRU(8, 6, batch_first=True)), 4 * 3 * (6 * 8 + 6 * 6)),
        (Bilinear(8, 8, 5), 4 * 5 * 8 * 8),
        (Product(lambda w, x: x @ w[0, 0]), 4 * 8),
        (Product(lambda w, x: torch.addmv(w[0, :4, 0], x[0], w[0, 0])[None]), 4 * 8),
        (Product(lambda w, x: torch.dot(w[0, 0], x[0, 0])[None]), 8),
        (Product(grouped), 4 * 8 * 8),
        (Product(lambda w, x: x @ w[0]), 4 * 8 * 8),
    ],
)
def test_macs_of_products(module, expected):
    data = torch.randn(8, 4, 8, generator=torch.Generator().manual_seed(0)), None
    table, _ = scored(["macs"], module, data=data)
    assert table.loc[0, "macs"] * 1e6 == pytest.approx(expected)


class Calling(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x):
        return self.function(x * 1)


@pytest.mark.parametrize("function", [torch.relu_, torch.Tensor.relu_, F.leaky_relu_, F.elu_, F.relu])
def test_flops_of_activations_in_place(function):
    table, _ = scored(["flops"], Calling(function))
    assert table.loc[0, "flops"] * 1e6 == pytest.approx(2 * 8 * 8)


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


def test_arrays_that_cannot_be_written_to_or_run_backwards():
    x, y = (part.numpy() for part in images())
    fixed = x.copy()
    fixed.setflags(write=False)
    module, same = Shared(), (x, fixed, np.flip(np.flip(x, 3).copy(), 3))
    tables = [scored(["snip"], module, data=(inputs, y))[0] for inputs in same]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[0], tables[2])


def test_modules_that_are_spread_over_devices_score_as_what_they_hold():
    module = Shared()
    table, proxies = scored(["params", "snip", "nwot"], module, nn.DataParallel(module))
    assert not proxies.failures_
    np.testing.assert_array_equal(table.loc[0], table.loc[1])


def test_compiled_modules_score_as_what_they_compile():
    def never(*_):
        raise AssertionError("nothing is to be compiled")

    def network(part=lambda module: module):
        torch.manual_seed(0)
        inner = nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 1))
        return nn.Sequential(part(inner), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))

    def compiled(module):
        return torch.compile(module, backend=never)

    table, _ = scored(OF_IMAGES, network(), compiled(network()), network(part=compiled))
    for number in (1, 2):
        np.testing.assert_array_equal(table.loc[number], table.loc[0])


class ByName(nn.Module):
    """Calls functions with or without the names of what they are given."""

    def __init__(self, by_name):
        super().__init__()
        self.layer, self.classifier, self.by_name = nn.Conv2d(2, 4, 3), nn.Linear(4, 3), by_name

    def forward(self, x):
        weights = self.classifier.weight, self.classifier.bias
        x = self.layer(x).relu()
        if not self.by_name:
            return F.linear(torch.mean(x, (2, 3)), *weights)
        pooled = torch.mean(input=x, dim=(2, 3))
        return F.linear(input=pooled, weight=weights[0], bias=weights[1])


@pytest.mark.parametrize("name", ["zen", "epsinas"])
def test_what_is_given_by_name_is_seen(name):
    data = torch.randn(4, 2, 6, 6), torch.arange(4) % 3
    modules = [ByName(by_name) for by_name in (True, False)]
    table = ZeroCostProxies([name], "cpu", data=data, batch_size=4).fit_transform(modules)
    assert table[name].notna().all()
    assert table[name][0] == table[name][1]
