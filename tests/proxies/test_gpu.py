"""On a GPU: the values of a CPU, no waiting, nothing left behind, and as many networks at once as fit."""

import numpy as np
import pandas as pd
import pytest
import torch

from graf import ZeroCostProxies, get_space
from graf.proxies import PROXIES
from graf.proxies.batch import batches_of
from graf.proxies.evaluation import Evaluation
from graf.proxies.network import Network
from graf.proxies.plan import Plan
from graf.proxies.registry import chosen
from graf.proxies.workers import enough, workers

SPACE = get_space("nasbench201", channels=4, cells_per_stage=1, input_shape=(3, 8, 8))
CELLS = [cell for cell in SPACE.sample(40, seed=0) if SPACE.graph(cell).connected][:20]
DRAWN = {"zen", "swap", "meco", "az_expressivity", "az_progressivity", "az_trainability"}
DECOMPOSED = {"meco", "az_expressivity", "az_progressivity", "az_trainability", "dss", "synaptic_diversity"}
OF_TRANSFORMERS = {"dss", "head_confidence", "head_importance", "softmax_confidence", "synaptic_diversity", "synaptic_saliency"}  # fmt: skip
OF_IMAGES = sorted(set(PROXIES) - OF_TRANSFORMERS - {"regularised_swap"})
on_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


def table(names, device, cells=CELLS, **options):
    return ZeroCostProxies(names, device, space=SPACE, batch_size=16, **options).fit_transform(cells)


@on_gpu
@pytest.mark.parametrize("name", sorted(set(OF_IMAGES) - DRAWN))
def test_values_are_those_of_a_cpu(name):
    ours, expected = (table([name], device, CELLS[:6], dtype="float64") for device in ("cuda", "cpu"))
    np.testing.assert_allclose(ours, expected, rtol=1e-6, atol=1e-9)


@on_gpu
@pytest.mark.parametrize("name", sorted(DRAWN))
def test_what_is_drawn_comes_from_the_seed(name):
    tables = [table([name], "cuda", CELLS[:4], dtype="float64", seed=seed) for seed in (0, 0, 1)]
    np.testing.assert_allclose(tables[0], tables[1], rtol=1e-9)
    assert (tables[0] != tables[2]).any(axis=None)


@on_gpu
@pytest.mark.parametrize("name", sorted(set(PROXIES) - DECOMPOSED))
def test_no_network_waits_for_the_gpu(name):
    settings = {"mu": 1.0, "sigma": 1.0} if name == "regularised_swap" else {}
    device, data = torch.device("cuda", 0), (torch.randn(32, 3, 8, 8), torch.arange(32) % 10)
    batches = [batch.to(device, torch.float32) for batch in batches_of(data, 16, 0)]
    network = Network(SPACE.model(CELLS[0]).to(device), batches, device=device)
    torch.cuda.set_sync_debug_mode("error")
    try:
        Plan(chosen([name]), {name: settings}).results(network)
    finally:
        torch.cuda.set_sync_debug_mode("default")


@on_gpu
def test_no_network_waits_on_its_way_to_the_gpu():
    evaluation = Evaluation(Plan(chosen(["snip"]), {}), SPACE, [], torch.float32, torch.device("cuda", 0), 0)
    torch.cuda.set_sync_debug_mode("error")
    try:
        for item in (CELLS[0], SPACE.model(CELLS[0], seed=0)):
            weights = evaluation._network(item, []).weights
    finally:
        torch.cuda.set_sync_debug_mode("default")
    expected = Network(SPACE.model(CELLS[0], seed=0), []).weights
    assert all(torch.equal(w.cpu(), e) for w, e in zip(weights, expected, strict=True))


@on_gpu
def test_random_numbers_of_the_gpu_stay():
    before = torch.cuda.get_rng_state()
    table(OF_IMAGES, "cuda", CELLS[:2])
    assert torch.equal(torch.cuda.get_rng_state(), before)


@on_gpu
def test_processes_share_a_gpu():
    names = ["snip", "synflow", "nwot"]
    pd.testing.assert_frame_equal(table(names, "cuda", n_jobs=2), table(names, "cuda"), rtol=1e-4)


@on_gpu
@pytest.mark.filterwarnings("ignore:.*values do not exist")
def test_without_memory_values_are_missing_and_say_why():
    torch.cuda.set_per_process_memory_fraction(1e-5)
    try:
        torch.cuda.empty_cache()
        proxies = ZeroCostProxies(["snip"], "cuda", space="nasbench201", batch_size=256).fit(CELLS)
        assert proxies.transform(CELLS[:1]).isna().all(axis=None)
        assert "out of memory" in proxies.failures_[0].reason
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert proxies.transform(CELLS[:1]).notna().all(axis=None)


@on_gpu
def test_the_number_of_processes_is_measured():
    device = torch.device("cuda", 0)
    product = torch.ones(4096, 4096, device=device)
    assert workers(lambda: product @ product, 100_000, device) <= 3
    tiny = torch.ones(1, device=device)
    assert workers(lambda: [tiny + 1 for _ in range(200)], 100_000_000, device) > 1


@pytest.mark.parametrize(("n_items", "runs"), [(1, 0), (1000, 1)])
def test_what_cannot_pay_is_not_measured(n_items, runs, monkeypatch):
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device: None)
    seen = []
    assert workers(lambda: seen.append(0), n_items, torch.device("cuda", 0)) == 1
    assert len(seen) == runs


def test_processes_only_where_they_pay():
    assert workers(lambda: None, 10**6, torch.device("cpu")) == 1
    assert enough(seconds=0.1, busy=0.03, n_items=10_000, cores=16) == 4
    assert enough(0.1, 0.03, 10_000, cores=2) == 2
    assert enough(0.1, 0.03, n_items=50, cores=16) == 1
    assert enough(0.1, 0.0, 10_000, cores=8) == 8
