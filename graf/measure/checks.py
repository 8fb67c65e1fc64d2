"""What measuring asks of its arguments, checked before the work begins."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from graf.checks import is_whole
from graf.exceptions import InputError
from graf.files import output_folder
from graf.journal import Journal
from graf.spaces import ReducedSpace, SearchSpace, get_space

__all__ = [
    "check_repeats",
    "checked_seeds",
    "digits_space",
    "distinct_names",
    "output_paths",
]

IMAGE_SHAPE = (1, 8, 8)


def digits_space(space: SearchSpace | str) -> SearchSpace:
    """The space, or the whole of a reduced one, if its networks take the digits."""
    space = get_space(space)
    while isinstance(space, ReducedSpace):
        space = space.space
    shape, n_classes = (getattr(space, name, None) for name in ("input_shape", "n_classes"))
    if shape is None:
        raise InputError(f"networks of {space.name} do not read images; give another `space`")
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


def checked_seeds(seeds: Sequence[int]) -> list[int]:
    """Seeds as integers of Python; they are different ones, at least one."""
    found = list(seeds) if isinstance(seeds, Iterable) else []
    if not found or not all(map(is_whole, found)) or len(set(found)) < len(found):
        raise InputError(f"`seeds` must be different integers, at least one, got {seeds!r:.80}")
    return [int(seed) for seed in found]


def check_repeats(journal: Journal, by: str, values: Iterable[int], architectures: Sequence[str]) -> None:
    """Raise `InputError` where these architectures would lack a seed or a round that the journal has.

    The table leaves out who lacks one, and that had better be said before the work.
    """
    others = {record[by] for record in journal.records}.difference(values)
    done = {(record["architecture"], record[by]) for record in journal.records}
    lacking = [other for other in sorted(others) if not all((a, other) in done for a in architectures)]
    if lacking:
        raise InputError(
            f"{journal.path} holds results of {by} {lacking[0]}, which some of these architectures would lack;"
            f" a table needs every {by} of all: measure with this {by} too, or write elsewhere"
        )


def output_paths(folder: str | os.PathLike[str], out: str | os.PathLike[str] | None) -> tuple[Path, Path]:
    """The folder, and the file for the table (by default in it), both where they can be written."""
    folder = output_folder(folder)
    out = folder / "table.parquet" if out is None else Path(out)
    output_folder(out.parent)
    return folder, out
