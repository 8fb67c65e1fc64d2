"""Datasets of networks that are in no search space: what their graphs say becomes columns."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from graf.datasets import Dataset
from graf.exceptions import InputError
from graf.features import GraphFeatures
from graf.report.choices import distinguishable

__all__ = ["with_networks"]

COSTS = ("n_parameters", "n_macs")


def with_networks(data: Dataset, networks: pd.Series[Any]) -> Dataset:
    """The rows whose networks are given, with features of these among the columns to predict from.

    Parameters and multiply-adds stand in `info` too, unless the dataset states them.

    Parameters
    ----------
    data : a dataset without a search space.
    networks : graphs by architecture; there may be others.

    Raises
    ------
    InputError
        If the dataset has a search space, none of the networks is in it, or an architecture has two.
    """
    if data.space is not None:
        raise InputError(f"`networks` are for datasets without a search space, got one of {data.space.name}")
    _check(networks, data)
    data = data.select(data.targets.index.isin(networks.index))
    table = GraphFeatures().fit_transform(networks[data.architectures]).set_axis(data.targets.index)
    unstated = {name: f"total({name})" for name in COSTS if name not in data.info}
    totals = {name: table[column] for name, column in unstated.items() if column in table}
    proxies = pd.concat([table[distinguishable(table)], data.proxies], axis=1)
    return replace(data, proxies=proxies, info=data.info.assign(**totals))


def _check(networks: pd.Series[Any], data: Dataset) -> None:
    if not isinstance(networks, pd.Series):
        raise InputError(
            f"`networks` must be a Series of graphs indexed by architecture, got {type(networks).__name__}"
        )
    if networks.index.has_duplicates:
        twice = networks.index[networks.index.duplicated()][0]
        raise InputError(f"`networks` must hold one graph of each architecture, got several of {twice!r:.80}")
    if not networks.index.isin(data.targets.index).any():
        raise InputError(
            f"`networks` must be indexed by architectures of {data.name}, such as {data.architectures[0]!r:.80};"
            f" got {networks.index[:1].tolist()!r:.80}"
        )
