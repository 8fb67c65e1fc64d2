"""graf report"""

from __future__ import annotations

from typing import Annotated

import typer

from graf.cli.arguments import DatasetName, ModelName, Networks, Output, Seed, SpaceName, Task, check_alone
from graf.cli.reading import networks_of
from graf.cli.terminal import on_terminal

__all__ = ["report"]


def report(
    dataset: DatasetName,
    output: Output,
    target: Annotated[
        list[str] | None,
        typer.Option(
            help="Target to explain; repeat for several. Default: the primary ones, or one each of up to four groups."
        ),
    ] = None,
    space: SpaceName = None,
    task: Task = None,
    networks: Networks = None,
    model: ModelName = "auto",
    seed: Seed = 0,
) -> None:
    """Write an HTML page that says what drives the targets of a dataset, and how well they are predicted."""
    from graf.datasets import load_dataset
    from graf.report import write_report

    check_alone(networks, space=space)
    data = load_dataset(dataset, space=space if networks is None else "none", task=task)
    page = write_report(
        data,
        output,
        targets=target,
        networks=None if networks is None else networks_of(data, networks),
        model=model,
        seed=seed,
        progress=on_terminal(),
    )
    typer.echo(page)
