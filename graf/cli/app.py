"""The table of commands, and what an error looks like on the command line."""

from __future__ import annotations

import warnings
from typing import Annotated, Any

import typer

import graf
from graf.cli import explain, features, fit, listing, measure, predict, proxies, report, search
from graf.cli.terminal import say
from graf.exceptions import GrafError

__all__ = ["app", "main"]

app = typer.Typer(
    name="graf",
    help="Predict how a neural architecture will do, without training it, and see why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("report")(report.report)
app.command("features")(features.features)
app.command("proxies")(proxies.proxies)
app.command("fit")(fit.fit)
app.command("predict")(predict.predict)
app.command("explain")(explain.explain)
app.command("search")(search.search)
app.command("measure")(measure.measure)
app.command("list")(listing.listing)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"graf {graf.__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit."),
    ] = False,
) -> None:
    """What is said before a command."""


def main() -> None:
    """Run a command; bad input ends with one line on stderr and exit code 2, a warning is one line, too."""
    with warnings.catch_warnings():
        warnings.showwarning = _warn
        try:
            app()
        except GrafError as error:
            _fail(str(error))
        except OSError as error:
            _fail(f"{error.filename or 'a file'}: {error.strerror or error}")


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    say(message)


def _fail(message: str) -> None:
    say(message)
    raise SystemExit(2)
