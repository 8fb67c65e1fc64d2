"""Arguments that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graf.exceptions import InputError

__all__ = [
    "DatasetName", "Input", "Model", "ModelName", "Networks", "Output", "OutputOrShown", "Seed", "SpaceName", "Task", "check_alone",
]  # fmt: skip

Input = Annotated[
    Path,
    typer.Argument(
        metavar="INPUT",
        help="Text file with one architecture a line, a CSV or Parquet table, an .onnx file or a folder of them.",
    ),
]
DatasetName = Annotated[str, typer.Argument(help="Name of a dataset, or a table with targets.")]
Networks = Annotated[
    Path | None,
    typer.Option(help="Folder of .onnx files, which the dataset then names in place of architectures."),
]
Output = Annotated[Path, typer.Option("--output", "-o", help="File or folder to write.")]
OutputOrShown = Annotated[
    Path | None, typer.Option("--output", "-o", help="Table to write; by default CSV on stdout.")
]
Model = Annotated[Path, typer.Option("--model", help="Predictor that `graf fit` saved.")]
ModelName = Annotated[str, typer.Option(help="auto, random_forest or xgboost.")]
Seed = Annotated[int, typer.Option(help="Seed of everything that is drawn.", min=0)]
SpaceName = Annotated[
    str | None, typer.Option("--space", help="Search space; by default inferred from the notation.")
]
Task = Annotated[str | None, typer.Option(help="Which task, where a file of NASLib holds several.")]


def check_alone(networks: Path | None, **options: object) -> None:
    """Raise `InputError` where options that mean nothing for a folder of networks are given beside it."""
    given = [f"`--{name}`" for name, value in options.items() if value]
    if networks is not None and given:
        raise InputError(
            f"`--networks` are predicted from their graphs alone; leave out {' and '.join(given)}"
        )
