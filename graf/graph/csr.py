"""Compressed sparse rows (CSR): where the entries of each row begin in one array of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["offsets"]


def offsets(sizes: Sequence[int] | NDArray[Any]) -> NDArray[np.int64]:
    """Where rows of these sizes begin, and where the last one ends, (n + 1,).

    Examples
    --------
    >>> offsets([2, 0, 3]).tolist()
    [0, 2, 2, 5]
    """
    total = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(sizes, out=total[1:])
    return total
