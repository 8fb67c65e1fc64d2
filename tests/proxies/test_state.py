"""A module, its tensors, the data and all random numbers are afterwards as before."""

import gc
import random
import weakref
from collections import deque
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm
from torch.utils.checkpoint import checkpoint

from graf import ZeroCostProxies
from graf.proxies import PROXIES
from graf.proxies.state import OPERATIONS, exact_products, seeded

SETTINGS = {"regularised_swap": {"mu": 1.0, "sigma": 1.0}}


class Attention(nn.Module):
    """Attention over rows of pixels, with dropout and a cache that forward writes."""

    def __init__(self):
        super().__init__()
        self.attention = nn.MultiheadAttention(6, 2, batch_first=True)
        self.seen = []
        self.nested, self.last = {"seen": ([],)}, deque(maxlen=2)
        self.table, self.generator = torch.zeros(1), torch.Generator()
        self.steps = 0

    def forward(self, x):
        for cache in (self.seen, self.nested["seen"][0], self.last):
            cache.append(x.shape)
        self.table += 1
        torch.rand(1, generator=self.generator)
        self.steps += 1
        random.random()
        np.random.rand()  # noqa: NPY002 - only looked at - as careless modules do
        tokens = x.mean(1)
        return self.attention(tokens, tokens, tokens)[0][:, None].expand_as(x)


class Failing(nn.Module):
    def forward(self, x):
        if self.training and x.shape[0] > 1:
            raise ValueError("no batches")
        return x


def network(*more):
    torch.manual_seed(0)
    shared = nn.Conv2d(4, 4, 3, padding=1)
    return nn.Sequential(
        nn.Conv2d(2, 4, 1), nn.BatchNorm2d(4), nn.ReLU(inplace=True), shared, nn.Dropout(0.2), shared,
        *more, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3),
    )  # fmt: skip


def snapshot(module, data):
    tensors = [*module.parameters(), *module.buffers(), *data]
    hooks = [
        {
            name: dict(value)
            for name, value in vars(part).items()
            if "hook" in name and isinstance(value, dict)
        }
        for part in module.modules()
    ]
    attention = [part for part in module.modules() if isinstance(part, Attention)]
    return {
        "identity": [id(tensor) for tensor in tensors],
        "values": [tensor.detach().clone().numpy().tobytes() for tensor in tensors],
        "versions": [tensor._version for tensor in tensors],
        "gradients": [None if t.grad is None else t.grad.numpy().tobytes() for t in tensors],
        "flags": [tensor.requires_grad for tensor in tensors],
        "modes": [part.training for part in module.modules()],
        "attributes": [sorted(vars(part)) for part in module.modules()],
        "hooks": hooks,
        "caches": [(list(part.seen), part.steps, str(part.nested), list(part.last)) for part in attention],
        "others": [(part.table.tolist(), part.generator.get_state().tolist()) for part in attention],
        "torch": torch.get_rng_state().tolist(),
        "numpy": str(np.random.get_state()),  # noqa: NPY002 - only looked at
        "python": random.getstate(),
        "grad": torch.is_grad_enabled(),
    }


@pytest.mark.filterwarnings("ignore:.*values do not exist")
@pytest.mark.parametrize("name", sorted(PROXIES))
def test_nothing_is_left_behind(name):
    x, y = torch.randn(8, 2, 6, 6), torch.arange(8) % 3
    for module in (network(Attention()), network(Failing()), network(spectral_norm(nn.Conv2d(4, 4, 1)))):
        module.eval()
        module[0].train()
        module[0].weight.grad = torch.ones_like(module[0].weight)
        module[3].weight.requires_grad_(False)
        module[1].register_forward_hook(lambda *_: None)
        before = snapshot(module, (x, y))
        ZeroCostProxies([name], "cpu", data=(x, y), batch_size=4, settings=settings_of(name)).fit_transform(
            [module]
        )
        after = snapshot(module, (x, y))
        for what, value in before.items():
            assert after[what] == value, what


@dataclass
class Count:
    n: int = 0


class Careless(nn.Module):
    """Forward writes into things that are no parameters, buffers or attributes, but held by some."""

    def __init__(self):
        super().__init__()
        self.layer, self.norms = nn.Linear(4, 3), [nn.BatchNorm1d(4, momentum=1.0)]
        self.sums, self.array = {"x": [torch.zeros(1)]}, np.zeros(1)
        self.record, self.count = SimpleNamespace(n=0), Count()
        self.sources = random.Random(0), np.random.default_rng(0), np.random.RandomState(0)
        self.generators = [torch.Generator().manual_seed(0)]

    def forward(self, x):
        self.sums["x"][0] += 1
        self.array += 1
        self.record.n = self.count.n = self.count.n + 1
        python, numpy, old = self.sources
        drawn = python.random() + numpy.random() + old.rand()
        noise = torch.rand(1, generator=self.generators[0], dtype=torch.float64).item()
        norm = self.norms[0]
        return self.layer(x * (drawn + noise) + norm(x.float()).to(x.dtype) * 0)

    def held(self):
        python, numpy, old = self.sources
        norm = self.norms[0]
        return (
            self.sums["x"][0].item(), self.array.item(), self.record.n, self.count.n, python.getstate(),
            str(numpy.bit_generator.state), str(old.get_state()), self.generators[0].get_state().tolist(),
            norm.running_mean.tolist(), norm.num_batches_tracked.item(), norm.training,
        )  # fmt: skip


