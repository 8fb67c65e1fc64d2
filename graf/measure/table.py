"""From the journals of a measurement to one table."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import parquet

from graf.exceptions import InputError
from graf.files import atomic_path
from graf.journal import Record, read_journal
from graf.measure.journals import LATENCY, RUNS
from graf.measure.noise import noise_facts
from graf.spaces import get_space

__all__ = ["assemble", "last_date", "write_table"]

MEAN_ONLY = ("train_seconds", "temperature")
Floats = NDArray[np.float64]


def assemble(folder: str | os.PathLike[str], out: str | os.PathLike[str]) -> pd.DataFrame:
    """The table of a measured folder, also written to `out` as Parquet.

    One row per architecture that has all seeds and all rounds of latency, sorted by
    `architecture`. Every figure of a run is there as the mean over the seeds, and per seed as
    `<figure>_seed<k>` (but for `train_seconds` and `temperature`). `latency_b1_ms` and
    `latency_b64_ms` are medians over rounds, `..._spread_ms` the interquartile ranges;
    `n_parameters` and `n_macs` come from the graph.

    The schema metadata of the file holds JSON under `graf`: `noise_ceiling` and
    `seed_agreement` by column (see `graf.measure.noise`; for latency the odd rounds and the
    even rounds stand for two seeds), `settings`, `machine`, `date` of the last measurement, and
    `n_dropped`, the number of architectures that were not complete.

    Raises
    ------
    InputError
        If a journal is missing or damaged, no architecture is complete, or `out` cannot be
        written.
    """
    folder = Path(folder)
    settings, runs = read_journal(folder, RUNS)
    latency_settings, visits = read_journal(folder, LATENCY)
    kept = _complete(runs, "seed") & _complete(visits, "round")
    if not kept:
        raise InputError(f"no architecture in {folder} has all seeds and all rounds; go on measuring")
    by_seed, by_round = _repeats(runs, "seed", kept), _repeats(visits, "round", kept)
    table = _table(settings, sorted(kept), by_seed, by_round)
    facts = noise_facts(_repeated(by_seed, by_round)) | {
        "settings": settings | {"seeds": by_seed.repeats, "latency": _visiting(latency_settings, by_round)},
        "machine": latency_settings["machine"],
        "date": last_date(folder / LATENCY.name),
        "n_dropped": len({record["architecture"] for record in runs + visits} - kept),
    }
    write_table(table, facts, Path(out))
    return table


class Repeats(NamedTuple):
    """Repeated measurements: seeds or rounds, and arrays (architectures, repeats) by figure."""

    repeats: list[int]
    figures: dict[str, Floats]


def _complete(records: list[Record], by: str) -> set[str]:
    """Architectures that have every value of `by` that any has."""
    seen: dict[str, set[int]] = defaultdict(set)
    for record in records:
        seen[record["architecture"]].add(record[by])
    everything = set().union(*seen.values())
    return {architecture for architecture, values in seen.items() if values == everything}


def _repeats(records: list[Record], by: str, kept: set[str]) -> Repeats:
    """Arrays whose rows are the kept architectures in sorted order."""
    frame = pd.DataFrame([record for record in records if record["architecture"] in kept])
    frame = frame.drop_duplicates(["architecture", by]).sort_values(["architecture", by])
    repeats = sorted(frame[by].unique().tolist())
    names = frame.columns.drop(["architecture", by])
    return Repeats(repeats, {name: frame[name].to_numpy(float).reshape(-1, len(repeats)) for name in names})


def _table(settings: Record, architectures: list[str], by_seed: Repeats, by_round: Repeats) -> pd.DataFrame:
    means = {name: values.mean(axis=1) for name, values in by_seed.figures.items()}
    singles = {
        f"{name}_seed{seed}": column
        for name, values in by_seed.figures.items()
        if name not in MEAN_ONLY
        for seed, column in zip(by_seed.repeats, values.T, strict=True)
    }
    columns = {
        "architecture": architectures,
        **_float32(means | _latencies(by_round)),
        **_costs(settings, architectures),
        **_float32(singles),
    }
    return pd.DataFrame(columns)


def _float32(columns: dict[str, Floats]) -> dict[str, NDArray[np.float32]]:
    return {name: column.astype(np.float32) for name, column in columns.items()}


def _latencies(by_round: Repeats) -> dict[str, Floats]:
    columns: dict[str, Floats] = {}
    for name, values in by_round.figures.items():
        low, middle, high = np.quantile(values, [0.25, 0.5, 0.75], axis=1)
        stem = f"latency_{name.removesuffix('_ms')}"
        columns |= {f"{stem}_ms": middle, f"{stem}_spread_ms": high - low}
    return columns


def _costs(settings: Record, architectures: list[str]) -> dict[str, list[int]]:
    fields = {
        name: value for name, value in settings.items() if name not in ("space", "recipe", "robustness")
    }
    space = get_space(settings["space"], **fields)
    graphs = [space.graph(architecture) for architecture in architectures]
    return {name: [getattr(graph, name) for graph in graphs] for name in ("n_parameters", "n_macs")}


def _repeated(by_seed: Repeats, by_round: Repeats) -> dict[str, Floats]:
    """Figures of every seed by column, and those of latency of odd and of even rounds."""
    repeats = dict(by_seed.figures)
    for name, values in by_round.figures.items():
        halves = [np.median(values[:, start::2], axis=1) for start in (0, 1)]
        repeats[f"latency_{name}"] = np.stack(halves, axis=1)
    return repeats


def last_date(path: Path) -> str:
    """The day on which a file was written last."""
    return date.fromtimestamp(path.stat().st_mtime).isoformat()


def _visiting(settings: Record, by_round: Repeats) -> Record:
    return {"rounds": len(by_round.repeats)} | {name: settings[name] for name in ("seed", "repetitions")}


def write_table(table: pd.DataFrame, facts: Record, out: Path) -> None:
    """Write a table as Parquet, with facts in its schema metadata under `graf`."""
    content = pa.Table.from_pandas(table, preserve_index=False)
    metadata = {**(content.schema.metadata or {}), b"graf": json.dumps(facts).encode()}
    with atomic_path(out) as path:
        parquet.write_table(content.replace_schema_metadata(metadata), path, compression="zstd")
