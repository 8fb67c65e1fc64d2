"""graf explain"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from graf.cli.arguments import Input, Model, OutputOrShown, Seed
from graf.cli.reading import read_input
from graf.cli.writing import check_output, write_or_show
from graf.exceptions import InputError, check_known

if TYPE_CHECKING:
    import pandas as pd

    from graf.explainers import Explanation

__all__ = ["explain"]


def explain(
    source: Input,
    model: Model,
    output: OutputOrShown = None,
    target: Annotated[str | None, typer.Option(help="Target to explain; by default all.")] = None,
    importance: Annotated[
        str | None,
        typer.Option(help="Mean absolute SHAP values instead: by feature, family or operation."),
    ] = None,
    seed: Seed = 0,
) -> None:
    """Say what each feature added to the predictions of a saved predictor, as SHAP values.

    A row per target and architecture: the base value, a column for each feature, and the prediction,
    which they add up to.
    """
    from graf.explainers import explain as explanation_of
    from graf.explainers.grouping import check_grouping
    from graf.predictors import load_predictor

    check_output(output)
    if importance is not None:
        check_grouping(importance)
    predictor = load_predictor(model)
    if target is not None:
        check_known("target", target, predictor.target_names_)
    items = read_input(source)
    found = explanation_of(predictor, items, random_state=seed, target=target)
    write_or_show(found.importance(importance) if importance else _values(found, items.index), output)


def _values(found: Explanation, index: pd.Index[Any]) -> pd.DataFrame:
    """What the command shows, with the names of the input, which graphs lack."""
    import pandas as pd

    parts = []
    for name in found.target_names:
        one = found.select(name)
        facts = {"target": name, "prediction": one.predictions, "base_value": one.base_values}
        taken = [column for column in one.feature_names if column in facts]
        if taken:
            raise InputError(
                f"the predictor has a column {taken[0]!r}, as the table of explanations itself has; ask for"
                " `--importance`, or fit again with another name"
            )
        values = pd.DataFrame(one.values, index=index, columns=one.feature_names)
        parts.append(pd.concat([pd.DataFrame(facts, index=index), values], axis=1))
    return pd.concat(parts)
