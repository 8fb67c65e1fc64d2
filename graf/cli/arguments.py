"""Arguments that several commands share, and how INPUT is read."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graf.exceptions import DatasetError, InputError

if TYPE_CHECKING:
    import pandas as pd

    from graf.datasets import Dataset

__all__ = [
    "Input", "Model", "Networks", "Output", "OutputOrShown", "Seed", "SpaceName", "check_alone", "check_file",
    "check_output", "metadata_path", "networks_of", "on_terminal", "read_input", "write_or_show", "write_table",
]  # fmt: skip

Input = Annotated[
    Path,
    typer.Argument(
        metavar="INPUT",
        help="Text file with one architecture a line, a CSV or Parquet table, an .onnx file or a folder of them.",
    ),
]
Networks = Annotated[
    Path | None,
    typer.Option(help="Folder of .onnx files, which the dataset then names in place of architectures."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="File or folder to write.")]
OutputOrShown = Annotated[
    Path | None, typer.Option("--output", "-o", help="Table to write; by default CSV on stdout.")
]
Model = Annotated[Path, typer.Option("--model", help="Predictor that `graf fit` saved.")]
Seed = Annotated[int, typer.Option(help="Seed of everything that is drawn.", min=0)]
SpaceName = Annotated[
    str | None, typer.Option("--space", help="Search space; by default inferred from the notation.")
]
TABLES = (".csv", ".gz", ".parquet")


def on_terminal() -> bool:
    """Whether progress should be shown: a person is watching."""
    return sys.stderr.isatty()


def read_input(path: Path, space: str | None = None) -> pd.DataFrame | pd.Series[Any]:
    """Architectures as the index, and the numeric columns of a table beside them; or networks by file."""
    import pandas as pd

    if path.suffix.lower() == ".onnx" or path.is_dir():
        return _read_networks(path)
    if path.suffix.lower() in (*TABLES, ".tsv"):  # the last with an error that says what is read
        from graf.datasets import load_dataset

        data = load_dataset(path, space=space)
        every = [data.targets, data.proxies, data.recipes, data.fidelities]
        table = pd.concat([*every, data.info.select_dtypes("number")], axis=1)
        return table.loc[:, ~table.columns.duplicated()]
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise DatasetError(
            f"{path} is neither text nor a table (.csv, .csv.gz, .parquet); give one architecture a line"
        ) from None
    architectures = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not architectures:
        raise InputError(f"{path} holds no architecture; give one a line")
    return pd.DataFrame(index=pd.Index(architectures, name="architecture"))


def check_alone(networks: Path | None, **options: object) -> None:
    """Raise `InputError` where options that mean nothing for a folder of networks are given beside it."""
    given = [f"`--{name}`" for name, value in options.items() if value]
    if networks is not None and given:
        raise InputError(
            f"`--networks` are predicted from their graphs alone; leave out {' and '.join(given)}"
        )


def networks_of(data: Dataset, folder: Path) -> pd.Series[Any]:
    """The networks that the dataset names, in its order, those left out that cannot be read."""
    missing = [name for name in data.architectures if not (folder / name).is_file()]
    if missing:
        raise InputError(
            f"{folder} lacks {len(missing)} of the {len(data)} files that the dataset names, the first"
            f" {missing[0]!r:.80}; write paths in the folder, such as 'resnet50.onnx'"
        )
    graphs = _read_networks(folder)
    return graphs[[name for name in data.architectures if name in graphs.index]]


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
            print(f"graf: {path}: {warning.message}", file=sys.stderr)
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


def check_output(path: Path) -> None:
    """Raise `InputError` where a table cannot be written to a file of this name."""
    if path.suffix not in TABLES:
        raise InputError(f"`--output` must end in .csv, .csv.gz or .parquet, got {path}")
    check_file(path)


def check_file(path: Path, option: str = "--output") -> None:
    """Raise `InputError` where no file of this name can be written; before the work, not after it."""
    from graf.files import output_folder

    if path.is_dir():
        raise InputError(f"`{option}` must be a file, got the folder {path}; choose another name")
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
