"""Which parameters of a module are weights."""

import copy

import numpy as np
import pytest
import torch
from scoring import scored
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.nn.utils import prune
from torch.nn.utils import spectral_norm as old_spectral_norm
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from graf.proxies.network import Network
from graf.proxies.passes.redrawn import redrawn


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


class Turned(nn.Module):
    """A linear layer of complex weights, and the real one of twice as many outputs that computes the same."""

    def __init__(self, dtype):
        super().__init__()
        torch.manual_seed(0)
        whole = nn.Linear(128, 4, bias=False, dtype=torch.complex64)
        pair = nn.Linear(128, 8, bias=False)
        pair.weight.data = torch.cat([whole.weight.data.real, whole.weight.data.imag])
        self.layer, self.classifier = whole if dtype.is_complex else pair, nn.Linear(8, 3)

    def forward(self, x):
        found = self.layer(x.flatten(1).to(self.layer.weight.dtype))
        parts = [found.real, found.imag] if found.is_complex() else [found]
        return self.classifier(torch.cat(parts, 1).tanh())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_complex_weights_are_pairs_of_numbers(dtype):
    names = ["plain", "grasp", "grad_norm", "l2_norm", "nwot", "jacov"]
    modules = Turned(torch.complex64), Turned(torch.float32)
    table, proxies = scored([*names, "snip", "synflow", "fisher", "gradsign", "zico"], *modules, dtype=dtype)
    assert not proxies.failures_
    np.testing.assert_allclose(*table[names].to_numpy(), rtol=1e-3 if dtype == "float32" else 1e-9)


@pytest.mark.filterwarnings("ignore:.*spectral_norm.* is deprecated:FutureWarning")
@pytest.mark.parametrize("norm", [spectral_norm, old_spectral_norm])
def test_synflow_of_spectral_norms_has_no_signs(norm):
    torch.manual_seed(0)
    layers = [norm(nn.Linear(128, 8, bias=False)), norm(nn.Linear(8, 3, bias=False))]
    vectors = [[b.double().abs() for b in dict(layer.named_buffers()).values()] for layer in layers]
    weights = [p.detach().double().abs().requires_grad_() for p in nn.ModuleList(layers).parameters()]
    x = torch.ones(1, 128, dtype=torch.float64)
    for weight, (u, v) in zip(weights, vectors, strict=True):
        x = F.relu(x @ (weight / (u @ weight @ v)).T)
    gradients = torch.autograd.grad(x.sum(), weights)
    flow = sum((w * g).abs().sum() for w, g in zip(weights, gradients, strict=True))
    table, _ = scored(["synflow"], nn.Sequential(nn.Flatten(), layers[0], nn.ReLU(), layers[1]))
    assert table.loc[0, "synflow"] == pytest.approx(flow.log().item())
