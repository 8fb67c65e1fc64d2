"""How INPUT and folders of networks are read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from graf.cli.terminal import on_terminal, say
from graf.cli.writing import TABLES
from graf.exceptions import DatasetError, InputError

if TYPE_CHECKING:
    import pandas as pd

    from graf.datasets import Dataset

__all__ = ["networks_of", "read_input"]


def read_input(path: Path, space: str | None = None) -> pd.DataFrame | pd.Series[Any]:
    """Architectures as the index, and the numeric columns of a table beside them; or networks by file."""
    import pandas as pd

    if path.suffix.lower() == ".onnx" or path.is_dir():
        return _read_networks(path)
    if path.suffix.lower() in (*TABLES, ".tsv"):  # the last with an error that says what is read
        from graf.datasets.load import load_numbers

        return load_numbers(path, space)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise DatasetError(
            f"{path} is neither text nor a table (.csv, .csv.gz, .parquet); give one architecture a line"
        ) from None
    architectures = [line for line in map(str.strip, lines) if line and not line.startswith("#")]
    if not architectures:
        raise InputError(f"{path} holds no architecture; give one a line")
    return pd.DataFrame(index=pd.Index(architectures, name="architecture"))


def networks_of(data: Dataset, folder: Path) -> pd.Series[Any]:
    """The networks that the dataset names, in its order, those left out that cannot be read.

    Raises `InputError` if the folder lacks a file that is named, or none of them can be read.
    """
    import pandas as pd

    if not folder.is_dir():
        raise InputError(f"`--networks` must be a folder of .onnx files, got {folder}")
    within = {name: os.path.relpath(folder / name, folder) for name in data.architectures}
    missing = [name for name, path in within.items() if not _is_network(folder, path)]
    if missing:
        raise InputError(
            f"{folder} lacks {len(missing)} of the {len(data)} files that the dataset names, the first"
            f" {missing[0]!r:.80}; write paths in the folder, such as 'resnet50.onnx'"
        )
    graphs = _read_networks(folder)
    found = {name: graphs[path] for name, path in within.items() if path in graphs.index}
    if not found:
        raise InputError(f"none of the {len(data)} .onnx files that the dataset names could be read")
    return pd.Series(found, dtype=object).rename_axis("file")


def _is_network(folder: Path, path: str) -> bool:
    """Whether a path in a folder, and none out of it, is that of an ONNX file."""
    inside = os.pardir not in Path(path).parts
    return inside and path.lower().endswith(".onnx") and (folder / path).is_file()


def _read_networks(path: Path) -> pd.Series[Any]:
    """The network of an ONNX file or those of a folder; what could not be read is listed at the end.

    Raises `InputError` if none could be read.
    """
    import warnings

    import pandas as pd

    from graf.sources import read_folder, read_graph

    if not path.is_dir():
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            graph = read_graph(path)
        for warning in caught:
            say(f"{path}: {warning.message}")
        return pd.Series([graph], index=pd.Index([path.name], name="file"), dtype=object)
    graphs, problems = read_folder(path, progress=on_terminal())
    if len(problems):
        _list_problems(problems)
    if graphs.empty:
        raise InputError(f"none of the {len(problems)} .onnx files in {path} could be read")
    return graphs


def _list_problems(problems: pd.DataFrame) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table("file", "read", "why not, or what was assumed")
    for row in problems.itertuples():
        table.add_row(str(row.file), "yes" if row.read else "no", str(row.reason))
    Console(stderr=True, markup=False, highlight=False).print(table)
