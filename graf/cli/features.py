"""graf features"""

from __future__ import annotations

from typing import Annotated

import typer

from graf.cli.arguments import Input, Output, SpaceName
from graf.cli.reading import read_input
from graf.cli.writing import check_output, write_table

__all__ = ["features"]


def features(
    source: Input,
    output: Output,
    space: SpaceName = None,
    compat: Annotated[
        str | None, typer.Option(help="Published columns instead: zc_combine, graf_nas or paper.")
    ] = None,
    simplified: Annotated[
        bool, typer.Option(help="Leave out what cannot change the function of an architecture.")
    ] = False,
    choices: Annotated[
        bool, typer.Option(help="Also what each architecture chose in its search space, option by option.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Accepted by every command; features draw nothing.")] = 0,
) -> None:
    """Write the features of architectures as a table."""
    from graf.features import GraphFeatures

    check_output(output)
    items = read_input(source, space)
    transformer = GraphFeatures(space=space, compat=compat, simplified=simplified, choices=choices)
    table = transformer.fit_transform(items)
    table.index = items.index
    write_table(table, output)
    typer.echo(output)
