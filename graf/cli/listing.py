"""graf list"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

__all__ = ["listing"]

MANY = 10**9


class Kind(StrEnum):
    """What can be listed."""

    DATASETS = "datasets"
    FEATURES = "features"
    PROXIES = "proxies"
    SPACES = "spaces"
    MODELS = "models"
    OPERATIONS = "operations"


def listing(
    what: Annotated[
        Kind | None,
        typer.Argument(help="datasets, features, proxies, spaces, models or operations; all by default."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Accepted by every command; a list draws nothing.")] = 0,
) -> None:
    """Show what exists: datasets, features, proxies, search spaces, models, operations of networks."""
    for kind in [what] if what else list(Kind):
        if not what:
            typer.echo(f"{kind}:")
        for name, text in _rows(kind):
            typer.echo(f"{name:24s} {text}")
        if not what:
            typer.echo()


def _count(number: int) -> str:
    return f"{number:,}" if number < MANY else f"{number:.3g}"


def _rows(kind: Kind) -> list[tuple[str, str]]:
    if kind is Kind.SPACES:
        from graf.spaces import SPACES

        return [(name, f"{_count(space().size)} architectures") for name, space in SPACES.items()]
    if kind is Kind.FEATURES:
        from graf.features import FEATURES

        return [(family, f"{f.description} [{f.unit}]") for family, f in sorted(FEATURES.items())]
    if kind is Kind.PROXIES:
        return _proxies()
    if kind is Kind.MODELS:
        from graf.predictors import MODELS

        return [(name, str(type(make(None, None)).__doc__).splitlines()[0]) for name, make in MODELS.items()]
    if kind is Kind.OPERATIONS:
        from graf.sources.network.operations import operation_table

        return [
            (row.name, f"{row.group}; PyTorch: {row.aten or '-'}; ONNX: {row.onnx or '-'}")
            for row in operation_table()
        ]
    from graf.datasets import list_datasets

    return [(str(row.Index), str(row.source)) for row in list_datasets().itertuples()]


def _proxies() -> list[tuple[str, str]]:
    """Without torch, what is missing; the other lists need none."""
    from graf.exceptions import MissingDependencyError

    try:
        from graf.proxies import PROXIES
    except MissingDependencyError as error:
        return [("", str(error))]
    return [(name, f"{proxy.description} [{proxy.reference}]") for name, proxy in sorted(PROXIES.items())]
