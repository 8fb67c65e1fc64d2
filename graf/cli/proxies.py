"""graf proxies"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from graf.cli.arguments import (
    Input,
    Output,
    Seed,
    SpaceName,
    check_output,
    on_terminal,
    read_input,
    write_table,
)

if TYPE_CHECKING:
    import numpy as np

__all__ = ["proxies"]


def proxies(
    source: Input,
    output: Output,
    proxy: Annotated[
        list[str] | None,
        typer.Option(
            help="Proxy to compute; repeat for several. Default: the thirteen of NAS-Bench-Suite-Zero."
        ),
    ] = None,
    space: SpaceName = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Inputs x and labels y as an .npz file. Default: the digits of scikit-learn."),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Inputs that networks are looked at with.", min=1)] = 64,
    dtype: Annotated[str, typer.Option(help="float32, float64 or bfloat16.")] = "float32",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, ...")] = "auto",
    jobs: Annotated[int, typer.Option(help="Networks at a time; -1 for one per core.")] = 1,
    seed: Seed = 0,
) -> None:
    """Write the zero-cost proxies of architectures as a table; stop and call again to resume.

    Values are kept as they come in a file beside the output, which is deleted when all are there. What they
    depend on (data, batch size, precision, seed) is in the metadata of a .parquet table.
    """
    import warnings

    from graf.proxies import ZeroCostProxies

    check_output(output)
    items = read_input(source, space)
    cache = output.with_name(f"{output.name}.partial")
    transformer = ZeroCostProxies(
        proxy or None,
        device,
        space=space,
        data=None if data is None else _read(data),
        batch_size=batch_size,
        dtype=dtype,
        seed=seed,
        n_jobs=jobs,
        cache=cache,
        progress=on_terminal(),
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        table = transformer.fit_transform(items)
    for warning in caught:
        print(f"graf: {warning.message}", file=sys.stderr)
    write_table(table, output)
    cache.unlink()
    typer.echo(output)


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The arrays x and y of a file."""
    import numpy as np

    from graf.exceptions import InputError

    try:
        with np.load(path) as arrays:
            return arrays["x"], arrays["y"]
    except (KeyError, ValueError) as error:
        raise InputError(f"`--data` must be an .npz file with arrays x and y, got {path}: {error}") from None
