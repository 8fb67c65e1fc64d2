"""Which blocks are friendly to which device."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from graf.directions import SIGNS, check_directions
from graf.exceptions import InputError, check_known

__all__ = ["friendly", "relative_to_average"]


def relative_to_average(targets: pd.DataFrame) -> pd.DataFrame:
    """Logarithms of targets, less their mean over the targets, row by row.

    Latencies of networks on several devices become what a network takes on a device beside the others: an
    effect of 0.1 on these is 10 % more than the block costs on the average device.

    Examples
    --------
    >>> relative_to_average(pd.DataFrame({"cpu": [1.0], "gpu": [1.0]})).to_numpy().tolist()
    [[0.0, 0.0]]
    """
    if not (targets.to_numpy() > 0).any() or (targets.to_numpy() <= 0).any():
        raise InputError("`targets` must be positive, for their logarithms are compared")
    logs = np.log(targets)
    return logs.sub(logs.mean(axis=1, skipna=False), axis=0)


def friendly(
    scores: pd.DataFrame, directions: Mapping[str, str], *, false_rate: float = 0.05
) -> pd.DataFrame:
    """Which blocks help and which harm each target, whatever the position.

    Parameters
    ----------
    scores : from `block_scores`; of `relative_to_average` targets, which blocks suit a device better than
        other devices.
    directions : "max" or "min" by target.
    false_rate : share of the verdicts that may be wrong (adjusted p-values).

    Returns
    -------
    DataFrame
        Indexed by kind and block, a column per target: "friendly", "unfriendly", or "" where the difference
        to the average option may be chance.
    """
    for name in scores["target"].unique():
        check_known("target in `directions`", name, directions)
    check_directions(directions)
    rows = scores[scores["position"].isna()]
    sign = rows["target"].map({name: SIGNS[end] for name, end in directions.items()})
    verdict = np.select(
        [(rows["p_adjusted"] < false_rate) & (sign * rows["effect"] > 0), rows["p_adjusted"] < false_rate],
        ["friendly", "unfriendly"],
        "",
    )
    table = rows.assign(verdict=verdict).set_index(["kind", "block"])
    verdicts = {name: found["verdict"] for name, found in table.groupby("target", sort=False)}
    return pd.DataFrame(verdicts).reindex(table.index.unique()).fillna("")
