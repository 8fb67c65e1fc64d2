"""GraphFeatures: architectures or graphs in, a table of named columns out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from graf.exceptions import InputError, UnknownNameError
from graf.features.choices import check_choice, choice_columns, choice_values, has_choices
from graf.features.columns import CHOICE, Column, parse_column
from graf.features.defaults import Simplified, columns_of, columns_of_graphs
from graf.features.networks import ATTRIBUTES
from graf.features.plan import Plan
from graf.features.published import PublishedColumn, published_columns
from graf.features.simplified import simplified
from graf.ops import OpSet, is_known
from graf.sources.items import read_batch
from graf.spaces import SearchSpace

__all__ = ["GraphFeatures"]


class GraphFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn has no types
    """Readable features of architectures or computation graphs.

    Parameters
    ----------
    space : name of the search space or a `SearchSpace`; None infers it from the notation of the
        first architecture. Not needed for graphs.
    columns : names of the columns to compute, as `get_feature_names_out` gives them; None for
        those of the default families that vary within the space (`graf.features.defaults`), or for
        those of whole networks (`graf.features.networks`).
    compat : None, or a release of the published code, "zc_combine", "graf_nas" or "paper": the
        published columns, with their names, order and sentinels.
    simplified : True computes on `ComputationGraph.simplified()` graphs, so that cells of
        NAS-Bench-201 and TransNAS-Bench-101-micro get the same values exactly if they have the same
        function (in other spaces nearly so); "both" gives the graph's own columns and these,
        as in `live.depth@simplified`, where any of these says something new (for architectures of a
        search space; graphs of none get the plain columns).
    choices : whether the default columns are followed by those of what architectures chose in their
        search space, such as `choice(1->2=skip)`, if it has at most 64 choices (`graf.features.choices`);
        graphs do not tell these.

    Attributes
    ----------
    space_ : the search space, None for graphs.
    ops_ : `OpSet` that operation sets are drawn from: the space's, or all seen in `fit`.
    attributes_, cells_ : attributes of nodes and named cells of the graphs seen in `fit`.
    feature_names_in_ : not set; items have no columns.

    Notes
    -----
    A column name reads `family(op+op).stat@cell` and parses back (`graf.features.parse_column`).
    The name of a group of operations stands for all of them, also for those that `fit` did not
    see; other operations that it did not see belong to no set. Undefined values are NaN: there is
    no path, nothing is live. Time grows linearly with graphs and edges; the families' own costs are
    in `graf.features.FEATURES`.

    Examples
    --------
    >>> cells = ["|nor_conv_3x3~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|"]
    >>> X = GraphFeatures().fit_transform(cells)
    >>> X[["op_count(conv3x3)", "path_ops(skip).mean", "op_depth(skip).first_in"]].iloc[0].tolist()
    [1.0, 1.0, 1.0]
    """

    def __init__(
        self,
        space: str | SearchSpace | None = None,
        columns: Sequence[str] | None = None,
        compat: str | None = None,
        simplified: Simplified = False,
        choices: bool = False,
    ) -> None:
        self.space = space
        self.columns = columns
        self.compat = compat
        self.simplified = simplified
        self.choices = choices

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the space and its operations from items; values are not looked at."""
        if not (isinstance(self.simplified, (bool, np.bool_)) or self.simplified == "both"):
            raise InputError(f"`simplified` must be True, False or 'both', got {self.simplified!r:.40}")
        _, batch, self.space_ = read_batch(X, self.space)
        self.ops_: OpSet = self.space_.ops if self.space_ is not None else batch.ops
        self.attributes_: list[str] = list(batch.attributes)
        self.cells_: list[str] = list(batch.cells)
        columns = self._planned(self.choices and has_choices(X, self.space_), batch.is_chains)
        self._names = np.array([column.name for column in columns], dtype=object)
        self._chosen = [c.column for c in columns if c.column is not None and c.column.family == CHOICE]
        self._plan = Plan.of([column for column in columns if column.column not in self._chosen])
        return self

    def _planned(self, choices: bool, is_chains: bool) -> list[PublishedColumn]:
        if self.compat is not None:
            if self.columns is not None:
                raise InputError("`columns` cannot be given together with `compat`; leave one out")
            if self.space_ is None:
                raise InputError("`compat` needs architectures of a search space, got graphs; name `space`")
            return published_columns(self.space_, self.compat)
        if self.columns is not None:
            if isinstance(self.columns, str) or not np.iterable(self.columns):
                raise InputError(
                    f"`columns` must be a list of names, got {self.columns!r:.60}; wrap it in a list"
                )
            columns = [self._known(parse_column(name)) for name in self.columns]
        elif self.space_ is not None:
            columns = list(columns_of(self.space_, self.simplified))
            columns += choice_columns(self.space_) if choices else ()
        else:
            columns = columns_of_graphs(self.ops_, self.attributes_, self.cells_, self.of_function, is_chains)
        return [PublishedColumn(str(column), column) for column in columns]

    def _known(self, column: Column) -> Column:
        if column.family == CHOICE:
            check_choice(self.space_, column)
            return column
        of_networks = self.space_ is None
        for name in column.ops:
            if not (self.ops_.members(name) or (of_networks and is_known(name))):
                self.ops_.index(name)
        attributes = [*self.attributes_, *(ATTRIBUTES if of_networks else ())]
        for kind, name, known in (
            ("cell", column.cell, self.cells_),
            ("attribute of nodes", column.attribute, attributes),
        ):
            if name and name not in known:
                raise UnknownNameError(kind, name, known)
        return column

    def transform(self, X: Any) -> pd.DataFrame:
        """Features of items, one row each, indexed by architecture where items are that."""
        check_is_fitted(self, "ops_")
        ops = None if self.space_ is None else self.ops_
        index, batch, _ = read_batch(X, self.space_, ops, published=self.compat is not None)
        if self.space_ is None:
            batch = batch.with_ops(OpSet.union([self.ops_, batch.ops]))
        if self.of_function:
            batch = simplified(batch)
        table = pd.DataFrame(self._plan.values(batch), index=index, columns=self._plan.names, copy=False)
        if self.space_ is None or not self._chosen:
            return table
        chosen = choice_values(self.space_, X, self._chosen)
        names = [str(column) for column in self._chosen]
        return pd.concat([table, pd.DataFrame(chosen, index, names)], axis=1)[self._names]

    @property
    def of_function(self) -> bool:
        """Whether columns without a mark are of simplified graphs; numpy's True is none of Python's."""
        return self.simplified not in (False, "both")

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Column names, which `columns` takes back."""
        check_is_fitted(self, "ops_")
        return self._names.copy()

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.no_validation = True
        tags.transformer_tags.preserves_dtype = []
        return tags
