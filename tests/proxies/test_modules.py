"""Modules that compute the same in other ways score the same."""

import copy
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
import torch
from scoring import Shared, images, scored
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name

from graf import ZeroCostProxies
from graf.proxies.batch import Batch
from graf.proxies.network import Network
from graf.proxies.passes import Results, noise

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


def test_shared_modules_count_once():
    module = Shared()
    table, _ = scored(["l2_norm", "params", "snip", "nwot", "fisher"], module)
    norms = sum(layer.weight.norm().item() for layer in (module.first, module.repeated, module.classifier))
    assert table.loc[0, "l2_norm"] == pytest.approx(norms)
    assert table.loc[0, "params"] * 1e6 == pytest.approx(128 * 8 + 8 + 8 * 8 + 8 + 8 * 3 + 3)
    assert np.isfinite(table).all(axis=None)


class Transposed(nn.Module):
    """A linear layer with weights (in, out) on rows, as GPT-2 has them."""

    def __init__(self, linear):
        super().__init__()
        self.weight, self.bias = nn.Parameter(linear.weight.detach().t().clone()), linear.bias

    def forward(self, x):
        rows = torch.addmm(self.bias, x.view(-1, x.shape[-1]), self.weight)
        return rows.view(*x.shape[:-1], -1)


class Product(nn.Module):
    """A linear layer without bias on rows, as Falcon has them."""

    def __init__(self, linear):
        super().__init__()
        self.weight = linear.weight

    def forward(self, x):
        return x @ self.weight.T if x.ndim == 3 else F.linear(x, self.weight)


def without_bias(linear):
    linear.bias = None
    return linear


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


@pytest.mark.parametrize(("layer", "same"), [(nn.Identity(), Transposed), (without_bias, Product)])
def test_linear_layers_that_are_written_as_products(layer, same):
    names = ["flops", "macs", "params", "fisher", "snip", "grad_norm", "l2_norm", "nwot", "jacov"]
    modules = [OfRows(layer), OfRows(same)]
    proxies = ZeroCostProxies(
        [*names, "head_confidence"], "cpu", batch_size=6, input_shape=(1, 8, 8), dtype="float64"
    )
    table = proxies.fit_transform(modules)
    assert table.notna().all(axis=None)
    np.testing.assert_allclose(table.iloc[0], table.iloc[1], rtol=1e-10)


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


class Recurrent(nn.Module):
    """A recurrent layer over the rows of images, from a state of zeros."""

    def __init__(self, zeros):
        super().__init__()
        torch.manual_seed(0)
        self.zeros, self.cell, self.classifier = zeros, nn.GRUCell(8, 4), nn.Linear(4, 3)

    def forward(self, x):
        state = self.zeros(x, (len(x), 4))
        for row in x.mean(1).unbind(1):
            state = self.cell(row, state)
        return self.classifier(state)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_tensors_that_a_module_makes_are_as_precise_as_its_weights(dtype):
    makers = [torch.Tensor.new_zeros, lambda _, shape: torch.zeros(shape)]
    table, _ = scored(["synflow", "snip", "gradsign", "macs"], *map(Recurrent, makers), dtype=dtype)
    assert table.notna().all(axis=None)
    assert table.iloc[0].equals(table.iloc[1])


def test_recurrent_layers_are_computed_step_by_step():
    allowed = []

    class Rows(nn.LSTM):
        def forward(self, x):
            allowed.append((torch.backends.cudnn.enabled, torch.backends.mkldnn.enabled))
            return super().forward(x.mean(1))[0].mean(1)

    torch.manual_seed(0)
    module = nn.Sequential(Rows(8, 6, batch_first=True), nn.Linear(6, 3))
    single, double = (scored(["nwot", "grasp"], module, dtype=t)[0].loc[0] for t in ("float32", "float64"))
    np.testing.assert_allclose(single, double, rtol=1e-4)
    assert set(allowed) == {(False, False)}
    assert torch.backends.cudnn.enabled and torch.backends.mkldnn.enabled


class AlongSequences(nn.Module):
    """Convolutions over sequences, or over images of one column."""

    def __init__(self, width):
        super().__init__()
        torch.manual_seed(0)
        conv, pool, kernel = (nn.Conv1d, nn.MaxPool1d, 3) if width == 0 else (nn.Conv2d, nn.MaxPool2d, (3, 1))
        self.first = nn.Sequential(conv(2, 4, kernel, padding="same"), nn.ReLU())
        self.second = nn.Sequential(conv(4, 6, kernel, padding="same"), nn.Identity())
        self.pool = pool(2 if width == 0 else (2, 1))
        self.blocks = nn.Sequential(self.first, self.second, nn.Sequential(nn.Tanh(), nn.Identity()))
        self.classifier = nn.Linear(6, 3)

    def forward(self, x):
        return self.classifier(self.pool(self.blocks(x)).flatten(2).mean(2))


def test_sequences_of_channels_score_as_images_of_one_column():
    x, y = torch.randn(8, 2, 64), torch.arange(8) % 3
    names = ["az_expressivity", "az_progressivity", "az_trainability", "fisher", "nwot"]
    tables = [
        scored(names, AlongSequences(width), data=(inputs, y), dtype="float64")[0]
        for width, inputs in enumerate((x, x[..., None]))
    ]
    np.testing.assert_allclose(tables[0], tables[1], rtol=1e-6)


def test_maps_of_sequences_of_channels():
    module, found = AlongSequences(0), Results()
    noise.run(Network(module, [Batch(torch.zeros(1, 2, 64), None)]), frozenset(), found)
    shapes = [tuple(one.shape) for one in found["feature_maps"]]
    assert shapes == [(4, 64)] * 3 + [(6, 64)] * 7 + [(6, 32), (3, 1), (3, 1)]


@pytest.mark.parametrize("pooled", [nn.AvgPool1d(2), nn.Identity()])
def test_classes_of_each_position_are_averaged(pooled):
    torch.manual_seed(0)
    layers = nn.Conv1d(2, 4, 3), nn.BatchNorm1d(4), nn.ReLU(), nn.Conv1d(4, 3, 1), pooled
    data = torch.randn(8, 2, 16), torch.arange(8) % 3
    names = ["snip", "grad_norm", "jacov", "epe_nas", "gradsign", "fisher"]
    ends = nn.Identity(), nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten())
    table, _ = scored(names, *(nn.Sequential(*layers, end) for end in ends), data=data, dtype="float64")
    np.testing.assert_allclose(table.iloc[0], table.iloc[1], rtol=1e-8)
