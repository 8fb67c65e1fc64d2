"""graf predict"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graf.cli.arguments import Input, read_input, write_table

__all__ = ["predict"]


def predict(
    source: Input,
    model: Annotated[Path, typer.Option(help="Predictor that `graf fit` saved.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Table to write; by default CSV on stdout.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Accepted by every command; prediction draws nothing.")] = 0,
) -> None:
    """Predict the targets of architectures with a saved predictor."""
    import numpy as np
    import pandas as pd

    from graf.predictors import load_predictor

    predictor = load_predictor(model)
    items = read_input(source)
    values = np.asarray(predictor.predict(items))  # a table of graphs is indexed by their numbers, not by file
    table = pd.DataFrame(values, index=items.index, columns=predictor.target_names_)
    if output is None:
        typer.echo(table.to_csv(), nl=False)
    else:
        write_table(table, output)
        typer.echo(output)
