"""graf fit"""

from __future__ import annotations

from typing import Annotated

import typer

from graf.cli.arguments import DatasetName, ModelName, Networks, Output, Seed, SpaceName, Task, check_alone
from graf.cli.reading import networks_of
from graf.cli.terminal import say
from graf.cli.writing import check_file

__all__ = ["fit"]


def fit(
    dataset: DatasetName,
    output: Output,
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="Target to fit; repeat for several. Default: the primary ones, or one each of up to four groups."
        ),
    ] = None,
    space: SpaceName = None,
    task: Task = None,
    model: ModelName = "auto",
    features: Annotated[
        str | None,
        typer.Option(
            help="graph, given (proxies, recipe) or all. Default: graph where graf knows the space, all with recipes."
        ),
    ] = None,
    fidelity: Annotated[
        list[str] | None,
        typer.Option(
            help="Early result to predict from too, which then must be measured; repeat for several."
        ),
    ] = None,
    networks: Networks = None,
    seed: Seed = 0,
) -> None:
    """Fit a predictor on the targets of a dataset and save it."""
    from graf.datasets import load_dataset
    from graf.predictors import PerformancePredictor
    from graf.report.choices import choose_targets, features_of

    check_file(output)
    check_alone(networks, space=space, fidelity=fidelity, features=features if features != "graph" else None)
    if networks is not None:
        space, features = "none", "graph"
    data = load_dataset(dataset, space=space, task=task)
    with_fidelity = "given" if data.space is None else "all"
    features = features or (with_fidelity if fidelity else next(iter(features_of(data).values()), "graph"))
    names = choose_targets(data, target)
    data = data.select(data.targets[names].notna().any(axis=1).to_numpy())
    items, labels = data.items(fidelity or ()), data.targets[names]
    if networks is not None:
        items = networks_of(data, networks)
        labels = labels.loc[items.index]
    predictor = PerformancePredictor(model=model, space=data.space, features=features, random_state=seed)
    predictor.fit(items, labels).save(output)
    if target is None:
        _tell(names, [name for name in data.targets if name not in names])
    typer.echo(output)


def _tell(names: list[str], others: list[str]) -> None:
    """Say which targets were taken by default, where there are others."""
    if others:
        fitted, left = ", ".join(names), ", ".join(others)
        say(f"fitted {fitted}; {len(others)} not, name them by --target: {left:.300}")
