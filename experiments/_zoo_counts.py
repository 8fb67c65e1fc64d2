"""Parameters and multiply-adds of the graphs beside the published ones, and why some differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from _zoo_reading import graph_of

from graf import ComputationGraph

__all__ = ["disagreements", "published_counts"]

ROUNDED = 0.0051  # half of the last published decimal
TOLERANCE = 0.01  # of the published multiply-adds
WITHOUT_ATTENTION = "pt210"  # this published file counts no products of attention
NORMS = "norms and pools are counted in the published number"
WEIGHTS = "standardised weights are counted in the published number"
FIXED = "what depends on no input is counted in the published number"
VERSION = "the published architecture differs from that of this version of timm"


def published_counts(accuracy: pd.DataFrame, speed: pd.DataFrame) -> pd.DataFrame:
    """All published `params_m` and `gmacs` of each architecture and image size, one row each."""
    columns = ["model", "img_size", "params_m", "gmacs"]
    named = accuracy.drop(columns="model").rename(columns={"arch": "model"})
    counted = speed[~speed["setup"].str.contains(WITHOUT_ATTENTION)]
    return pd.concat([named[columns], counted[columns]]).dropna().drop_duplicates()


def disagreements(readings: pd.DataFrame, published: pd.DataFrame, cache: Path) -> pd.DataFrame:
    """The architectures whose counts differ from the nearest published ones, how far, and the reason."""
    beside = readings.dropna(subset="macs").merge(published, on=["model", "img_size"])
    beside["off"] = (beside["macs"] / 1e9 - beside["gmacs"]).abs()
    beside = beside.sort_values("off").drop_duplicates(["model", "img_size"]).sort_index()
    same_size = (beside["parameters"] / 1e6 - beside["params_m"]).abs() <= 2 * ROUNDED
    same = same_size & (beside["off"] <= ROUNDED + TOLERANCE * beside["gmacs"])
    beside["reason"] = np.where(same_size, "", VERSION)
    for row in beside[same_size & ~same].itertuples():
        beside.loc[row.Index, "reason"] = _reason(row.model, row.img_size, row.gmacs, cache)
    beside["difference_percent"] = (100 * (beside["macs"] / 1e9 / beside["gmacs"] - 1)).round()
    names = ["model", "img_size", "family", "parameters", "macs", "difference_percent", "reason"]
    beside.attrs["compared"] = len(beside)
    whole = dict.fromkeys(("parameters", "macs", "difference_percent"), "Int64")
    return beside.loc[~same, names].astype(whole)


def _reason(model: str, img_size: int, gmacs: float, cache: Path) -> str:
    """Which way of counting gives the published number: that of fvcore, which timm takes it from."""
    graph = graph_of((model, img_size), cache)
    norms = _norms_and_pools(graph)
    kernels = sum(
        graph.attributes["n_parameters"][node]
        for node, op in enumerate(graph.op_names)
        if op is not None and graph.ops.operation(graph.ops.index(op)).group.endswith("convolution")
    )
    ways = [(NORMS, norms), (WEIGHTS, norms + 4 * kernels), (WEIGHTS, norms + 5 * kernels)]
    for reason, more in ways:
        if _agrees(graph.n_macs + more, gmacs):
            return reason
    return FIXED if _agrees(_executed_macs(model, img_size) + norms, gmacs) else "unknown"


def _agrees(macs: float, gmacs: float) -> bool:
    return abs(macs / 1e9 - gmacs) <= ROUNDED + TOLERANCE * gmacs


def _norms_and_pools(graph: ComputationGraph) -> float:
    """fvcore's count for them: 2 an element of a batch norm, 5 of other norms, 1 of average pools."""
    values = graph.attributes
    ops = np.array([op or "" for op in graph.op_names])
    elements = values["n_activations"]
    batch_norms = np.nan_to_num(values["folded_norms"]) @ elements + elements[ops == "batch_norm"].sum()
    others = elements[np.isin(ops, ["layer_norm", "group_norm"])].sum()
    pools = values["n_elementary"][[("avg_pool" in op) for op in ops]].sum()
    return float(2 * batch_norms + 5 * others + pools)


def _executed_macs(model: str, img_size: int) -> float:
    """Half the FLOPs that PyTorch counts while the module runs, what depends on no input included."""
    import torch
    from _timm import build
    from torch.utils.flop_counter import FlopCounterMode

    module, image = build(model, img_size)
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        module(image)
    return counter.get_total_flops() / 2
