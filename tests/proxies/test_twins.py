"""Every proxy beside its slow twin, in double precision."""

import naive_attention
import naive_proxies
import naive_redrawn
import numpy as np
import pytest
import torch
from torch import nn

from graf import get_space
from graf.proxies import PROXIES

TWINS = vars(naive_proxies) | vars(naive_redrawn) | vars(naive_attention)
OF_TRANSFORMERS = sorted(set(vars(naive_attention)) & set(PROXIES))
SETTINGS = {"regularised_swap": {"mu": 0.5, "sigma": 2.0}}
TOLERANCE = {"grasp": 1e-5}  # differences in place of derivatives


def close(value, twin, tolerance=1e-9):
    assert value == pytest.approx(twin, rel=tolerance)
    assert np.isfinite(value)
    assert value != 0


@pytest.mark.parametrize("name", sorted(set(PROXIES) - set(OF_TRANSFORMERS)))
def test_proxies_of_images(name, scores, model, data, batches):
    second = {"second": batches[1]} if name == "zico" else {}
    settings = SETTINGS.get(name, {})
    twin = TWINS[name](model, *batches[0], **second, **settings)
    values, _ = scores([name], model, data, settings={name: settings})
    close(values[name], twin, TOLERANCE.get(name, 1e-9))


@pytest.mark.parametrize("name", OF_TRANSFORMERS)
def test_proxies_of_transformers(name, scores, transformer, tokens):
    close(scores([name], transformer, tokens)[0][name], TWINS[name](transformer, *tokens))


def test_epe_nas_of_many_classes(scores, data, batches):
    model = nn.Sequential(nn.Flatten(), nn.Linear(72, 20), nn.ReLU(), nn.Linear(20, 101)).double()
    close(scores(["epe_nas"], model, data)[0]["epe_nas"], naive_proxies.epe_nas(model, *batches[0]))


@pytest.mark.parametrize("n", [3, 8, 16])
def test_swap(n, scores, model, data):
    x, y = data
    value = scores(["swap"], model, (x[:n], y[:n]), batch_size=n)[0]["swap"]
    assert value == naive_redrawn.swap(model, x[:n], y[:n])


def test_swap_of_more_inputs_than_bits_of_a_word(scores, model):
    x, y = naive_redrawn.noise((70, 2, 6, 6), 9), torch.zeros(70, dtype=int)
    value = scores(["swap"], model, (x, y), batch_size=70)[0]["swap"]
    assert value == naive_redrawn.swap(model, x, y)


@pytest.mark.parametrize("index", [0, 7000, 15624])
def test_operations_of_cells(index, scores):
    """macs are those of graf's graphs, whose counts are tested against published tables."""
    space = get_space("nasbench201", channels=4, cells_per_stage=1, n_stages=2, input_shape=(3, 8, 8))
    cell = space.enumerate()[index]
    x = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    values, _ = scores(["macs", "params"], space.model(cell), (x, torch.arange(2)), 2, dtype=torch.float32)
    graph = space.graph(cell)
    assert values["macs"] * 1e6 == pytest.approx(graph.n_macs)
    assert values["params"] * 1e6 == pytest.approx(graph.n_parameters)
