"""graf measure"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from graf.cli.arguments import Output, Seed
from graf.cli.reading import read_input
from graf.cli.terminal import on_terminal
from graf.exceptions import InputError

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
    recipes: Annotated[
        int | None,
        typer.Option(help="Train under so many different recipes instead of one; accuracy only.", min=2),
    ] = None,
    n_seeds: Annotated[
        int,
        typer.Option(help="Training runs per architecture; with --recipes, of every sixth.", min=1),
    ] = 3,
    epochs: Annotated[
        int | None, typer.Option(help="Passes over the training images; default: 10.", min=1)
    ] = None,
    robustness: Annotated[
        bool, typer.Option(help="Measure accuracy on attacked and corrupted images, too.")
    ] = True,
    channels: Annotated[int, typer.Option(help="Channels of the first stage.", min=1)] = 8,
    n_stages: Annotated[int, typer.Option(help="Stages of the network.", min=1)] = 1,
    cells_per_stage: Annotated[int, typer.Option(help="Cells of each stage.", min=1)] = 1,
    latency_rounds: Annotated[int, typer.Option(help="Rounds of latency measurement.", min=2)] = 9,
    jobs: Annotated[int | None, typer.Option(help="Processes that train; default: all cores.", min=1)] = None,
    seed: Seed = 0,
) -> None:
    """Train architectures on handwritten digits and measure them; stop and call again to resume."""
    from graf import measure as library
    from graf.measure.checks import digits_space
    from graf.spaces.registry import get_space, known_settings

    if recipes is not None and epochs is not None:
        raise InputError("`--epochs` cannot be given together with `--recipes`; leave one out")
    digits = {"input_shape": (1, 8, 8), "n_classes": 10}
    size = {"channels": channels, "n_stages": n_stages, "cells_per_stage": cells_per_stage}
    chosen = digits_space(get_space(space, **known_settings(space, digits | size)))
    if source is None:
        architectures = library.distinct_architectures(chosen, n, seed)
    else:
        architectures = read_input(source, space).index.tolist()
    options: dict[str, Any] = {
        "seeds": range(seed, seed + n_seeds),
        "n_jobs": jobs,
        "progress": on_terminal(),
    }
    if recipes is None:
        recipe = library.Recipe(epochs=epochs or 10)
        options |= {"recipe": recipe, "robustness": robustness, "latency_rounds": latency_rounds}
        library.measure(chosen, architectures, output, **options)
    else:
        drawn = library.sample_recipes(recipes, seed)
        library.measure_recipes(chosen, architectures, drawn, output, **options)
    typer.echo(output / "table.parquet")
