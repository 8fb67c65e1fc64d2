"""Values of nodes, summarised per graph."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numpy.typing import NDArray

from graf.kernels._jit import parallel_jit

__all__ = ["summaries"]

Array = NDArray[Any]


@parallel_jit
def summaries(offset: Array, values: Array, out: Array) -> None:
    """Number, sum, least and greatest of values (k, n_nodes) into out (n_graphs, k, 4); NaN left out.

    Least and greatest of none are NaN. O(k V) per graph.
    """
    for g in prange(len(offset) - 1):
        for i in range(len(values)):
            n, total, least, most = 0, 0.0, np.nan, np.nan
            for v in range(offset[g], offset[g + 1]):
                value = values[i, v]
                if np.isnan(value):
                    continue
                n += 1
                total += value
                least = value if n == 1 else min(least, value)
                most = value if n == 1 else max(most, value)
            out[g, i, 0], out[g, i, 1], out[g, i, 2], out[g, i, 3] = n, total, least, most
