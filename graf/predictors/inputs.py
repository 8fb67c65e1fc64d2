"""Inputs: from items to the table of numbers that a model sees."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_array

from graf.checks import unmasked
from graf.exceptions import InputError, UnknownNameError, check_known
from graf.features import Column, GraphFeatures, parse_column
from graf.features.published import published_columns
from graf.graph.batch import FOREIGN
from graf.predictors.checks import check_pandas
from graf.predictors.groups import graph_columns
from graf.sources.items import architectures_of, read_batch
from graf.spaces import SearchSpace

__all__ = ["Inputs"]

FEATURE_CHOICES = ("all", "graph", "given")
LARGEST = float(np.finfo(np.float32).max)  # scikit-learn's trees compute in float32


@dataclass(frozen=True)
class Inputs:
    """What a fitted predictor takes from items.

    Parameters
    ----------
    graph : fitted features of the graphs, or None.
    given : names of the columns taken from a DataFrame.
    """

    graph: GraphFeatures | None
    given: tuple[str, ...]

    @classmethod
    def learn(cls, items: Any, features: str, graph: GraphFeatures) -> Inputs:
        """Fit `graph` and note the given columns, as far as `features` asks for them."""
        check_known("choice of features", features, FEATURE_CHOICES)
        has_given = features == "given" or (features == "all" and isinstance(items, pd.DataFrame))
        given = tuple(_columns(items).columns) if has_given else ()
        inputs = cls(None if features == "given" else _fitted(graph, items), given)
        inputs._check_names()
        return inputs

    @property
    def names(self) -> list[str]:
        """Columns of the table, graph features first."""
        return [*(self.graph.get_feature_names_out() if self.graph is not None else ()), *self.given]

    @property
    def columns(self) -> dict[str, Column]:
        """What the graph features hold, by their names, also those among given columns."""
        own = {} if self.graph is None else _fitted_columns(self.graph)
        return graph_columns(self.given) | own

    @property
    def plain_names(self) -> list[str]:
        """Names that say what columns hold, where published ones do not: those of models."""
        columns = self.columns
        return [str(columns.get(name, name)) for name in self.names]

    def _check_names(self) -> None:
        names = pd.Index(self.names)
        if names.empty:
            raise InputError("there are no columns to predict from; give `items` columns or `columns` names")
        if names.has_duplicates:
            raise InputError(
                f"column {names[names.duplicated()][0]!r} of `items` occurs twice or is a graph feature too;"
                " rename it, or set `features` to 'given' to use no other columns"
            )

    def table(self, items: Any) -> pd.DataFrame:
        """One row of floats per item; infinite values become the largest that models take."""
        parts = []
        if self.graph is not None:
            _check_space(items, self.graph.space_)
            parts.append(self.graph.transform(items))
        if self.given:
            parts.append(self._selected(items))
        index = parts[0].index
        return pd.concat([part.set_axis(index) for part in parts], axis=1).clip(-LARGEST, LARGEST)

    def _selected(self, items: Any) -> pd.DataFrame:
        if self.graph is not None and not isinstance(items, pd.DataFrame):
            raise InputError(
                f"`items` must be a DataFrame with the {len(self.given)} columns that the predictor was fitted"
                f" on ({', '.join(self.given[:3])}, ...), got {type(items).__name__}"
            )
        table = _columns(items)
        missing = [name for name in self.given if name not in table]
        if missing:
            raise InputError(
                f"`items` lack {len(missing)} columns that the predictor was fitted on: {', '.join(missing[:5])};"
                " add them, or fit on the columns that there are"
            )
        table = table[list(self.given)]
        if table.columns.has_duplicates:
            twice = table.columns[table.columns.duplicated()][0]
            raise InputError(f"column {twice!r} of `items` occurs twice; leave one of them out")
        return _floats(table)


def _fitted(graph: GraphFeatures, items: Any) -> GraphFeatures:
    """Graph features of items; of a table without architectures the error tells how to do without."""
    try:
        return graph.fit(items)
    except InputError as error:
        has_columns = isinstance(items, pd.DataFrame) and items.shape[1] > 0
        if not has_columns or isinstance(error, UnknownNameError):
            raise
        raise type(error)(f"{error}; or set `features` to 'given' to use the columns alone") from None


def _fitted_columns(graph: GraphFeatures) -> dict[str, Column]:
    """Fitted graph features by their names, which may be published ones."""
    if graph.compat is None or graph.space_ is None:
        columns = {name: parse_column(name) for name in graph.get_feature_names_out()}
        return {
            name: replace(column, simplified=True) if graph.of_function else column
            for name, column in columns.items()
        }
    published = published_columns(graph.space_, graph.compat)
    return {found.name: found.column for found in published if found.column is not None}


def _check_space(items: Any, space: SearchSpace | None) -> None:
    """Raise `InputError` for a graph with an operation that the search space does not have."""
    if space is None or architectures_of(items) is not None:
        return
    batch = read_batch(items)[1]
    strange = np.flatnonzero(batch.with_ops(space.ops).node_op == FOREIGN)
    if len(strange):
        item = int(np.searchsorted(batch.offset, strange[0], side="right")) - 1
        name = batch[item].op_names[strange[0] - batch.offset[item]]
        raise InputError(
            f"item {item} must be a graph of {space.name}, the predictor's search space, which has no operation"
            f" {name!r}; fit a predictor on graphs like it"
        )


def _columns(items: Any) -> pd.DataFrame:
    """A DataFrame, or a two-dimensional array of numbers as one, with names of columns as text."""
    if isinstance(items, pd.DataFrame):
        return items.set_axis(items.columns.map(str), axis=1)
    check_pandas("items", items)
    try:
        values = check_array(unmasked(items), dtype=np.float64, ensure_all_finite=False)
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise InputError(
            f"`items` must be a table of numbers where `features` is 'given': {reason}"
        ) from None
    return pd.DataFrame(values).add_prefix("x")


def _floats(table: pd.DataFrame) -> pd.DataFrame:
    types = pd.api.types
    table = table.infer_objects()  # numbers may be objects, as in a table that was transposed
    for name, dtype in table.dtypes.items():
        is_number = types.is_numeric_dtype(dtype) or types.is_bool_dtype(dtype)  # Arrow's booleans are none
        if not is_number or types.is_complex_dtype(dtype):
            raise InputError(f"column {name!r} of `items` must hold real numbers, got {dtype}; drop it")
    if len(table) == 0:
        raise InputError("`items` must hold at least one row, got none")
    return pd.DataFrame(table.to_numpy(np.float64, na_value=np.nan), table.index, table.columns)
