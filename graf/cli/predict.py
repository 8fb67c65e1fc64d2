"""graf predict"""

from __future__ import annotations

from typing import Annotated

import typer

from graf.cli.arguments import Input, Model, OutputOrShown
from graf.cli.reading import read_input
from graf.cli.writing import check_output, write_or_show

__all__ = ["predict"]


def predict(
    source: Input,
    model: Model,
    output: OutputOrShown = None,
    seed: Annotated[int, typer.Option(help="Accepted by every command; prediction draws nothing.")] = 0,
) -> None:
    """Predict the targets of architectures with a saved predictor."""
    import numpy as np
    import pandas as pd

    from graf.predictors import load_predictor

    check_output(output)
    predictor = load_predictor(model)
    items = read_input(source)
    values = np.asarray(predictor.predict(items))
    write_or_show(pd.DataFrame(values, index=items.index, columns=predictor.target_names_), output)
