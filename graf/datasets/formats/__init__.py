"""The file formats of tables, told apart by their content."""

from __future__ import annotations

from codecs import BOM_UTF8
from pathlib import Path

from graf.datasets.formats.naslib import open_naslib
from graf.datasets.formats.table import Table, open_csv, open_parquet
from graf.datasets.formats.zc_combine import recognise
from graf.datasets.reading import open_binary, reading
from graf.exceptions import DatasetError, UnknownNameError

__all__ = ["Table", "open_table"]


def open_table(path: Path, task: str | None = None) -> Table:
    """The table in a file; `task` chooses one of several in a NASLib file.

    Raises `DatasetError` if the file is missing or not readable, `UnknownNameError` for a task
    that it does not hold.
    """
    with reading(path), open_binary(path) as stream:
        start = stream.read(64)
    if not start.strip():
        raise DatasetError(f"cannot read {path}: the file is empty")
    if start.startswith(b"PAR1") or path.suffix == ".parquet":
        table = open_parquet(path)
    elif start.removeprefix(BOM_UTF8).lstrip()[:1] in (b"{", b"["):
        return open_naslib(path, task)
    else:
        table = open_csv(path)
    if table.head.empty:
        raise DatasetError(f"{path} has no rows; at least one architecture is needed")
    if task is not None:
        raise UnknownNameError("task", task, ())
    return recognise(table, path)
