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
    """The space that is named, else the one whose notation fits, with its settings; else None."""
    space = infer(architectures) if description.space is None else description.space
    if space is None or space == NO_SPACE:
        return None
    try:
        return get_space(space, **description.space_settings)
    except TypeError as error:
        raise DatasetError(f"`space_settings` do not fit {get_space(space).name!r}: {error}") from None


def infer(architectures: Sequence[str]) -> SearchSpace | None:
    """The space that reads most of the first architectures.

    The first alone may be written like one of another space. One that is read is enough: a fault
    in the others is better told by who needs the space.
    """
    first = architectures[:LOOKED_AT]
    spaces = dict.fromkeys(space for space in map(_look_alike, first) if space is not None)
    n_read = {space: sum(is_written_in(space, one) for one in first) for space in spaces}
    best = max(n_read, key=n_read.__getitem__, default=None)
    return best if best is not None and n_read[best] else None


def _look_alike(architecture: str) -> SearchSpace | None:
    """The space whose notation an architecture seems to have."""
    try:
        return infer_space([architecture])
    except InputError:
        return None


def is_written_in(space: SearchSpace, architecture: str) -> bool:
    """Whether the space reads the architecture without a fault."""
    try:
        space.parse(architecture)
    except ArchitectureError:
        return False
    return True
