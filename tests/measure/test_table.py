import json
from dataclasses import asdict
from datetime import date

import numpy as np
import pandas as pd
import pytest
from pyarrow import parquet

from graf.exceptions import InputError
from graf.journal import Journal, read_journal
from graf.measure.journals import LATENCY, RUNS
from graf.measure.noise import noise_ceiling, seed_agreement
from graf.measure.table import assemble

MACHINE = {"processor": "abacus", "cores": 10}
N = 12


@pytest.fixture
def cells(space):
    return space.sample(N, seed=3)


@pytest.fixture
def measured(space, cells, tmp_path):
    """A folder of made-up measurements: three seeds and five rounds of every cell."""
    rng = np.random.default_rng(0)
    quality = {cell: rng.random() for cell in cells}
    runs = Journal(tmp_path, RUNS, {"space": space.name, **asdict(space), "recipe": {"epochs": 1}})
    for seed in (2, 0, 1):
        runs.extend(
            {
                "architecture": cell,
                "seed": seed,
                "val_acc": round(quality[cell] + 0.1 * rng.random(), 4),
                "temperature": rng.random(),
                "train_seconds": rng.random(),
            }
            for cell in rng.permutation(cells).tolist()
        )
    settings = {"space": space.name, **asdict(space), "seed": 0, "repetitions": {"1": 4}, "machine": MACHINE}
    Journal(tmp_path, LATENCY, settings).extend(
        {"round": r, "architecture": c, "b1_ms": quality[c] + 0.01 * rng.random(), "b64_ms": 9.0 + r}
        for r in range(5)
        for c in rng.permutation(cells).tolist()
    )
    return tmp_path


def edit(path, change):
    """Rewrite the results of a journal."""
    first, *lines = path.read_text().splitlines()
    records = change([json.loads(line) for line in lines])
    path.write_text("\n".join([first, *map(json.dumps, records), ""]))


def facts(path):
    return json.loads(parquet.read_schema(path).metadata[b"graf"])


def test_values_against_a_loop(measured, cells, space):
    table = assemble(measured, measured / "t.parquet")
    _, runs = read_journal(measured, RUNS)
    _, visits = read_journal(measured, LATENCY)
    assert table["architecture"].tolist() == sorted(cells)
    for row in table.itertuples():
        mine = {r["seed"]: r for r in runs if r["architecture"] == row.architecture}
        for name in ("val_acc", "temperature", "train_seconds"):
            assert getattr(row, name) == pytest.approx(np.mean([r[name] for r in mine.values()]))
        for seed in range(3):
            assert getattr(row, f"val_acc_seed{seed}") == pytest.approx(mine[seed]["val_acc"])
        times = sorted(v["b1_ms"] for v in visits if v["architecture"] == row.architecture)
        assert row.latency_b1_ms == pytest.approx(times[2])
        assert row.latency_b1_spread_ms == pytest.approx(times[3] - times[1], abs=1e-6)
        assert (row.latency_b64_ms, row.latency_b64_spread_ms) == (11, 2)
        graph = space.graph(row.architecture)
        assert (row.n_parameters, row.n_macs) == (graph.n_parameters, graph.n_macs)


