"""graf measure"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from graf.cli.arguments import Output, Seed, on_terminal, read_input

__all__ = ["measure"]


def measure(
    output: Output,
    source: Annotated[
        Path | None,
        typer.Argument(
            metavar="[INPUT]", help="Architectures to measure; by default distinct ones are drawn."
        ),
    ] = None,
    space: Annotated[str, typer.Option(help="Search space.")] = "nasbench201",
    n: Annotated[int, typer.Option("-n", help="How many architectures to draw.", min=1)] = 100,
    n_seeds: Annotated[int, typer.Option(help="Training runs per architecture.", min=1)] = 3,
    epochs: Annotated[int, typer.Option(help="Passes over the training images.", min=1)] = 10,
    channels: Annotated[int, typer.Option(help="Channels of the first stage.", min=1)] = 8,
    n_stages: Annotated[int, typer.Option(help="Stages of the network.", min=1)] = 1,
    cells_per_stage: Annotated[int, typer.Option(help="Cells of each stage.", min=1)] = 1,
    latency_rounds: Annotated[int, typer.Option(help="Rounds of latency measurement.", min=2)] = 9,
    jobs: Annotated[int | None, typer.Option(help="Processes that train; default: all cores.", min=1)] = None,
    seed: Seed = 0,
) -> None:
    """Train architectures on handwritten digits and measure them; stop and call again to resume."""
    from graf import measure as library
    from graf.spaces import get_space

    settings = {"channels": channels, "n_stages": n_stages, "cells_per_stage": cells_per_stage}
    chosen = get_space(space, input_shape=(1, 8, 8), n_classes=10, **_known(space, settings))
    if source is None:
        architectures = library.distinct_architectures(chosen, n, seed)
    else:
        architectures = [chosen.format(chosen.parse(a)) for a in read_input(source, space).index]
    library.measure(
        chosen,
        architectures,
        output,
        seeds=range(seed, seed + n_seeds),
        recipe=library.Recipe(epochs=epochs),
        n_jobs=jobs,
        latency_rounds=latency_rounds,
        progress=on_terminal(),
    )
    typer.echo(output / "table.parquet")


def _known(space: str, settings: dict[str, int]) -> dict[str, int]:
    """The settings that the space has."""
    from dataclasses import fields

    from graf.spaces import SPACES

    known = {field.name for field in fields(SPACES[space])} if space in SPACES else set()
    return {name: value for name, value in settings.items() if name in known}
