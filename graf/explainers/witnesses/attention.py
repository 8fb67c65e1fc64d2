"""Attention and MLPs: the operations of a kind, and what is known of them."""

from __future__ import annotations

import numpy as np

from graf.explainers.witnesses.attributes import extreme, means, sums
from graf.explainers.witnesses.view import View
from graf.explainers.witnesses.witness import Witness, finds, of_nodes
from graf.features import Column
from graf.features.attention import COUNTS, attention_values, ratios_of

__all__: list[str] = []


@finds("attention")
def _attention(view: View, column: Column) -> Witness:
    name = column.stat.removeprefix("max_")
    values = attention_values(view.batch)[name]
    words = f"attention: {column.stat.replace('_', ' ')}"
    if name in COUNTS:
        return of_nodes(column, words, sums(values))
    return (extreme if column.stat.startswith("max_") else means)(column, words, values)


@finds("mlp")
def _mlp(view: View, column: Column) -> Witness:
    ratio, words = ratios_of(view.batch), "last layers of MLPs"
    if column.stat == "n":
        return of_nodes(column, words, sums(np.isfinite(ratio) * 1.0))
    if column.stat == "ratio":
        return means(column, words, ratio)
    return extreme(column, f"{column.stat.removesuffix('_ratio')} of MLP ratios", ratio)
