"""Values of the nodes of each graph: how many there are, their sum, the least and the greatest."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from graf.graph import GraphBatch

__all__ = ["Summary", "summary"]

Values = NDArray[np.float64]


class Summary(NamedTuple):
    """Number, sum, least and greatest of several values, (n_graphs, n_values) each; of none the last two are NaN."""

    n: Values
    total: Values
    least: Values
    most: Values


def summary(batch: GraphBatch, values: Values) -> Summary:
    """The summary of values (n_values, n_nodes) graph by graph; NaN is left out."""
    from graf.kernels.summaries import summaries

    found = np.empty((len(batch), len(values), 4))
    summaries(batch.offset, values, found)
    return Summary(*np.moveaxis(found, 2, 0))
