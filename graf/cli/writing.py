"""How tables are written, and the check beforehand that they can be."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from graf.exceptions import InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TABLES", "check_file", "check_output", "metadata_path", "write_or_show", "write_table"]

TABLES = (".csv", ".gz", ".parquet")


def check_output(path: Path | None) -> None:
    """Raise `InputError` where a table cannot be written to a file of this name; None is not written."""
    if path is None:
        return
    if path.suffix not in TABLES:
        raise InputError(f"`--output` must end in .csv, .csv.gz or .parquet, got {path}")
    check_file(path)


def check_file(path: Path, option: str = "--output") -> None:
    """Raise `InputError` where no file of this name can be written; before the work, not after it."""
    from graf.files import no_file, output_folder

    strange = no_file(path)
    if strange is not None:
        raise InputError(f"`{option}` must be a file, got the {strange} {path}; choose another name")
    output_folder(path.parent)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as its ending says: .csv, .csv.gz or .parquet; the index is a column.

    What `attrs` of the table holds is metadata of a .parquet file, and a JSON file beside others.
    """
    from graf.files import atomic_path

    check_output(path)
    if path.suffix != ".parquet" and table.attrs:
        with atomic_path(path.with_name(f"{path.name}.json")) as temporary:
            temporary.write_text(json.dumps(table.attrs, indent=1) + "\n", encoding="utf-8")
    with atomic_path(path) as temporary:
        if path.suffix == ".parquet":
            table.to_parquet(temporary)
        else:
            table.to_csv(temporary)


def write_or_show(table: pd.DataFrame, path: Path | None) -> None:
    """Write a table and show where, or show the table itself where there is no path."""
    if path is None:
        typer.echo(table.to_csv(), nl=False)
    else:
        write_table(table, path)
        typer.echo(path)


def metadata_path(path: Path) -> str:
    """Where `write_table` puts metadata of a table, in words."""
    return f"the metadata of {path}" if path.suffix == ".parquet" else f"{path}.json"
