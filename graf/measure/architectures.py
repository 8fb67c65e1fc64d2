"""Choosing the architectures to measure."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from graf.checks import count
from graf.exceptions import InputError
from graf.spaces import SearchSpace, get_space
from graf.spaces.base import MAX_ENUMERATED

__all__ = ["distinct_architectures"]


def distinct_architectures(space: SearchSpace | str, n: int, seed: int = 0) -> list[str]:
    """`n` connected architectures that compute pairwise different functions.

    Drawn in random order from the space; the first one met stands for all that compute the
    same function. Left out: architectures with useless operations, and the one without a path. Of a
    space that is too large to list they are drawn.

    Raises
    ------
    InputError
        If `n` is no integer, below one, or above the number of such architectures in the space.

    Examples
    --------
    >>> from graf.spaces import get_space
    >>> space = get_space("nasbench201")
    >>> found = distinct_architectures(space, 3)
    >>> len({space.graph(a).simplified().canonical_hash for a in found})
    3
    """
    count("n", n)
    count("seed", seed, 0)
    space = get_space(space)
    found: dict[str, str] = {}
    for architecture in _in_random_order(space, seed):
        graph = space.graph(architecture)
        if graph.connected and graph.live.any():
            found.setdefault(graph.simplified().canonical_hash, architecture)
        if len(found) == n:
            return list(found.values())
    raise InputError(f"`n` must be at most {len(found)}, the distinct functions of {space.name}, got {n}")


def _in_random_order(space: SearchSpace, seed: int) -> Iterator[str]:
    """All architectures; as many draws as could be listed where they are too many for that."""
    rng = np.random.default_rng(seed)
    if space.size > MAX_ENUMERATED:
        return (space.format(space.draw(rng)) for _ in range(MAX_ENUMERATED))
    everything = space.enumerate()
    return (everything[i] for i in rng.permutation(len(everything)).tolist())