def test_file_is_the_table(measured):
    table = assemble(measured, measured / "t.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(measured / "t.parquet"), table)
    assert list(table) == [
        "architecture", "val_acc", "temperature", "train_seconds",
        "latency_b1_ms", "latency_b1_spread_ms", "latency_b64_ms", "latency_b64_spread_ms",
        "n_parameters", "n_macs", "val_acc_seed0", "val_acc_seed1", "val_acc_seed2",
    ]  # fmt: skip
    assert table["val_acc"].dtype == np.float32 and table["n_macs"].dtype == np.int64


def test_facts(measured):
    table = assemble(measured, measured / "t.parquet")
    found = facts(measured / "t.parquet")
    tau = seed_agreement(table[[f"val_acc_seed{k}" for k in range(3)]].to_numpy())
    assert found["seed_agreement"]["val_acc"] == pytest.approx(tau, abs=1e-4)
    assert found["noise_ceiling"]["val_acc"] == pytest.approx(noise_ceiling(tau, 3), abs=1e-4)
    assert found["noise_ceiling"]["latency_b1_ms"] > 0.9
    assert found["noise_ceiling"]["latency_b64_ms"] is None  # the same for all
    assert set(found["noise_ceiling"]) == set(found["seed_agreement"]) <= set(table)
    assert found["settings"]["seeds"] == [0, 1, 2]
    assert found["settings"]["recipe"] == {"epochs": 1}
    assert found["settings"]["latency"] == {"rounds": 5, "seed": 0, "repetitions": {"1": 4}}
    assert (found["machine"], found["n_dropped"]) == (MACHINE, 0)
    assert found["date"] == date.today().isoformat()


def test_latency_noise_from_odd_and_even_rounds(measured, cells):
    def drift(records):
        """Odd rounds and even rounds put the cells in opposite orders."""
        rank = {cell: i for i, cell in enumerate(sorted(set(cells)))}
        return [r | {"b1_ms": (1, -1)[r["round"] % 2] * rank[r["architecture"]]} for r in records]

    edit(measured / "latency.jsonl", drift)
    assemble(measured, measured / "t.parquet")
    found = facts(measured / "t.parquet")
    assert found["seed_agreement"]["latency_b1_ms"] == -1
    assert found["noise_ceiling"]["latency_b1_ms"] == 0


def test_incomplete_architectures_are_dropped_and_counted(measured, cells):
    first, second, third = cells[:3]
    edit(
        measured / "runs.jsonl",
        lambda records: [
            r for r in records if (r["architecture"], r["seed"]) != (first, 1) and r["architecture"] != second
        ],
    )
    edit(
        measured / "latency.jsonl",
        lambda records: [r for r in records if (r["architecture"], r["round"]) != (third, 4)],
    )
    table = assemble(measured, measured / "t.parquet")
    assert table["architecture"].tolist() == sorted(cells[3:])
    assert facts(measured / "t.parquet")["n_dropped"] == 3


def test_undefined_in_one_seed_is_undefined_in_the_mean(measured, cells):
    edit(
        measured / "runs.jsonl",
        lambda records: [
            r | {"val_acc": float("nan")} if (r["architecture"], r["seed"]) == (cells[0], 1) else r
            for r in records
        ],
    )
    table = assemble(measured, measured / "t.parquet").set_index("architecture")
    assert table["val_acc"].isna().sum() == 1 and np.isnan(table.loc[cells[0], "val_acc"])
    assert facts(measured / "t.parquet")["noise_ceiling"]["val_acc"] is None


def test_a_result_written_twice_counts_once(measured):
    table = assemble(measured, measured / "t.parquet")
    for name in ("runs.jsonl", "latency.jsonl"):
        edit(measured / name, lambda records: records + records[:2])
    pd.testing.assert_frame_equal(assemble(measured, measured / "again.parquet"), table)


def test_journals_are_left_alone_while_they_grow(measured):
    path = measured / "runs.jsonl"
    path.write_bytes(path.read_bytes() + b'{"architecture": "|')
    before = path.read_bytes()
    assert len(assemble(measured, measured / "t.parquet")) == N
    assert path.read_bytes() == before


@pytest.mark.parametrize("name", ["runs.jsonl", "latency.jsonl"])
def test_missing_or_damaged_journal(measured, name):
    path = measured / name
    path.write_text(path.read_text().replace('"architecture"', "architecture", 1))
    with pytest.raises(InputError, match=rf"{name}, line 2"):
        assemble(measured, measured / "t.parquet")
    path.unlink()
    with pytest.raises(InputError, match=rf"{name} holds no results"):
        assemble(measured, measured / "t.parquet")
    assert not (measured / "t.parquet").exists()


def test_nothing_complete(measured):
    edit(measured / "runs.jsonl", lambda records: records[:1] + records[N : N + 1])
    _, runs = read_journal(measured, RUNS)
    assert runs[0]["architecture"] != runs[1]["architecture"]
    with pytest.raises(InputError, match=r"no architecture in .* go on measuring"):
        assemble(measured, measured / "t.parquet")


def test_unwritable_output(measured):
    with pytest.raises(InputError, match="cannot write"):
        assemble(measured, measured / "runs.jsonl" / "t.parquet")
