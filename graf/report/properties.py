"""What architectures can be filtered and compared by: sizes, and how often each operation occurs."""

from __future__ import annotations

import pandas as pd

from graf.datasets import Dataset
from graf.features import Column, GraphFeatures
from graf.predictors.groups import graph_columns

__all__ = ["properties"]

COSTS = ("n_parameters", "n_macs")
DEPTH = "live.depth"


def properties(data: Dataset) -> pd.DataFrame:
    """A column per property, a row per architecture; what is the same for all is left out.

    Parameters and multiply-adds as the dataset states them, else as the search space counts
    them; the longest live path; operation counts. Without a search space, the proxies, and of
    features of networks depth and counts of operations.
    """
    stated = data.info[[name for name in COSTS if name in data.info]]
    if data.space is None:
        features = graph_columns(data.proxies)
        found = data.proxies[[name for name in data.proxies if _is_property(features.get(name))]]
    else:
        counts = [str(Column("op_count", (op,))) for op in data.space.ops]
        totals = [f"total({name})" for name in COSTS if name not in stated]
        found = GraphFeatures(data.space, [*totals, DEPTH, *counts]).fit_transform(data.architectures)
        found = found.rename(columns={f"total({name})": name for name in COSTS})
    table = pd.concat([stated, found], axis=1)
    return table.loc[:, table.min() < table.max()]


def _is_property(column: Column | None) -> bool:
    return column is None or column.family == "op_count" or str(column) == DEPTH
