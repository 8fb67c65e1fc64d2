"""Parameters and multiply-adds of the graphs beside the published ones, and why some differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["compared_counts", "published_counts"]

ROUNDED = 0.0051  # half of the last published decimal
TOLERANCE = 0.01  # of the published multiply-adds
WITHOUT_ATTENTION = "pt210"  # this published file counts no products of attention
KEYS = ["model", "img_size"]
FVCORE = "the published number is fvcore's: norms, average pools, and what is computed from weights alone"
VERSION = "the published architecture differs from that of this version of timm"


def published_counts(accuracy: pd.DataFrame, speed: pd.DataFrame) -> pd.DataFrame:
    """All published `params_m` and `gmacs` of each architecture and image size, one row each."""
    columns = [*KEYS, "params_m", "gmacs"]
    named = accuracy.drop(columns="model").rename(columns={"arch": "model"})
    counted = speed[~speed["setup"].str.contains(WITHOUT_ATTENTION)]
    return pd.concat([named[columns], counted[columns]]).dropna().drop_duplicates()


def compared_counts(readings: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Each architecture beside the published counts that are nearest to fvcore's.

    Columns `agrees` and `fvcore_agrees` say whether parameters, and multiply-adds counted either way,
    are the published ones; `reason` why the multiply-adds of layers alone are not.
    """
    beside = readings.dropna(subset="macs").merge(published, on=KEYS)
    beside["off"] = (beside["macs_fvcore"] / 1e9 - beside["gmacs"]).abs()
    beside = beside.sort_values("off").drop_duplicates(KEYS).sort_index()
    same_size = (beside["parameters"] / 1e6 - beside["params_m"]).abs() <= 2 * ROUNDED
    beside["agrees"], beside["fvcore_agrees"] = (
        same_size & ((beside[name] / 1e9 - beside["gmacs"]).abs() <= ROUNDED + TOLERANCE * beside["gmacs"])
        for name in ("macs", "macs_fvcore")
    )
    beside["difference_percent"] = (100 * (beside["macs"] / 1e9 / beside["gmacs"] - 1)).round()
    cases = [beside["agrees"], ~same_size, beside["fvcore_agrees"]]
    return beside.assign(reason=np.select(cases, ["", VERSION, FVCORE], "unknown"))
