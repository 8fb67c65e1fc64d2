"""What is seen of a network while it runs."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its usual name
from torch.utils._python_dispatch import TorchDispatchMode

from graf.proxies import PROXIES, QUANTITIES, Undefined
from graf.proxies.batch import batches_of
from graf.proxies.network import Network
from graf.proxies.observe import ACTIVATIONS, Operations, above_zero
from graf.proxies.passes import PASSES
from graf.proxies.plan import Plan
from graf.proxies.registry import chosen

aten = torch.ops.aten


@pytest.mark.parametrize(
    "activation",
    [
        F.relu, torch.relu, torch.Tensor.relu, torch.relu_, F.relu6, F.leaky_relu, F.elu, F.selu, F.celu, F.gelu,
        F.silu, F.mish, F.hardswish, F.softplus, F.logsigmoid, torch.tanh, torch.sigmoid, F.hardsigmoid,
        nn.ReLU(inplace=True), nn.PReLU(), nn.GELU("tanh"), lambda x: x.clamp(min=0), lambda x: x * x.sigmoid(),
    ],
)  # fmt: skip
def test_activations_are_seen_by_operation(activation):
    seen = []
    x = torch.tensor([[-1.0, 2.0], [3.0, -4.0]])
    with Operations(ACTIVATIONS, before=lambda x: seen.append(x.clone())):
        activation(x.clone())
    assert len(seen) == 1
    assert torch.equal(seen[0], x)


def test_other_operations_are_not():
    with Operations(ACTIVATIONS, before=lambda x: pytest.fail("seen")):
        nn.Sequential(nn.Linear(2, 2), nn.LayerNorm(2), nn.Softmax(-1))(torch.ones(2, 2)).clamp(0.1)


def test_the_batch_is_found_in_folded_and_moved_dimensions():
    x = torch.arange(24.0).reshape(4, 6) - 12
    assert torch.equal(above_zero(x, 4), x > 0)
    assert torch.equal(above_zero(x.reshape(8, 3), 4), x > 0)  # two windows of each input
    assert torch.equal(above_zero(x.T, 4), x > 0)
    assert above_zero(torch.ones(3, 5), 4) is None
    assert above_zero(torch.tensor(1.0), 4) is None


def test_every_quantity_has_a_pass_and_a_reader():
    assert {quantity.source for quantity in QUANTITIES.values()} == set(PASSES)
    assert {name for proxy in PROXIES.values() for name in proxy.quantities} == set(QUANTITIES)
    assert all(quantity.meaning for quantity in QUANTITIES.values())


class Waiting(TorchDispatchMode):
    """Fails where the value or the number of entries of a tensor is asked for, which waits for a device."""

    FORBIDDEN = frozenset({
        aten._local_scalar_dense, aten.nonzero, aten.masked_select, aten._unique2, aten.unique_dim, aten.equal,
    })  # fmt: skip

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        assert func.overloadpacket not in self.FORBIDDEN, func
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("name", sorted(PROXIES))
def test_no_network_waits_for_the_device(name, model, data):
    """Until the end; but the decompositions of MeCo, AZ-NAS and DSS check on a GPU whether they converged."""
    settings = {"mu": 1.0, "sigma": 1.0} if name == "regularised_swap" else {}
    plan = Plan(chosen([name]), {name: settings})
    network = Network(model, batches_of(data, 8, 0), torch.float64)
    with Waiting():
        (value,) = plan.results(network).values()
    of_transformers = isinstance(value, Undefined) and "attention" in str(value)
    assert isinstance(value, (float, torch.Tensor)) or of_transformers
