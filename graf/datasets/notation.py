"""Which search space the architectures of a table belong to."""

from __future__ import annotations

from collections.abc import Sequence

from graf.datasets.description import Description
from graf.exceptions import ArchitectureError, DatasetError, InputError
from graf.spaces import SearchSpace, get_space, infer_space

__all__ = ["infer", "is_written_in", "resolve_space"]

NO_SPACE = "none"
LOOKED_AT = 100


def resolve_space(description: Description, architectures: Sequence[str]) -> SearchSpace | None:
    """The space that is named, else the one whose notation fits, else None."""
    if description.space is None:
        return infer(architectures)
    if description.space == NO_SPACE:
        return None
    try:
        return get_space(description.space, **description.space_settings)
    except TypeError as error:
        raise DatasetError(f"`space_settings` do not fit {description.space!r}: {error}") from None


def infer(architectures: Sequence[str]) -> SearchSpace | None:
    """The space that reads one of the first architectures.

    One is enough: a fault in the others is better told by who needs the space.
    """
    for architecture in architectures[:LOOKED_AT]:
        try:
            space = infer_space([architecture])
        except InputError:
            continue
        if is_written_in(space, architecture):
            return space
    return None


def is_written_in(space: SearchSpace, architecture: str) -> bool:
    """Whether the space reads the architecture without a fault."""
    try:
        space.parse(architecture)
    except ArchitectureError:
        return False
    return True
