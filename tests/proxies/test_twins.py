"""Every proxy beside its slow twin, in double precision."""

import naive_proxies as naive
import numpy as np
import pytest
import torch
from torch import nn

from graf import get_space
from graf.proxies.passes.kaiming import blocks_of

OF_DATA = [
    "params", "l2_norm", "grad_norm", "snip", "plain", "fisher", "jacov", "epe_nas", "nwot", "synflow",
    "logsynflow", "gradsign",
]  # fmt: skip


def close(value, twin, tolerance=1e-9):
    assert value == pytest.approx(twin, rel=tolerance)
    assert np.isfinite(value)
    assert value != 0


@pytest.mark.parametrize("name", OF_DATA)
def test_proxies_of_data(name, scores, model, data, batches):
    close(scores([name], model, data)[0][name], getattr(naive, name)(model, *batches[0]))


def test_grasp(scores, model, data, batches):
    close(scores(["grasp"], model, data)[0]["grasp"], naive.grasp(model, *batches[0]), 1e-5)


def test_zico(scores, model, data, batches):
    close(scores(["zico"], model, data)[0]["zico"], naive.zico(model, *batches[0], batches[1]))


def test_epe_nas_of_many_classes(scores, data, batches):
    model = nn.Sequential(nn.Flatten(), nn.Linear(72, 20), nn.ReLU(), nn.Linear(20, 101)).double()
    close(scores(["epe_nas"], model, data)[0]["epe_nas"], naive.epe_nas(model, *batches[0]))


def drawing(seed=0):
    """The weights that the passes draw: normal, one layer after the other."""
    generator = torch.Generator().manual_seed(seed)
    return lambda weight: torch.randn(weight.shape, generator=generator, dtype=weight.dtype)


def noise_of(shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_zen(scores, model, data, batches):
    shape = batches[0][0].shape
    twin = naive.zen(model, drawing(), noise_of(shape, 1), noise_of(shape, 2))
    close(scores(["zen"], model, data)[0]["zen"], twin)


@pytest.mark.parametrize("n", [3, 8, 16])
def test_swap(n, scores, model, data):
    x, y = data
    value = scores(["swap"], model, (x[:n], y[:n]), batch_size=n)[0]["swap"]
    assert value == naive.swap(model, drawing(), x[:n])


def test_swap_of_more_inputs_than_bits_of_a_word(scores, model):
    x = noise_of((70, 2, 6, 6), 9)
    value = scores(["swap"], model, (x, torch.zeros(70, dtype=int)), batch_size=70)[0]["swap"]
    assert value == naive.swap(model, drawing(), x)


def test_regularised_swap(scores, model, data):
    settings = {"regularised_swap": {"mu": 0.5, "sigma": 2.0}}
    names = ["swap", "regularised_swap", "params"]
    values, _ = scores(names, model, data, settings=settings)
    thousands = values["params"] * 1000
    close(values["regularised_swap"], values["swap"] * np.exp(-((thousands - 0.5) ** 2) / 2))


def test_epsinas(scores, model, data, batches):
    close(scores(["epsinas"], model, data)[0]["epsinas"], naive.epsinas(model, batches[0][0]))


def test_meco(scores, model, data, batches):
    twin = naive.meco(model, *batches[0], noise_of((1, 2, 64, 64), 6))
    close(scores(["meco"], model, data)[0]["meco"], twin)


def block_outputs(model, x):
    """Outputs of the blocks with Kaiming normal weights."""
    normal, found = drawing(3), []
    with_weights = naive.reset(model, lambda w: normal(w) * np.sqrt(2 / w[0].numel()))
    for block in blocks_of(with_weights):
        block.register_forward_hook(lambda m, i, output: found.append(output))
    with_weights(x)
    return found


def test_the_parts_of_az_nas_that_look_at_entropies(scores, model, data, batches):
    found = block_outputs(model, noise_of(batches[0][0].shape, 4))
    entropies = naive.az_entropies([output.detach() for output in found])
    values, _ = scores(["az_expressivity", "az_progressivity"], model, data)
    assert len(found) == 2
    close(values["az_expressivity"], entropies.sum())
    close(values["az_progressivity"], np.diff(entropies).min())


def test_az_trainability(scores, model, data, batches):
    before, after = block_outputs(model, noise_of(batches[0][0].shape, 4))
    signs = torch.randint(0, 2, after.shape, generator=torch.Generator().manual_seed(5)).double() * 2 - 1
    (gradient,) = torch.autograd.grad(after, [before], signs)
    jacobian = sum(
        torch.outer(gradient[n, :, i, j], signs[n, :, i, j])
        for n in range(len(signs)) for i in range(4) for j in range(4)
    ) / (len(signs) * 16)  # fmt: skip
    largest = np.linalg.svd(jacobian.numpy())[1].max()
    close(scores(["az_trainability"], model, data)[0]["az_trainability"], 2 - largest - 1 / (largest + 1e-6))


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
