"""Features by what they have in common: their family, their operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd

from graf.exceptions import UnknownNameError
from graf.features import Column

__all__ = ["GIVEN", "WHOLE", "weights"]

GIVEN = "given columns"  # proxies and whatever else is not a graph feature
WHOLE = "whole graph"  # features that are not about any operation


def weights(names: Sequence[str], columns: Mapping[str, Column], by: str) -> pd.DataFrame:
    """How much of each feature (row) counts for each group (column); rows add up to 1.

    Parameters
    ----------
    names : the features.
    columns : what the graph features among them hold.
    by : "feature", "family" or "operation".

    Examples
    --------
    >>> columns = {"paths": Column("n_paths", ("skip", "conv1x1"))}
    >>> weights(["paths"], columns, "operation").to_dict("records")
    [{'skip': 0.5, 'conv1x1': 0.5}]
    """
    if by not in GROUPS:
        raise UnknownNameError("grouping", by, GROUPS)
    groups = [GROUPS[by](name, columns.get(name)) for name in names]
    shares = [dict.fromkeys(found, 1 / len(found)) for found in groups]
    return pd.DataFrame(shares, index=pd.Index(names)).fillna(0.0)


def _family(name: str, column: Column | None) -> tuple[str, ...]:
    return (GIVEN,) if column is None else (column.family,)


def _operations(name: str, column: Column | None) -> tuple[str, ...]:
    return (GIVEN,) if column is None else column.ops or (WHOLE,)


GROUPS: dict[str, Callable[[str, Column | None], tuple[str, ...]]] = {
    "feature": lambda name, column: (name,),
    "family": _family,
    "operation": _operations,
}
