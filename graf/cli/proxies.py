"""graf proxies"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zipfile import BadZipFile, is_zipfile

import typer

from graf.cli.arguments import Input, Output, Seed, SpaceName
from graf.cli.reading import read_input
from graf.cli.settings import assignments, value_of
from graf.cli.terminal import on_terminal, say
from graf.cli.writing import check_output, metadata_path, write_table
from graf.exceptions import InputError

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from graf.spaces import SearchSpace

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
    space_setting: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Setting of the search space, such as channels=8."),
    ] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PROXY.NAME=VALUE", help="Setting of a proxy, such as regularised_swap.mu=1000."
        ),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Inputs x and labels y as an .npz file. Default: the digits of scikit-learn."),
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option(help="Channels, height and width of the digits, as in 3,32,32; default: of the space."),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Inputs that networks are looked at with.", min=1)] = 64,
    dtype: Annotated[str, typer.Option(help="float32, float64 or bfloat16.")] = "float32",
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, ...")] = "auto",
    jobs: Annotated[
        int | None,
        typer.Option(
            help="Networks at a time; -1 for one per core. Default: one on a CPU, as many as keep a GPU busy."
        ),
    ] = None,
    seed: Seed = 0,
) -> None:
    """Write the zero-cost proxies of architectures as a table; stop and call again to resume.

    Values are kept as they come in a file beside the output, which is deleted when all are there. What they
    depend on (data, batch size, precision, seed, settings), and why a value is missing, is in the
    metadata of a .parquet table, and in OUTPUT.json beside a .csv one.
    """
    from graf.proxies import ZeroCostProxies

    check_output(output)
    items = read_input(source, space)
    cache = output.with_name(f"{output.name}.partial")
    transformer = ZeroCostProxies(
        proxy or None,
        device,
        space=_space(space, space_setting, items),
        data=None if data is None else _read(data),
        batch_size=batch_size,
        input_shape=None if input_shape is None else _shape(input_shape),
        dtype=dtype,
        seed=seed,
        settings=_settings(setting),
        n_jobs=jobs,
        cache=cache,
        progress=on_terminal(),
    )
    with _warnings_printed(output):
        table = transformer.fit_transform(items)
    reasons: dict[str, dict[str, str]] = {}
    for item, name, reason in transformer.failures_:
        reasons.setdefault(name, {})[str(item)] = reason
    table.attrs["reasons"] = reasons
    write_table(table, output)
    cache.unlink(missing_ok=True)  # where the same was called twice at once
    typer.echo(output)


def _space(
    name: str | None, given: Sequence[str] | None, items: pd.DataFrame | pd.Series[Any]
) -> str | SearchSpace | None:
    """The space with its settings; as it was named where there are none."""
    from graf.spaces import get_space, infer_space

    settings = assignments(given, "--space-setting")
    return get_space(name or infer_space(items.index), **settings) if settings else name


def _settings(given: Sequence[str] | None) -> dict[str, dict[str, Any]]:
    """Settings by proxy."""

    found: dict[str, dict[str, Any]] = {}
    for name, value in assignments(given, "--setting").items():
        proxy, dot, setting = name.partition(".")
        if not dot:
            raise InputError(f"`--setting` must be PROXY.NAME=VALUE, got the name {name!r}")
        found.setdefault(proxy, {})[setting] = value
    return found


def _shape(text: str) -> tuple[Any, ...]:
    value = value_of(text)
    return value if isinstance(value, tuple) else (value,)


@contextmanager
def _warnings_printed(output: Path) -> Iterator[None]:
    """Warnings as lines on stderr, which say where the file has what the library keeps in an attribute."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in caught:
        say(str(warning.message).replace("`failures_`", metadata_path(output)))


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """The arrays x and y of a file."""
    import numpy as np

    try:
        with path.open("rb") as stream:
            if not is_zipfile(stream):
                raise ValueError("it is none")
            stream.seek(0)
            arrays = np.load(stream)
            return arrays["x"], arrays["y"]
    except (KeyError, ValueError, EOFError, BadZipFile, zlib.error) as error:
        raise InputError(f"`--data` must be an .npz file with arrays x and y, got {path}: {error}") from None
