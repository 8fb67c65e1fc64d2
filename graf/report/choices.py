"""What a report is about: the targets, the rows and the features, chosen and checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from graf.datasets import Dataset
from graf.exceptions import InputError
from graf.features import FEATURES, GraphFeatures, parse_column
from graf.predictors.groups import graph_columns

__all__ = ["choose_columns", "choose_sizes", "choose_targets", "distinguishable", "features_of", "items_of"]

FEWEST_ROWS = 10
MOST_TARGETS = 4
SIZES = (32, 128, 1024)


def choose_targets(data: Dataset, targets: Sequence[str] | str | None) -> list[str]:
    """The named targets, or the primary ones, or the first of each of up to four groups.

    Raises
    ------
    UnknownNameError
        If there is no column of a name in the dataset.
    InputError
        If a column is no target; if fewer than 10 architectures have a value of a target, or all have
        the same.
    """
    if targets is not None:
        named = list(dict.fromkeys([targets] if isinstance(targets, str) else targets))
        for name in named:
            _check(data, name)
        if not named:
            raise InputError("`targets` must name at least one target, got none; leave it out")
        return named
    usable = [name for name in data.targets if _usable(data.targets[name])]
    if data.targets.empty:
        raise InputError(
            f"dataset {data.name!r} has no column of numbers that is a target, only"
            f" {', '.join(map(repr, data.info)) or 'architectures'}; a target holds numbers, or nothing where none was measured"
        )
    if not usable:
        raise InputError(
            f"dataset {data.name!r} has no target with {FEWEST_ROWS} or more values that differ;"
            " measure more architectures"
        )
    facts = data.metadata.loc[usable]
    primary = list(facts.index[facts["primary"].astype(bool)])
    return primary or list(facts.groupby("group", sort=False).head(1).index[:MOST_TARGETS])


def _check(data: Dataset, name: str) -> None:
    data.check_target(name)
    if not _usable(data.targets[name]):
        known = data.targets[name].dropna()
        raise InputError(
            f"target {name!r} must have at least {FEWEST_ROWS} values that are not all the same, got"
            f" {len(known)} values, {known.nunique()} of them distinct; name another target"
        )


def _usable(values: pd.Series[Any]) -> bool:
    known = values.dropna()
    return len(known) >= FEWEST_ROWS and known.min() < known.max()


def choose_sizes(train_sizes: Sequence[int] | None, n: int) -> list[int]:
    """The given numbers of labels, or 32, 128 and up to 1,024, as far as half of the rows allow."""
    if train_sizes is not None:
        return list(train_sizes)
    return sorted({min(size, n // 2) for size in SIZES})


def items_of(data: Dataset) -> pd.DataFrame | list[str]:
    """What predictors predict from: proxies and recipes where there are any, else architectures.

    Raises `InputError` if there are neither features of a graph nor columns.
    """
    items = data.items()
    if items.shape[1]:
        return items
    if data.space is None:
        raise InputError(
            f"dataset {data.name!r} has nothing to predict from: graf knows no search space for its"
            " architectures, and it has no proxies; name columns as `proxies` when loading it, or give `networks`"
        )
    return data.architectures


def features_of(data: Dataset) -> dict[str, str]:
    """Which choices of features are evaluated, by label; the first is the one explained."""
    if data.recipes.shape[1]:
        graph = {"graph features + recipe": "all"} if data.space is not None else {}
        return graph | {"recipe": "given"}
    found = {}
    if data.space is not None:
        found["graph features"] = "graph"
    if data.proxies.shape[1]:
        found[_kind(data.proxies)] = "given"
    if len(found) == 2:
        found["graph features + proxies"] = "all"
    return found


def _kind(given: pd.DataFrame) -> str:
    """What columns to predict from are, in words: graph features by their names, else proxies."""
    known = graph_columns(given)
    kinds = {"graph features": bool(known), "proxies": len(known) < given.shape[1]}
    return " + ".join(kind for kind, there in kinds.items() if there)


def choose_columns(data: Dataset) -> list[str] | None:
    """Graph features that models can tell apart on the dataset; None without a search space."""
    if data.space is None:
        return None
    return distinguishable(GraphFeatures(data.space, simplified="both").fit_transform(data.architectures))


def distinguishable(table: pd.DataFrame) -> list[str]:
    """The graph features among the columns of a table that models can tell apart on its rows.

    Left out are constant ones, and those that rank architectures as an earlier one does, up or
    down: a model sees either alike, and SHAP would share one effect between them. Graphs as they are
    come before simplified ones, counts before features of operation sets, small sets before large ones.
    """
    first: dict[bytes, str] = {}
    for name in sorted(table, key=_plainness):
        ranks = table[name].rank(method="dense").fillna(0).to_numpy()
        if np.ptp(ranks) > 0:
            flipped = np.where(ranks > 0, ranks.max() + 1 - ranks, 0)
            first.setdefault(min(ranks.tobytes(), flipped.tobytes()), name)
    return list(first.values()) or list(table.columns[:1])


def _plainness(name: str) -> tuple[bool, bool]:
    column = parse_column(name)
    return column.simplified, FEATURES[column.family].over == "set"
