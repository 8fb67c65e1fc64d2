"""Scores of a set of networks, which no network has on its own."""

from __future__ import annotations

import numpy as np
import pandas as pd

from graf.exceptions import InputError

__all__ = ["az_nas_rank"]

PARTS = ("az_expressivity", "az_progressivity", "az_trainability", "flops")


def az_nas_rank(table: pd.DataFrame) -> pd.Series:
    """AZ-NAS's score of each network within a set: the sum of log(rank / n) over four proxies.

    Parameters
    ----------
    table : one row for each network, with the columns `az_expressivity`, `az_progressivity`,
        `az_trainability` and `flops`; the highest value has rank n, equal values share the mean of
        their ranks, and a missing value ranks below all others.

    Returns
    -------
    Series indexed as the table, 0 for a network that is first in all four; higher is better.

    Raises
    ------
    InputError
        If a column is missing.

    Notes
    -----
    The value depends on the other networks: rank all that are compared together. Source: Lee &
    Ham, AZ-NAS, CVPR 2024.

    Examples
    --------
    >>> parts = ["az_expressivity", "az_progressivity", "az_trainability", "flops"]
    >>> az_nas_rank(pd.DataFrame([[1, 1, 1, 1], [2, 2, 2, 2]], ["a", "b"], parts)).round(2).to_dict()
    {'a': -2.77, 'b': 0.0}
    """
    missing = [name for name in PARTS if name not in table]
    if missing:
        raise InputError(f"`table` must have the columns {', '.join(PARTS)}; it lacks {', '.join(missing)}")
    ranks = table[list(PARTS)].rank(na_option="top")
    return pd.Series(np.log(ranks / len(table)).sum(axis=1), name="az_nas_rank")
