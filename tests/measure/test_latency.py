import json

import pytest
import torch

from graf.exceptions import InputError
from graf.measure import latency
from graf.measure.latency import run_latency


@pytest.fixture(scope="module")
def folder(space, architectures, tmp_path_factory):
    folder = tmp_path_factory.mktemp("latency")
    run_latency(space, architectures, folder, rounds=4, progress=False)
    return folder


def lines(folder):
    return [json.loads(line) for line in (folder / "latency.jsonl").read_text().splitlines()]


def test_one_record_per_round_and_architecture(folder, architectures):
    settings, *records = lines(folder)
    assert torch.__version__.startswith(settings["machine"]["torch"])  # which may lack the build
    assert settings["repetitions"] == {"1": 40, "64": 12}
    assert sorted((r["round"], r["architecture"]) for r in records) == sorted(
        (round_, a) for round_ in range(4) for a in architectures
    )
    assert all(set(r) == {"round", "architecture", "b1_ms", "b64_ms"} for r in records)
    assert all(0.005 < r["b1_ms"] < r["b64_ms"] < 1000 for r in records)


def test_rounds_come_one_after_the_other_in_orders_of_their_own(folder, architectures):
    records = lines(folder)[1:]
    assert [r["round"] for r in records] == sorted(r["round"] for r in records)
    orders = {tuple(r["architecture"] for r in records if r["round"] == k) for k in range(4)}
    assert len(orders) > 1 and all(sorted(order) == sorted(architectures) for order in orders)


def test_order_follows_from_the_seed():
    many = [str(i) for i in range(20)]
    assert latency._visits(many, 3, 0) == latency._visits(many, 3, 0)
    assert latency._visits(many, 3, 0) != latency._visits(many, 3, 1)
    assert latency._visits(many, 3, 0)[:20] == latency._visits(many, 1, 0)


def test_finished_visits_are_not_repeated(space, architectures, folder, tmp_path, monkeypatch):
    whole = (folder / "latency.jsonl").read_bytes().splitlines(keepends=True)
    kept = whole[:3] + whole[5:]
    (tmp_path / "latency.jsonl").write_bytes(b"".join(kept) + whole[3][:20])
    monkeypatch.setattr(latency, "_milliseconds", lambda *_: 0.0)
    run_latency(space, architectures, tmp_path, rounds=4, progress=False)
    added = lines(tmp_path)[len(kept) :]
    gone = [json.loads(line) for line in whole[3:5]]
    assert (tmp_path / "latency.jsonl").read_bytes().startswith(b"".join(kept))
    assert added == [{**record, "b1_ms": 0.0, "b64_ms": 0.0} for record in gone]


def test_models_are_measured_as_they_are_used(space, architectures, tmp_path, monkeypatch):
    seen = []

    def look(model, x, repetitions):
        seen.append((model.training, torch.is_inference_mode_enabled(), torch.get_num_threads(), len(x)))
        return 1.0

    monkeypatch.setattr(latency, "_milliseconds", look)
    at_start = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        run_latency(space, architectures[:1], tmp_path, rounds=1, progress=False)
        assert torch.get_num_threads() == 2 and not torch.is_inference_mode_enabled()
    finally:
        torch.set_num_threads(at_start)
    assert seen == [(False, True, 1, 1), (False, True, 1, 64)]


def test_results_are_saved_chunk_by_chunk(space, architectures, tmp_path, monkeypatch):
    calls = iter(range(4))
    monkeypatch.setattr(latency, "CHUNK", 2)
    monkeypatch.setattr(latency, "_milliseconds", lambda *_: float(next(calls)))
    with pytest.raises(StopIteration):
        run_latency(space, architectures, tmp_path, rounds=1, progress=False)
    assert len(lines(tmp_path)) == 1 + 2


def test_median_of_calls_after_warming_up(monkeypatch):
    clock = iter(t for i, d in enumerate([900, 900, 1, 50, 3, 2, 4]) for t in (1000 * i, 1000 * i + d))
    monkeypatch.setattr(latency.time, "perf_counter_ns", lambda: next(clock))
    assert latency._milliseconds(lambda x: x, None, 5) == 3e-6


def test_other_machine_is_refused(space, architectures, folder, monkeypatch):
    monkeypatch.setattr(latency, "machine", lambda: {"processor": "abacus"})
    with pytest.raises(InputError, match=r"machine\.processor: .* there, 'abacus' now"):
        run_latency(space, architectures, folder, rounds=4, progress=False)
