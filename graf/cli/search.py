"""graf search"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graf.cli.arguments import Seed, Task
from graf.cli.measurements import asked, tell
from graf.cli.reading import read_input
from graf.cli.terminal import on_terminal
from graf.cli.writing import check_file, check_output, write_table
from graf.exceptions import InputError, check_known

if TYPE_CHECKING:
    import pandas as pd

    from graf.searchers import Constraint, Search

__all__ = ["search"]

LIMIT = re.compile(r"\s*(.+?)\s*(<=|>=)\s*([-+.\deE]+)\s*")


def search(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SPACE",
            help="Search space; or a dataset, a table or a file with one architecture a line.",
        ),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Table to write: .csv, .csv.gz or .parquet.")
    ],
    target: Annotated[
        list[str] | None,
        typer.Option(help="Objective: a target of the dataset or a column of the measurements."),
    ] = None,
    minimize: Annotated[
        list[str] | None, typer.Option(help="Objective of which less is better; for datasets it is known.")
    ] = None,
    predictor: Annotated[
        Path | None, typer.Option(help="Saved predictor whose predictions are the objective.")
    ] = None,
    measurements: Annotated[
        Path | None,
        typer.Option(
            help="CSV with a column `architecture` and the objectives, empty where not measured yet; with --ask."
        ),
    ] = None,
    ask: Annotated[
        int | None, typer.Option(help="Write this many architectures to measure next, and end.", min=1)
    ] = None,
    task: Task = None,
    budget: Annotated[int, typer.Option(help="Architectures to measure.", min=1)] = 100,
    strategy: Annotated[
        str, typer.Option(help="random, local, evolution, explained, guided, nsga2 or boltzmann.")
    ] = "guided",
    model: Annotated[str, typer.Option(help="Model that guides.")] = "auto",
    constraint: Annotated[
        list[str] | None, typer.Option(help="Limit such as 'n_parameters <= 1e6'; repeat for several.")
    ] = None,
    page: Annotated[Path | None, typer.Option(help="HTML page about the search.")] = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="File that keeps the search; call again to go on from it.")
    ] = None,
    seed: Seed = 0,
) -> None:
    """Find good architectures in a table or by a predictor, or ask for those to measure next."""
    from graf.report import write_search_page
    from graf.searchers import Search

    check_output(output)
    if page is not None:
        check_file(page, "--page")
    limits = [_limit(text) for text in constraint or []]
    settings: dict[str, Any] = {
        "seed": seed,
        "strategy": strategy,
        "constraints": limits,
        "checkpoint": checkpoint,
    }
    if ask is not None or measurements is not None:
        directions = dict.fromkeys(target or [], "max") | dict.fromkeys(minimize or [], "min")
        running = Search(_space(source), predictor=model, direction=directions or None, **settings)
        if measurements is not None:
            tell(running, measurements)
        write_table(asked(running, ask), output)
    else:
        running = _search(source, task, target, minimize, predictor, model, settings)
        history = running.run(budget, progress=on_terminal()).history
        _check_measured(history)
        write_table(history.set_index("number"), output)
        if page is not None:
            write_search_page(running.result, page)
    typer.echo(output)


def _search(
    source: str,
    task: str | None,
    target: list[str] | None,
    minimize: list[str] | None,
    predictor: Path | None,
    model: str,
    settings: dict[str, Any],
) -> Search:
    """A search with an objective: targets of a dataset, or predictions."""
    from graf.datasets import load_dataset
    from graf.predictors import load_predictor
    from graf.report.choices import choose_targets
    from graf.searchers import Search
    from graf.searchers.problem import predicted_by

    least = dict.fromkeys(minimize or [], "min")
    names = list(dict.fromkeys([*(target or []), *least]))
    if predictor is not None:
        fitted = load_predictor(predictor)
        direction = _directions(fitted.target_names_, names, least)
        return Search(_space(source), predicted_by(fitted), model, direction=direction, **settings)
    data = load_dataset(source, task=task)
    if not names:
        raise InputError(
            f"name an objective with --target, such as {', '.join(choose_targets(data, None)[:4])};"
            " or ask for architectures to measure with --ask"
        )
    return Search(data, names, model, direction=least or None, **settings)


def _directions(known: list[str], named: list[str], least: dict[str, str]) -> str | dict[str, str]:
    """Those of the named targets of a predictor, by default all; one target alone needs no name."""
    for name in named:
        check_known("target", name, known)
    directions = dict.fromkeys(named or known, "max") | least
    return directions if len(known) > 1 else directions[known[0]]


def _check_measured(history: pd.DataFrame) -> None:
    """Raise `InputError` where every architecture failed."""
    if len(history) and history["status"].eq("failed").all():
        raise InputError(
            f"none of {len(history)} architectures could be measured, the first because of {history['reason'].iloc[0]}"
        )


def _space(source: str) -> Any:
    """A search space by name, else the architectures of a dataset or a file."""
    from graf.datasets import load_dataset
    from graf.datasets.catalogue import dataset_names
    from graf.spaces import SPACES, get_space

    if source in SPACES or not (Path(source).exists() or source in dataset_names()):
        return get_space(source)
    return load_dataset(source) if source in dataset_names() else read_input(Path(source)).index.tolist()


def _limit(text: str) -> Constraint:
    from graf.searchers import Constraint

    found = LIMIT.fullmatch(text)
    try:
        name, sign, bound = found.groups() if found else ("", "", "")
        limit = float(bound)
    except ValueError:
        raise InputError(
            f"`--constraint` must read NAME <= NUMBER or NAME >= NUMBER, got {text!r:.100}"
        ) from None
    return Constraint(name, at_most=limit) if sign == "<=" else Constraint(name, at_least=limit)