@pytest.mark.filterwarnings("ignore:.*values do not exist")
def test_what_attributes_hold_stays_and_each_proxy_finds_it_as_it_was():
    module, data = Careless(), (torch.randn(8, 4), torch.arange(8) % 3)
    kw = {"device": "cpu", "data": data, "batch_size": 4}
    names = [name for name in PROXIES if name not in SETTINGS]
    before = module.held()
    together = ZeroCostProxies(names, **kw).fit_transform([module])
    assert module.held() == before
    for name in names:
        assert ZeroCostProxies([name], **kw).fit_transform([module]).equals(together[[name]]), name


def settings_of(name):
    return SETTINGS if name in SETTINGS else None


@pytest.mark.parametrize("name", ["snip", "jacov", "nwot", "zen", "synflow", "meco"])
def test_values_do_not_depend_on_the_callers_modes(name):
    module, data = network(), (torch.randn(4, 2, 6, 6), torch.arange(4) % 3)
    proxies = ZeroCostProxies([name], "cpu", data=data, batch_size=4)
    expected = proxies.fit_transform([module])
    module.eval()
    with torch.no_grad():
        assert proxies.fit_transform([module]).equals(expected)
    with torch.inference_mode():
        assert proxies.fit_transform([module]).equals(expected)
    with torch.autocast("cpu"):
        assert proxies.fit_transform([module]).equals(expected)
    with torch.device("meta"):
        assert proxies.fit_transform([module]).equals(expected)
    assert np.isfinite(expected.iloc[0, 0])


class Merging(nn.Linear):
    """As a layer of LoRA: in evaluation mode its addition is within its weight."""

    def __init__(self):
        super().__init__(2, 2)
        self.addition, self.merged = nn.Parameter(torch.tensor([[4.0, 0.5], [-2.0, 1.0]])), False
        self.weight.data = torch.tensor([[0.25, -1.0], [3.0, 0.5]])

    def train(self, mode=True):
        super().train(mode)
        if mode == self.merged:
            self.weight.data += -self.addition.data if mode else self.addition.data
            self.merged = not mode
        return self

    def forward(self, x):
        return super().forward(x) + (0 if self.merged else x @ self.addition.T)


@pytest.mark.filterwarnings("ignore:.*values do not exist")
@pytest.mark.parametrize("name", sorted(PROXIES))
def test_modes_that_write_into_weights_change_neither_values_nor_the_module(name):
    torch.manual_seed(0)
    module, data = (
        nn.Sequential(Merging(), nn.ReLU(), nn.Linear(2, 3)),
        (torch.randn(4, 2), torch.arange(4) % 3),
    )
    proxies = ZeroCostProxies([name], "cpu", data=data, batch_size=4, settings=settings_of(name))
    values = []
    for mode in (True, False):
        module.train(mode)
        before, place = module[0].weight.tolist(), module[0].weight.data_ptr()
        values.append(proxies.fit_transform([module]))
        assert (module[0].weight.tolist(), module[0].merged) == (before, not mode)
        assert module[0].weight.data_ptr() == place
    assert values[0].equals(values[1])


@pytest.mark.parametrize("precision", ["highest", "high", "medium"])
def test_values_do_not_depend_on_the_callers_precision_of_products(precision):
    seen = []

    class Layer(nn.Linear):
        def forward(self, x):
            seen.append((torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32))
            return super().forward(x)

    proxies = ZeroCostProxies(["snip"], "cpu", data=(torch.randn(4, 6), torch.arange(4) % 3), batch_size=4)
    torch.set_float32_matmul_precision(precision)
    try:
        proxies.fit_transform([Layer(6, 3)])
        assert torch.get_float32_matmul_precision() == precision
        assert torch.backends.cudnn.allow_tf32  # as it is by default
    finally:
        torch.set_float32_matmul_precision("highest")
    assert set(seen) == {("highest", False)}


ALL, CUDA, CUDNN, MKLDNN = torch.backends, torch.backends.cuda, torch.backends.cudnn, torch.backends.mkldnn


