"""What measuring asks of its arguments, checked before the work begins."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graf.exceptions import InputError
from graf.files import output_folder
from graf.spaces import SearchSpace, get_space

__all__ = [
    "check_at_least",
    "check_numbers",
    "digits_space",
    "distinct_names",
    "output_paths",
]

IMAGE_SHAPE = (1, 8, 8)


def digits_space(space: SearchSpace | str) -> SearchSpace:
    """The space, if its networks take the digits."""
    space = get_space(space)
    shape, n_classes = (getattr(space, name, None) for name in ("input_shape", "n_classes"))
    if (shape, n_classes) != (IMAGE_SHAPE, 10):
        raise InputError(
            f"`space` must build networks for images of shape {IMAGE_SHAPE} and 10 classes, got {shape}"
            f" and {n_classes}; use get_space({space.name!r}, input_shape={IMAGE_SHAPE}, n_classes=10)"
        )
    return space


def distinct_names(space: SearchSpace, architectures: Sequence[Any]) -> list[str]:
    """Architectures in the notation of the space, each once."""
    names = list(dict.fromkeys(space.format(choices) for choices in space.choices(architectures).tolist()))
    if not names:
        raise InputError("`architectures` must hold at least one architecture, got none")
    return names


def check_numbers(seeds: Sequence[int], n_jobs: int | None) -> None:
    """Seeds are different integers, and there is a process to work."""
    if len(seeds) == 0 or len(set(seeds)) < len(seeds) or not all(isinstance(s, int) for s in seeds):
        raise InputError(f"`seeds` must be different integers, at least one, got {seeds!r}")
    if n_jobs is not None:
        check_at_least("n_jobs", n_jobs, 1)


def check_at_least(name: str, value: int, least: int) -> None:
    """Raise `InputError` that names an argument below its least value."""
    if value < least:
        raise InputError(f"`{name}` must be at least {least}, got {value}")


def output_paths(folder: str | os.PathLike[str], out: str | os.PathLike[str] | None) -> tuple[Path, Path]:
    """The folder, and the file for the table (by default in it), both where they can be written."""
    folder = output_folder(folder)
    out = folder / "table.parquet" if out is None else Path(out)
    output_folder(out.parent)
    return folder, out
