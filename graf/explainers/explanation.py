"""Explanation: what each feature added to each prediction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from graf.exceptions import InputError, UnknownNameError, UnsupportedError, check_known
from graf.explainers import grouping, placing, shap_plots
from graf.features import Column
from graf.graph import ComputationGraph
from graf.graph.drawing import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Explanation"]

BY_TARGET = ("values", "base_values", "predictions", "interactions", "errors")  # targets are the last axis


@dataclass(frozen=True, eq=False)
class Explanation:
    """SHAP values of predictions; with the base value they add up to the prediction.

    Parameters
    ----------
    values : (n, n_features) for one target, (n, n_features, n_targets) for several, in the
        units of the targets.
    base_values : (n,) or (n, n_targets); the prediction when nothing is known, and what `explain` adds to it.
    predictions : (n,) or (n, n_targets).
    data : the features, a DataFrame (n, n_features) indexed by architecture.
    target_names : names of the targets, last axis of the arrays.
    columns : what the graph features among the features hold, by name.
    graph_of : gives the graph of the architecture at a position; None if there are no graphs.
    interactions : (n, n_features, n_features) or (n, n_features, n_features, n_targets), where they
        were asked for: what two features do together, half at [i, j] and half at [j, i], and on the
        diagonal what each does alone; rows add up to `values`.
    errors : standard errors of `values` where these are sampled (model "auto"), as if background rows were drawn
        at random; 0 where they are exact, NaN where one background row tells no spread.

    Notes
    -----
    Where features are correlated, SHAP shares an effect among them: look at `importance` by
    family or operation too.
    """

    values: NDArray[np.float64]
    base_values: NDArray[np.float64]
    predictions: NDArray[np.float64]
    data: pd.DataFrame
    target_names: tuple[str, ...]
    columns: Mapping[str, Column] = field(default_factory=dict)
    graph_of: Callable[[int], ComputationGraph] | None = None
    interactions: NDArray[np.float64] | None = None
    errors: NDArray[np.float64] | None = None

    @property
    def feature_names(self) -> list[str]:
        """Names of the features, second axis of `values`."""
        return list(self.data.columns)

    @property
    def architectures(self) -> pd.Index[Any]:
        """The architectures explained, first axis of the arrays."""
        return self.data.index

    def select(self, target: str) -> Explanation:
        """The explanation of one target; `UnknownNameError` lists near names."""
        check_known("target", target, self.target_names)
        if self.values.ndim == 2:
            return self
        k = self.target_names.index(target)
        arrays = {name: getattr(self, name) for name in BY_TARGET}
        own = {name: array[..., k] for name, array in arrays.items() if array is not None}
        return replace(self, **own, target_names=(target,))

    def importance(self, by: str = "feature") -> pd.DataFrame:
        """Mean absolute SHAP value in the target's unit, one column per target, largest first.

        Parameters
        ----------
        by : "feature"; "family", where the values of a family are added per architecture before
            the absolute value is taken; or "operation", where a feature counts in equal parts
            for each operation of its set.

        Notes
        -----
        With several targets, rows are ordered by their mean share of the target's total.
        """
        weights = grouping.weights(self.feature_names, self.columns, by)
        sums = np.einsum("nft,fg->ngt", self.cube, weights.to_numpy())
        table = pd.DataFrame(
            np.abs(sums).mean(axis=0),
            index=weights.columns.rename(by),
            columns=pd.Index(self.target_names, name="target"),
        )
        share = (table / table.sum()).mean(axis=1)
        return table.loc[share.sort_values(ascending=False, kind="stable").index]

    @property
    def cube(self) -> NDArray[np.float64]:
        """`values` with an axis of targets, (n, n_features, n_targets)."""
        return self.values.reshape(*self.data.shape, len(self.target_names))

    def graph(self, architecture: Any) -> ComputationGraph:
        """The computation graph of one of the architectures."""
        return self.graph_at(self._row(architecture))

    def place(self, architecture: Any) -> pd.DataFrame:
        """What each node and each edge of an architecture's graph earned, largest first.

        The attribution of a column is shared over its witness, the part of the graph that made its
        value (`graf.explainers.witnesses`), in proportion to what each node and edge adds to it:
        equally over the operations of a longest path, by parameters for a total of these. What
        belongs to no part of the graph is in one row `elsewhere`: columns that count what is not
        there, eigenvalues, and columns that are not of the graph, such as proxies.

        Parameters
        ----------
        architecture : as in `architectures`; the position of a graph.

        Returns
        -------
        DataFrame
            `kind` ("node", "edge" or "elsewhere"), `node` (number in `graph(architecture)`; of an edge
            where it begins), `to` (where it ends), `operation`, and a column of attributions per
            target. Each of these adds up to the prediction less the base value.

        Raises
        ------
        UnknownNameError
            If the architecture was not explained.
        UnsupportedError
            If the predictor knows no graphs.

        Examples
        --------
        >>> from graf import PerformancePredictor, explain, get_space
        >>> cells = get_space("nasbench201").sample(60)
        >>> predictor = PerformancePredictor().fit(cells, [cell.count("conv_3x3") for cell in cells])
        >>> explain(predictor, cells[:1]).place(cells[0]).columns.tolist()
        ['kind', 'node', 'to', 'operation', 'target']
        """
        row = self._row(architecture)
        return placing.place(self, row, self.graph_at(row))

    def plot_graph(self, architecture: Any, target: str | None = None, n: int = 4, **kwargs: Any) -> Picture:
        """The graph of an architecture with what earned most in colour, as SVG.

        Stripes and rings show the witnesses of the `n` columns (at most 7) with the largest
        attributions, such as a longest path, and the legend their points; of columns with the same
        witness the strongest. Numbers in boxes are what `place` gives, edges halved between their
        ends; in the drawing of a block that occurs several times, over all of these.

        Parameters
        ----------
        architecture : as in `architectures`; the position of a graph.
        target : needed if there are several.
        **kwargs : `depth`, `module` and `width` as in `ComputationGraph.plot`.
        """
        return placing.picture(self._single(target), self._row(architecture), n, **kwargs)

    def _row(self, architecture: Any) -> int:
        wanted = str(tuple(architecture)) if isinstance(architecture, (tuple, list)) else architecture
        for row, known in enumerate(self.architectures):
            if known == wanted:
                return row
        raise UnknownNameError("architecture", architecture, map(str, self.architectures[:1000]))

    def to_shap(self, target: str | None = None) -> Any:
        """A `shap.Explanation` of one target, for the plots of shap."""
        return shap_plots.to_shap(self._single(target))

    def plot_beeswarm(self, target: str | None = None, **kwargs: Any) -> Axes:
        """SHAP values of the strongest features, one dot per architecture; the Axes."""
        return shap_plots.beeswarm(self._single(target), **kwargs)

    def plot_bar(self, target: str | None = None, **kwargs: Any) -> Axes:
        """Mean absolute SHAP values of the strongest features; the Axes."""
        return shap_plots.bar(self._single(target), **kwargs)

    def plot_dependence(self, feature: str, target: str | None = None, **kwargs: Any) -> Axes:
        """SHAP value over the value of one feature; the Axes."""
        check_known("feature", feature, self.feature_names)
        return shap_plots.dependence(self._single(target), feature, **kwargs)

    def plot_heatmap(self, target: str | None = None, **kwargs: Any) -> Axes:
        """SHAP values of the strongest features by architecture, as colours; the Axes."""
        return shap_plots.heatmap(self._single(target), **kwargs)

    def graph_at(self, row: int) -> ComputationGraph:
        """The computation graph of the architecture at a position."""
        if self.graph_of is None:
            raise UnsupportedError(
                "this explanation has no graphs: its predictor was fitted with features='given'"
            )
        return self.graph_of(row)

    def _single(self, target: str | None) -> Explanation:
        if target is not None:
            return self.select(target)
        if len(self.target_names) > 1:
            raise InputError(f"`target` must be named, one of {', '.join(self.target_names)}")
        return self

    def _repr_html_(self) -> str:
        head = self.importance().head(10)
        table: str = head.to_html(float_format=lambda value: f"{value:.4g}")
        return f"<p>Mean |SHAP| of {len(self.data)} architectures, strongest features</p>{table}"

    def __repr__(self) -> str:
        targets = ", ".join(self.target_names)
        n, k = self.data.shape
        return f"<Explanation of {targets}: {n} architectures, {k} features>"
