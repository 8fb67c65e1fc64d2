"""Arguments that several commands share, and how INPUT is read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graf.exceptions import DatasetError, InputError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Input", "Output", "Seed", "SpaceName", "on_terminal", "read_input", "write_table"]

Input = Annotated[
    Path,
    typer.Argument(
        metavar="INPUT", help="Text file with one architecture a line, or a CSV or Parquet table."
    ),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="File or folder to write.")]
Seed = Annotated[int, typer.Option(help="Seed of everything that is drawn.", min=0)]
SpaceName = Annotated[
    str | None, typer.Option("--space", help="Search space; by default inferred from the notation.")
]
TABLES = (".csv", ".gz", ".parquet")


def on_terminal() -> bool:
    """Whether progress should be shown: a person is watching."""
    return sys.stderr.isatty()


def read_input(path: Path, space: str | None = None) -> pd.DataFrame:
    """Architectures as the index, and the numeric columns of a table beside them."""
    import pandas as pd

    if path.suffix in TABLES:
        from graf.datasets import load_dataset

        data = load_dataset(path, space=space)
        table = pd.concat([data.targets, data.proxies, data.info.select_dtypes("number")], axis=1)
        return table.loc[:, ~table.columns.duplicated()]
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise DatasetError(
            f"{path} is neither text nor a table (.csv, .csv.gz, .parquet); give one architecture a line"
        ) from None
    architectures = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not architectures:
        raise InputError(f"{path} holds no architecture; give one a line")
    return pd.DataFrame(index=pd.Index(architectures, name="architecture"))


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table as its ending says: .csv, .csv.gz or .parquet; the index is a column."""
    from graf.files import atomic_path

    if path.suffix not in TABLES:
        raise InputError(f"`--output` must end in .csv, .csv.gz or .parquet, got {path}")
    with atomic_path(path) as temporary:
        if path.suffix == ".parquet":
            table.to_parquet(temporary)
        else:
            table.to_csv(temporary)
