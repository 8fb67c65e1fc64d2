"""Attributes of nodes: their sums, means and extremes, along the depth and by operation."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from graf.explainers.witnesses.counts import in_quarter
from graf.explainers.witnesses.view import View, names_of
from graf.explainers.witnesses.witness import Witness, finds, none, of_nodes
from graf.features import Column
from graf.features.profiles import stage_of

__all__ = ["extreme", "means", "scaled", "sums"]

WHICH = {"min": np.nanargmin, "max": np.nanargmax}


@finds("total")
def _total(view: View, column: Column) -> Witness:
    return of_nodes(column, column.attribute, sums(view.attribute(column.attribute)))


@finds("log_total")
def _log_total(view: View, column: Column) -> Witness:
    amounts = sums(view.attribute(column.attribute))
    return scaled(of_nodes(column, column.attribute, amounts), lambda total: math.log10(1 + total))


@finds("op_cost")
def _op_cost(view: View, column: Column) -> Witness:
    name, words = f"n_{column.stat}", f"{column.stat} of {names_of(column.ops)}"
    if name not in view.batch.attributes:
        return none(column, f"no {words} known")
    return of_nodes(column, words, sums(np.where(view.having(column.ops), view.attribute(name), 0.0)))


@finds("profile")
def _profile(view: View, column: Column) -> Witness:
    values, name = view.attribute(column.attribute), column.attribute
    known = np.flatnonzero(np.isfinite(values)).tolist()
    if not known:
        return none(column, f"no {name}")
    if column.stat in WHICH:
        return extreme(column, f"{column.stat} of {name}", values)
    if column.stat == "mean":
        return means(column, f"mean of {name}", values)
    if column.stat == "spread":
        return _spread(column, values, known)
    position = int(column.stat.removeprefix("at"))
    words = f"{name} at position {position}"
    amounts = {v: values[v] for v in known[position - 1 : position]}
    return of_nodes(column, words, amounts, empty=math.nan)


def _spread(column: Column, values: np.ndarray, known: list[int]) -> Witness:
    squares = (values - np.nanmean(values)) ** 2
    spread = math.sqrt(squares[known].mean())
    amounts = {v: squares[v] / len(known) / spread if spread else 0.0 for v in known}
    return of_nodes(column, f"spread of {column.attribute}", amounts)


@finds("stage")
def _stage(view: View, column: Column) -> Witness:
    number, words = int(column.stat.removeprefix("sum")), f"{column.attribute} in stage {column.stat[3:]}"
    if not {"channels", "resolution"} <= set(view.batch.attributes):
        return none(column, f"no {words}")
    inside = np.flatnonzero(stage_of(view.batch) == number - 1).tolist()
    values = np.nan_to_num(view.attribute(column.attribute))
    return of_nodes(column, words, {v: values[v] for v in inside}, empty=math.nan)


@finds("depth_mean")
def _depth_mean(view: View, column: Column) -> Witness:
    values = np.where(in_quarter(view, column.stat), view.attribute(column.attribute), np.nan)
    return means(column, f"mean of {column.attribute} in quarter {column.stat[1:]} of the depth", values)


@finds("depth_share")
def _depth_share(view: View, column: Column) -> Witness:
    values = np.where(view.is_op, np.nan_to_num(view.attribute(column.attribute)), 0.0)
    total, words = values.sum(), f"{column.attribute} in quarter {column.stat[1:]} of the depth"
    if total == 0:
        return none(column, f"no {column.attribute}")
    return of_nodes(column, words, sums(np.where(in_quarter(view, column.stat), values / total, 0.0)))


def sums(values: np.ndarray) -> dict[int, float]:
    """The values of nodes that add something."""
    values = np.nan_to_num(values)
    return {v: values[v] for v in np.flatnonzero(values).tolist()}


def means(column: Column, words: str, values: np.ndarray) -> Witness:
    """The witness of a mean over the nodes that have a value, NaN without one."""
    known = np.flatnonzero(np.isfinite(values)).tolist()
    return of_nodes(column, words, {v: values[v] / len(known) for v in known}, empty=math.nan)


def extreme(column: Column, words: str, values: np.ndarray) -> Witness:
    """The witness of a "min" or "max", the first node with the value; NaN without one."""
    if not np.isfinite(values).any():
        return none(column, f"no {words}")
    node = int(WHICH["max" if column.stat.startswith("max") else "min"](values))
    return of_nodes(column, words, {node: values[node]})


def scaled(witness: Witness, function: Callable[[float], float]) -> Witness:
    """The witness of a function of a sum: the same nodes, with amounts in the same proportion."""
    value = function(witness.value)
    factor = value / witness.value if witness.value else 0.0
    amounts = {place: factor * amount for place, amount in witness.amounts.items()}
    return replace(witness, value=value, amounts=amounts)
