"""Architectures of the published tables as graphs: read once, kept in a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from _provenance import write_csv
from tqdm import tqdm

from graf import ComputationGraph
from graf.files import atomic_path

__all__ = ["COUNTS", "architectures", "graph_of", "read_all"]

COUNTS = ("nodes", "parameters", "module_parameters", "macs", "macs_fvcore")
Key = tuple[str, int]


def architectures(accuracy: pd.DataFrame, speed: pd.DataFrame) -> pd.DataFrame:
    """Every architecture at every image size of both tables, those of the first one first."""
    columns = ["model", "img_size", "family"]
    named = accuracy.drop(columns="model").rename(columns={"arch": "model"})
    return pd.concat([named[columns], speed[columns]]).drop_duplicates(columns[:2], ignore_index=True)


def read_all(wanted: pd.DataFrame, cache: Path) -> pd.DataFrame:
    """What is known of each architecture; those that the folder lacks are read now, one by one."""
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / "readings.csv"
    known = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["model", "img_size"])
    done = set(zip(known["model"], known["img_size"], strict=True))
    keys = list(zip(wanted["model"], wanted["img_size"], strict=True))
    for key in tqdm([key for key in keys if key not in done], desc="reading", disable=None):
        row = dict(zip(("model", "img_size"), key, strict=True)) | _read(key, cache)
        known = pd.concat([known, pd.DataFrame([row])], ignore_index=True)
        write_csv(known.astype({name: "Int64" for name in COUNTS if name in known}), path)
    return wanted.merge(known, on=["model", "img_size"])


def _read(key: Key, cache: Path) -> dict[str, Any]:
    from _reading import read
    from _timm import build

    try:
        module, image = build(*key)
        reading = read(module, (image,))
    except Exception as error:  # timm, torch.export and graf raise errors of every kind
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())[:300]}
    with atomic_path(_path(key, cache)) as temporary:
        temporary.write_text(reading.graph.to_json())
    return {
        "nodes": reading.graph.n_nodes,
        "parameters": reading.graph.n_parameters,
        "module_parameters": sum(weight.numel() for weight in module.parameters()),
        "macs": reading.graph.n_macs,
        "macs_fvcore": reading.graph.n_macs_fvcore,
        "export_seconds": reading.export_seconds,
        "graf_seconds": reading.graf_seconds,
        "unknown": reading.unknown or None,
    }


def graph_of(key: Key, cache: Path) -> ComputationGraph:
    """The graph of an architecture that was read."""
    return ComputationGraph.from_json(_path(key, cache).read_text())


def _path(key: Key, cache: Path) -> Path:
    return cache / f"{key[0]}@{key[1]}.json"
