"""What architectures can be filtered and compared by: sizes, and how often each operation occurs."""

from __future__ import annotations

import pandas as pd

from graf.datasets import Dataset
from graf.features import Column, GraphFeatures

__all__ = ["properties"]

COSTS = ("n_parameters", "n_macs")


def properties(data: Dataset) -> pd.DataFrame:
    """A column per property, a row per architecture; what is the same for all is left out.

    Parameters and multiply-adds as the dataset states them, else as the search space counts
    them; the longest live path; operation counts. Without a search space, the proxies.
    """
    stated = data.info[[name for name in COSTS if name in data.info]]
    if data.space is None:
        found = data.proxies
    else:
        counts = [str(Column("op_count", (op,))) for op in data.space.ops]
        totals = [f"total({name})" for name in COSTS if name not in stated]
        found = GraphFeatures(data.space, [*totals, "live.depth", *counts]).fit_transform(data.architectures)
        found = found.rename(columns={f"total({name})": name for name in COSTS})
    table = pd.concat([stated, found], axis=1)
    return table.loc[:, table.min() < table.max()]
