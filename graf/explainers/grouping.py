"""Features by what they have in common: their family, their operations."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from graf.exceptions import check_known
from graf.features import CHOICE, Column
from graf.ops import is_known
from graf.predictors.groups import GIVEN

__all__ = ["ALIKE", "WHOLE", "check_grouping", "partition", "rank_correlations", "weights"]

WHOLE = "whole graph"  # features that are not about any operation
ALIKE = 0.7  # rank correlation from which two columns say much the same


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
    check_grouping(by)
    groups = [GROUPS[by](name, columns.get(name)) for name in names]
    shares = [dict.fromkeys(found, 1 / len(found)) for found in groups]
    return pd.DataFrame(shares, index=pd.Index(names)).fillna(0.0)


def check_grouping(by: str) -> None:
    """`UnknownNameError` unless features can be grouped by it, each into shares of its groups."""
    check_known("grouping", by, GROUPS)


def _family(name: str, column: Column | None) -> tuple[str, ...]:
    return (GIVEN,) if column is None else (column.family,)


def _operations(name: str, column: Column | None) -> tuple[str, ...]:
    if column is None:
        return (GIVEN,)
    if column.family == CHOICE:
        option = column.attribute.partition("=")[2]
        return (option,) if is_known(option) else (CHOICE,)
    return column.ops or (WHOLE,)


GROUPS: dict[str, Callable[[str, Column | None], tuple[str, ...]]] = {
    "feature": lambda name, column: (name,),
    "family": _family,
    "operation": _operations,
}


def partition(data: pd.DataFrame, columns: Mapping[str, Column], by: str) -> pd.Series[str]:
    """The one group that each column of a table is of, by column.

    Parameters
    ----------
    data : (n, n_features).
    columns : what the graph features among them hold.
    by : "feature"; "family"; "operation", where a feature of several operations is of their set; or
        "cluster", of columns whose values rank the rows alike: clusters are joined down to a mean
        absolute Spearman correlation of 0.7.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [1, 2, 3, 4], "b": [9, 7, 5, 3], "c": [1, 4, 4, 1]})
    >>> partition(table, {}, "cluster").to_dict()
    {'a': 'a + 1 more', 'b': 'a + 1 more', 'c': 'c'}
    """
    if by == "cluster":
        return _clusters(data)
    check_known("grouping", by, [*GROUPS, "cluster"])
    labels = {name: "+".join(GROUPS[by](name, columns.get(name))) for name in data}
    return pd.Series(labels, dtype=object)


def rank_correlations(data: pd.DataFrame) -> NDArray[np.float64]:
    """Absolute Spearman correlations (n_features, n_features); missing ranks last, 0 for constants."""
    ranks = data.rank(na_option="bottom").to_numpy()
    centred = ranks - ranks.mean(axis=0)
    size = np.sqrt((centred**2).sum(axis=0))
    scaled = centred / np.where(size > 0, size, 1.0)
    found: NDArray[np.float64] = np.minimum(np.abs(scaled.T @ scaled), 1.0)
    np.fill_diagonal(found, 1.0)
    return found


def _clusters(data: pd.DataFrame) -> pd.Series[str]:
    """Average linkage; a cluster is called after its shortest name."""
    if data.shape[1] == 1:
        return pd.Series(data.columns, index=data.columns, dtype=object)
    distances = squareform(1.0 - rank_correlations(data), checks=False)
    numbers = pd.Series(fcluster(linkage(distances, "average"), 1.0 - ALIKE, "distance"), index=data.columns)
    members = numbers.groupby(numbers, sort=False).groups
    named = {n: min(found, key=lambda name: (len(str(name)), str(name))) for n, found in members.items()}
    more = {n: f" + {len(found) - 1} more" if len(found) > 1 else "" for n, found in members.items()}
    return numbers.map(lambda n: f"{named[n]}{more[n]}")
