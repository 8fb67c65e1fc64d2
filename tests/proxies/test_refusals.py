"""What cannot be computed is NaN with a reason, and what cannot be asked is refused."""

import numpy as np
import pytest
import torch
from scoring import Shared, images, scored
from torch import nn
from torch.utils.data import Dataset, TensorDataset

from graf import ZeroCostProxies
from graf.exceptions import InputError
from graf.proxies import PROXIES


class Broken(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(128, 3)

    def forward(self, x):
        raise ValueError("this module\nis broken")


def not_finite(dtype=None):
    module = nn.Sequential(nn.Flatten(), nn.Linear(128, 3, dtype=dtype))
    nn.init.constant_(module[1].weight, torch.nan)
    return module


BAD = {
    "fails": (Broken(), {}, "ValueError: this module"),
    "not finite": (not_finite(), {}, "weights that are no finite numbers"),
    "complex": (not_finite(torch.complex64), {}, "weights that are no finite numbers"),
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


class Huge(nn.Module):
    """As linear attention, which divides large numbers in single precision whatever the weights are."""

    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(128, 3)

    def forward(self, x):
        y = self.layer(x.flatten(1)).float()
        return y.exp().exp().exp() / y.exp().exp().exp() * y


def test_synflow_says_that_numbers_are_too_large():
    module = Huge()
    nn.init.constant_(module.layer.weight, 0.1)
    with pytest.warns(UserWarning, match="synflow: .*numbers on it are too large"):
        scored(["synflow"], module)


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