@pytest.mark.parametrize(
    ("where", "name", "value"),
    [(of, "fp32_precision", "tf32") for of in (ALL, CUDA.matmul, CUDNN.conv, MKLDNN.matmul)]
    + [(CUDA.matmul, "allow_tf32", True)],
)
def test_products_are_exact_whatever_is_set_for_operations(where, name, value):
    def precisions():
        return [operation.fp32_precision for operation in OPERATIONS]

    before, default = precisions(), getattr(where, name)
    setattr(where, name, value)
    try:
        changed = precisions()
        with exact_products():
            assert set(precisions()) <= {"none", "ieee"}
        assert precisions() == changed
    finally:
        setattr(where, name, default)
    assert precisions() == before


def test_values_do_not_depend_on_the_callers_defaults():
    proxies = ZeroCostProxies(["params", "snip"], "cpu", batch_size=4)
    cell = ["|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"]
    expected = proxies.fit_transform(cell)
    torch.set_default_dtype(torch.float64)
    try:
        with torch.device("meta"):
            assert proxies.fit_transform(cell).equals(expected)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def test_no_parameters_and_another_default_device():
    proxies = ZeroCostProxies(["params"], "cpu", data=(torch.randn(4, 6), torch.arange(4) % 3), batch_size=4)
    with torch.device("meta"):
        assert proxies.fit_transform([nn.ReLU()]).loc[0, "params"] == 0


def test_what_a_module_makes_is_on_its_device_and_on_no_other_of_the_kind():
    with torch.device("meta", 1), seeded(0, torch.device("meta", 0)):
        assert torch.get_default_device() == torch.device("meta", 0)


@pytest.mark.filterwarnings("ignore:.*values do not exist", "ignore:.*is deprecated")
def test_modes_of_scripted_modules_stay():
    module = torch.jit.script(nn.Sequential(nn.Conv2d(2, 4, 1), nn.ReLU())).eval()
    ZeroCostProxies(["snip"], "cpu", data=(torch.randn(4, 2, 6, 6), None), batch_size=4).fit_transform(
        [module]
    )
    assert not any(part.training for part in module.modules())


class Checkpointed(nn.Module):
    """Runs its part again in the backward, if it is told to."""

    def __init__(self, part, use_reentrant):
        super().__init__()
        self.part, self.use_reentrant = part, use_reentrant

    def forward(self, x):
        if self.use_reentrant is None:
            return self.part(x)
        return checkpoint(self.part, x, use_reentrant=self.use_reentrant)


@pytest.mark.filterwarnings("ignore:.*values do not exist")
@pytest.mark.parametrize("use_reentrant", [False, True])
def test_checkpoints_change_neither_values_nor_the_module(use_reentrant):
    part = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    ends = nn.Conv2d(2, 2, 1), nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 3))
    plain, module = (
        nn.Sequential(ends[0], Checkpointed(part, how), ends[1]) for how in (None, use_reentrant)
    )
    x, y = torch.randn(16, 2, 6, 6), torch.arange(16) % 3
    before = snapshot(module, (x, y))
    proxies = ZeroCostProxies(list(PROXIES), "cpu", data=(x, y), batch_size=8, settings=SETTINGS)
    table = proxies.fit_transform([plain, module])
    assert snapshot(module, (x, y)) == before
    np.testing.assert_array_equal(table.loc[1], table.loc[0])


class Constrained(nn.Module):
    """Writes over its weights before it reads them."""

    def __init__(self):
        super().__init__()
        self.embedding, self.layer = nn.Embedding(9, 4, max_norm=0.1), nn.Linear(4, 3)
        self.calls = nn.Parameter(torch.zeros(1, dtype=torch.long), requires_grad=False)

    def forward(self, ids):
        self.layer.weight.data.clamp_(-0.1, 0.1)
        self.layer.bias.data.clamp_(-0.1, 0.1)
        self.calls += 1
        return self.layer(self.embedding(ids).relu().mean(1))


@pytest.mark.filterwarnings("ignore:.*values do not exist")
@pytest.mark.parametrize("name", sorted(PROXIES))
def test_weights_that_a_module_writes_over_stay(name):
    torch.manual_seed(0)
    module, data = Constrained(), (torch.randint(0, 9, (8, 5)), torch.arange(8) % 3)
    before = snapshot(module, data)
    ZeroCostProxies([name], "cpu", data=data, batch_size=4, settings=settings_of(name)).fit_transform(
        [module]
    )
    assert snapshot(module, data) == before


def test_a_network_is_let_go_when_its_values_are_known():
    """Also where a proxy has no value: an error that is kept would keep the frames it came through."""
    x, y = torch.randn(4, 2, 8, 8), torch.arange(4) % 3
    transformer = ZeroCostProxies(list(PROXIES), "cpu", data=(x, y), batch_size=2).fit([network()])
    with pytest.warns(UserWarning, match="do not exist"):
        transformer.transform([network()])  # what is imported on use
    gc.collect()
    gc.disable()
    try:
        module = network()
        known = weakref.ref(module)
        with pytest.warns(UserWarning, match="do not exist"):
            transformer.transform([module])
        del module
        assert known() is None
    finally:
        gc.enable()
