"""TreeShap: exact path-dependent SHAP values of tree ensembles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from graf.exceptions import InputError
from graf.explainers.ensembles import Ensemble, read_ensemble

__all__ = ["TreeShap"]

Array = NDArray[Any]
Floats = NDArray[np.float64]


class TreeShap:
    """SHAP values of a fitted tree ensemble; the training rows stand for what is not known.

    Parameters
    ----------
    model : a fitted regressor: a random forest, extra trees, gradient boosting or a single tree of
        scikit-learn, also of several outputs, or `xgboost.XGBRegressor`.

    Attributes
    ----------
    base_values : (n_outputs,) mean prediction where nothing is known.

    Raises
    ------
    UnsupportedError
        If the model is another, or its prediction is not a sum over leaves.

    Notes
    -----
    The game is that of `shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")`:
    where a feature is unknown, a row goes down both branches in proportion to the training rows that
    did. O(rows nodes width), where width is half the number of features on a path; computed in
    double precision, on all threads, with the same result whatever their number. Values and base
    value add up to the sum of the leaves; XGBoost itself adds them up in single precision.

    References
    ----------
    S. Lundberg et al., From local explanations to global understanding with explainable AI for
    trees, Nature Machine Intelligence 2020. P. Yu, C. Xu, A. Bifet, J. Read, Linear TreeShap,
    NeurIPS 2022.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeRegressor
    >>> tree = DecisionTreeRegressor().fit([[0, 0], [0, 1], [1, 0], [1, 1]], [0, 0, 0, 4])
    >>> explainer = TreeShap(tree)
    >>> explainer.base_values.tolist(), explainer.values([[1, 1]])[..., 0].round(9).tolist()
    ([1.0], [[1.5, 1.5]])
    >>> explainer.interactions([[1, 1]])[0, ..., 0].round(9).tolist()
    [[1.0, 0.5], [0.5, 1.0]]
    """

    def __init__(self, model: Any) -> None:
        from graf.kernels.tree_shap import Nodes, Splits, lay_out

        ensemble = read_ensemble(model)
        n, n_trees = len(ensemble.left), len(ensemble.offsets) - 1
        per_tree = [np.zeros(n_trees, np.int64) for _ in range(3)]
        kinds = (np.int64, np.int64, np.int64, np.float64, np.int64, np.int64, np.float64)
        self._nodes = Nodes(*per_tree, *(np.zeros(n, kind) for kind in kinds))
        means = np.empty((n_trees, len(ensemble.start)))
        offsets, left, right, feature = (np.ascontiguousarray(part, np.int64) for part in ensemble[:4])
        cover = np.ascontiguousarray(ensemble.cover, np.float64)
        lay_out(offsets, left, right, feature, cover, ensemble.values, self._nodes, means)
        self.base_values: Floats = ensemble.start + means.sum(axis=0)
        self._n_features, self._missing = ensemble.n_features, ensemble.missing
        self._splits = Splits(*_splits(ensemble, self._nodes.node))
        self._points = _gauss_legendre((int(self._nodes.widths.max()) + 1) // 2)

    def values(self, X: Any) -> Floats:
        """SHAP values (n, n_features, n_outputs) of rows; NaN is missing, `InputError` if X has other columns."""
        return self._run(X, pairs=False)[0]

    def interactions(self, X: Any) -> Floats:
        """SHAP interaction values (n, n_features, n_features, n_outputs) of rows.

        Symmetric; what two features do together counts half at [i, j] and half at [j, i], the rest
        of a feature's SHAP value on the diagonal, so that rows add up to SHAP values.
        """
        values, pairs = self._run(X, pairs=True)
        found: Floats = (pairs + pairs.swapaxes(1, 2)) / 2
        diagonal = np.arange(values.shape[1])
        found[:, diagonal, diagonal] = values - found.sum(axis=2)
        return found

    def _run(self, X: Any, pairs: bool) -> tuple[Floats, Floats]:
        from graf.kernels._jit import threads_for
        from graf.kernels.tree_shap import tree_shap

        rows = np.asarray(X, np.float32).astype(np.float64)  # as the trees themselves compare
        if rows.ndim != 2 or rows.shape[1] != self._n_features:
            raise InputError(f"`X` must have shape (n, {self._n_features}), as in training, got {rows.shape}")
        rows[rows == np.float32(self._missing)] = np.nan
        n, n_features, n_outputs = *rows.shape, len(self.base_values)
        out = np.zeros((n, n_features, n_outputs))
        crossed = np.zeros((n, n_features, n_features, n_outputs) if pairs else (0, 0, 0, 0))
        with threads_for(n):
            tree_shap(rows, self._nodes, self._splits, *self._points, out, crossed)
        return out, crossed


def _splits(ensemble: Ensemble, node: Array) -> tuple[Array, ...]:
    """Feature, threshold, whether missing goes left, and leaf children, of the nodes laid out."""
    first = np.repeat(ensemble.offsets[:-1], np.diff(ensemble.offsets))
    children = np.stack([ensemble.left, ensemble.right], axis=1)[node] + first[node, None]
    leaf = ensemble.left[children] < 0
    leaves = np.where(leaf[..., None], ensemble.values[children], np.nan)
    missing = ensemble.missing_left[node].astype(np.float64)
    return ensemble.feature[node].astype(np.int64), ensemble.threshold[node], missing, leaves


def _gauss_legendre(most: int) -> tuple[Floats, Floats]:
    """Points and weights (most + 1, most) on (0, 1): row n holds those of n points."""
    points, weights = np.zeros((2, most + 1, most))
    for n in range(1, most + 1):
        found, of = np.polynomial.legendre.leggauss(n)
        points[n, :n], weights[n, :n] = (found + 1) / 2, of / 2
    return points, weights
