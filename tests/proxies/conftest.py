import pytest
import torch
from torch import nn

from graf.proxies.batch import batches_of
from graf.proxies.network import Network
from graf.proxies.plan import Plan
from graf.proxies.registry import chosen


def residual_network():
    """Two blocks with batch norm and a shortcut, in double precision, with weights of a seed."""
    torch.manual_seed(3)

    class Block(nn.Module):
        def __init__(self, c_in, c_out):
            super().__init__()
            self.body = nn.Sequential(
                nn.ReLU(), nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out)
            )
            self.shortcut = nn.Conv2d(c_in, c_out, 1)

        def forward(self, x):
            return self.body(x) + self.shortcut(x)

    return nn.Sequential(
        nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), Block(4, 4), Block(4, 6), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(6, 3),
    ).double()  # fmt: skip


class SelfAttention(nn.Module):
    """Two heads over tokens, with a softmax that is a module."""

    def __init__(self, width):
        super().__init__()
        self.q, self.k, self.v, self.out = (nn.Linear(width, width) for _ in range(4))
        self.softmax = nn.Softmax(-1)

    def forward(self, x):
        q, k, v = (layer(x).unflatten(-1, (2, -1)).transpose(1, 2) for layer in (self.q, self.k, self.v))
        weights = self.softmax(q @ k.transpose(-1, -2))
        return self.out((weights @ v).transpose(1, 2).flatten(2))


def transformer_network():
    """Two layers of attention, each followed by one more layer, and a classifier of the mean token."""
    torch.manual_seed(4)

    class Mean(nn.Module):
        def forward(self, x):
            return x.mean(1)

    return nn.Sequential(
        SelfAttention(4),
        nn.Linear(4, 6),
        nn.GELU(),
        SelfAttention(6),
        nn.Linear(6, 4),
        Mean(),
        nn.Linear(4, 3),
    ).double()


@pytest.fixture
def model():
    torch_state = torch.get_rng_state()
    yield residual_network()
    torch.set_rng_state(torch_state)


@pytest.fixture
def data():
    """Two batches of eight images, in three classes."""
    generator = torch.Generator().manual_seed(5)
    x = torch.randn(16, 2, 6, 6, generator=generator, dtype=torch.float64)
    return x, torch.arange(16) % 3


@pytest.fixture
def transformer():
    torch_state = torch.get_rng_state()
    yield transformer_network()
    torch.set_rng_state(torch_state)


@pytest.fixture
def tokens():
    """A batch of eight sequences of five tokens."""
    generator = torch.Generator().manual_seed(6)
    return torch.randn(8, 5, 4, generator=generator, dtype=torch.float64), torch.arange(8) % 3


@pytest.fixture
def scores():
    """Values and reasons of proxies for a module in double precision."""

    def call(names, module, data, batch_size=8, settings=None, dtype=torch.float64):
        batches = [b.to(torch.device("cpu"), dtype) for b in batches_of(data, batch_size, 0)]
        plan = Plan(chosen(names), settings or {})
        found = plan.results(Network(module, batches, dtype))
        return plan.scores([found], [torch.tensor(True)])[0]

    return call


@pytest.fixture
def batches(data):
    """The batches that `scores` draws of the data."""
    return [(b.inputs, b.labels) for b in batches_of(data, 8, 0)]
