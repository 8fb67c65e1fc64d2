import math
from contextlib import contextmanager
from functools import partial

import pytest
import torch

from graf.measure import Recipe
from graf.measure.latency import run_latency
from graf.measure.runs import measure_run, recipe_run

FIGURES = 3 + 12 + 1 + 2 * 6 + 1


@pytest.fixture(scope="module")
def record(space, architectures, quick):
    return measure_run(space, architectures[0], 5, quick)


def test_same_seed_same_figures(record, space, architectures, quick):
    torch.rand(3)
    again = measure_run(space, architectures[0], 5, quick)
    assert {**again, "train_seconds": 0} == {**record, "train_seconds": 0}
    assert measure_run(space, architectures[0], 6, quick)["nll"] != record["nll"]


@contextmanager
def double():
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


SET_BY_THE_CALLER = [
    double,
    torch.no_grad,
    torch.inference_mode,
    partial(torch.device, "meta"),
    partial(torch.autocast, "cpu"),
]


@pytest.mark.parametrize("setting", SET_BY_THE_CALLER)
def test_what_the_caller_has_set_changes_no_figure(record, space, architectures, quick, setting, tmp_path):
    with setting():
        again = measure_run(space, architectures[0], 5, quick)
        visited = run_latency(space, architectures[:1], tmp_path, rounds=1, progress=False).records
    assert {**again, "train_seconds": 0} == {**record, "train_seconds": 0}
    assert visited[0]["b1_ms"] > 0


def test_has_every_figure(record):
    assert len(record) == FIGURES
    assert all(type(value) in (int, float) and math.isfinite(value) for value in record.values())
    assert record["train_seconds"] > 0


def test_all_but_robustness(record, space, architectures, quick):
    found = measure_run(space, architectures[0], 5, quick, attacked=False)
    attacks = {name for name in record if name.startswith(("fgsm_", "pgd_", "noise_", "blur_"))}
    assert len(attacks) == 12
    assert set(found) == set(record) - attacks
    assert all(found[name] == record[name] for name in set(found) - {"train_seconds"})


def test_leaves_threads_and_random_state(space, architectures, quick):
    at_start = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        state = torch.get_rng_state()
        measure_run(space, architectures[0], 0, quick)
        assert torch.get_num_threads() == 2
        assert torch.equal(torch.get_rng_state(), state)
    finally:
        torch.set_num_threads(at_start)


def test_diverged_training_is_undefined_not_an_error(space, architectures):
    record = measure_run(space, architectures[0], 0, Recipe(epochs=1, learning_rate=1e38))
    assert math.isnan(record["nll"]) and math.isnan(record["ece"])
    assert 0 <= record["test_acc"] <= 0.2


def test_looking_at_epochs_changes_nothing(record, space, architectures, quick):
    found = recipe_run(space, architectures[0], 5, quick)
    assert set(found) == {"test_acc", "val_acc", "train_seconds"}
    assert (found["test_acc"], found["val_acc"]) == (record["test_acc"], record["val_acc"])


def test_accuracy_after_every_epoch_but_the_last(space, architectures):
    found = recipe_run(space, architectures[0], 0, Recipe(epochs=4, learning_rate=0.1))
    early = [found[f"val_acc_ep{epoch}"] for epoch in (1, 2, 3)]
    assert "val_acc_ep4" not in found and len(set(early)) > 1
    assert found["val_acc"] > early[0]
