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
        If the dataset has a search space, or none of the networks is in it.
    """
    if data.space is not None:
        raise InputError(f"`networks` are for datasets without a search space, got one of {data.space.name}")
    data = data.select(data.targets.index.isin(networks.index))
    table = GraphFeatures().fit_transform(networks[data.architectures]).set_axis(data.targets.index)
    unstated = {name: f"total({name})" for name in COSTS if name not in data.info}
    totals = {name: table[column] for name, column in unstated.items() if column in table}
    proxies = pd.concat([table[distinguishable(table)], data.proxies], axis=1)
    return replace(data, proxies=proxies, info=data.info.assign(**totals))
