"""JSON files of NASLib (Krishnakumar et al., NAS-Bench-Suite-Zero, 2022).

Three layouts: task -> architecture -> proxy -> {"score", "time"} (`zc_*.json`); the same one
level deeper under the name of the space, with plain numbers (older); and the list of records
of one run (`benchmark--space--task--seed.json`). Times are left out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd

from graf.datasets.formats.table import Table, whole
from graf.datasets.formats.zc_combine import benchmark_of, describe
from graf.datasets.reading import open_binary, reading
from graf.exceptions import DatasetError, UnknownNameError

__all__ = ["open_naslib"]

Record = Mapping[str, Any]


def open_naslib(path: Path, task: str | None) -> Table:
    """The table of one task; it must be named if the file has several."""
    with reading(path), open_binary(path) as stream:
        payload = json.load(stream, parse_int=float)  # an integer may exceed any float
    space, tasks = _tasks(payload, path)
    task = _choose(task, list(tasks), path)
    with reading(path):
        frame = pd.DataFrame([_row(architecture, record) for architecture, record in tasks[task]])
    benchmark = benchmark_of(f"{path.name} {space}", task, frame["architecture"].tolist())
    description = replace(describe(benchmark, task or None), architecture=("architecture",))
    if benchmark == "transnas_macro":  # of an older version: they contradict the released accuracies
        description = replace(description, info=(*description.info, "val_accuracy"))
    return whole(frame, description, suffix=f"-{task}" if len(tasks) > 1 else "")


def _tasks(payload: Any, path: Path) -> tuple[str, dict[str, list[tuple[str, Record]]]]:
    """The name of the space, if stated, and the architectures of each task with their records."""
    if isinstance(payload, list) and payload and all(_is_run(record) for record in payload):
        task = [*path.name.split("--"), "", "", ""][2]
        return "", {task: [(record["arch"], record) for record in payload]}
    if _is_benchmark(payload):
        return "", {task: list(records.items()) for task, records in payload.items()}
    if isinstance(payload, dict) and len(payload) == 1:
        [(space, inner)] = payload.items()
        if _is_benchmark(inner):
            return space, {task: list(records.items()) for task, records in inner.items()}
    raise DatasetError(
        f"cannot read {path}: expected NASLib's JSON, task -> architecture -> proxy,"
        " or a list of records with `arch`"
    )


def _choose(task: str | None, tasks: list[str], path: Path) -> str:
    if task is None and len(tasks) > 1:
        raise DatasetError(f"{path} holds several tasks: choose `task` among {', '.join(map(repr, tasks))}")
    if task is not None and task not in tasks:
        raise UnknownNameError("task", task, tasks)
    return task or tasks[0]


def _row(architecture: str, record: Record) -> dict[str, Any]:
    scores = {name: value["score"] if isinstance(value, dict) else value for name, value in record.items()}
    scores.pop("arch", None)
    return {**scores, "architecture": architecture}


def _is_benchmark(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_is_task, value.values()))


def _is_task(value: Any) -> bool:
    return isinstance(value, dict) and bool(value) and all(map(_is_record, value.values()))


def _is_record(value: Any) -> bool:
    """Whether no value of this mapping is a mapping itself, but for scores."""
    return isinstance(value, dict) and all(
        not isinstance(entry, dict) or "score" in entry for entry in value.values()
    )


def _is_run(value: Any) -> bool:
    return _is_record(value) and isinstance(value.get("arch"), str)
