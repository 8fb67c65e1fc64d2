"""TreeShap: exact SHAP values of tree ensembles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import beta

from graf.exceptions import InputError
from graf.explainers.ensembles import Ensemble, read_ensemble
from graf.explainers.shap_library import quiet_shap

__all__ = ["TreeShap"]

Array = NDArray[Any]
Floats = NDArray[np.float64]
LEAST = 10_000  # nodes, or nodes times rows, that are worth another thread


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
        self._ensemble = read_ensemble(model)
        self._every = _LaidOut(self._ensemble, np.arange(self._ensemble.n_features))
        self.base_values: Floats = self._every.base_values

    def __call__(self, X: Any, interactions: bool = False) -> Any:
        """A `shap.Explanation` of rows (n, n_features), as `shap.TreeExplainer` gives it, for the plots of shap.

        Names of features are those of the columns of a DataFrame. Of one output the last axis of
        values, or of interaction values, is left out.
        """
        values = self.interactions(X) if interactions else self.values(X)
        base_values = np.tile(self.base_values, (len(values), 1))
        if len(self.base_values) == 1:
            values, base_values = values[..., 0], base_values[:, 0]
        numbered = [f"Feature {i}" for i in range(self._ensemble.n_features)]  # some plots need names
        names = list(X.columns) if hasattr(X, "columns") else numbered
        with quiet_shap() as shap:
            return shap.Explanation(values, base_values, np.asarray(X), feature_names=names)

    def values(self, X: Any, groups: Any = None) -> Floats:
        """SHAP values (n, n_features, n_outputs) of rows; NaN is missing.

        Parameters
        ----------
        X : (n, n_features).
        groups : (n_features,) numbers from 0 of the group that each feature is of; the players are
            then groups whose features become known together (the quotient game), and values are
            (n, n_groups, n_outputs). They are not sums of the SHAP values of features: those share
            each effect among single features, so that a group gains by the number of its features.

        Raises
        ------
        InputError
            If X has other columns than in training, or groups are not one number from 0 per feature.
        """
        laid_out = self._every if groups is None else _LaidOut(self._ensemble, self._checked(groups))
        return laid_out.run(self._rows(X))[0]

    def interventional_values(self, X: Any, background: Any) -> Floats:
        """SHAP values (n, n_features, n_outputs) of rows, where rows of a background stand for what is not known.

        Unlike in `values`, unknown features have the values of a background row, in the mean over these rows;
        values add up to the prediction less the mean prediction of the background. Time grows with the
        rows of both.
        """
        from graf.kernels._jit import threads_for
        from graf.kernels.interventional_shap import interventional_shap

        rows, others, ensemble = self._rows(X), self._rows(background), self._ensemble
        before = np.arange(max(1, self._every.most_players))
        weights = beta(before[:, None] + 1, before + 1)
        out = np.zeros((*rows.shape, len(self.base_values)))
        with threads_for(len(rows) * len(others) * len(ensemble.offsets) // LEAST):
            interventional_shap(rows, others, *ensemble[:6], ensemble.values, weights, out)
        return out

    def interactions(self, X: Any) -> Floats:
        """SHAP interaction values (n, n_features, n_features, n_outputs) of rows.

        Symmetric; what two features do together counts half at [i, j] and half at [j, i], the rest
        of a feature's SHAP value on the diagonal, so that rows add up to SHAP values.
        """
        values, pairs = self._every.run(self._rows(X), pairs=True)
        found: Floats = (pairs + pairs.swapaxes(1, 2)) / 2
        diagonal = np.arange(values.shape[1])
        found[:, diagonal, diagonal] = values - found.sum(axis=2)
        return found

    def _rows(self, X: Any) -> Floats:
        rows = np.asarray(X, np.float32).astype(np.float64)  # as the trees themselves compare
        expected = self._ensemble.n_features
        if rows.ndim != 2 or rows.shape[1] != expected:
            raise InputError(f"`X` must have shape (n, {expected}), as in training, got {rows.shape}")
        rows[rows == np.float32(self._ensemble.missing)] = np.nan
        return rows

    def _checked(self, groups: Any) -> NDArray[np.int64]:
        found, n = np.asarray(groups), self._ensemble.n_features
        if found.shape != (n,) or found.dtype.kind not in "iu" or found.min() < 0:
            raise InputError(f"`groups` must be {n} numbers from 0, one per feature, got {groups!r:.60}")
        return found.astype(np.int64)


class _LaidOut:
    """An ensemble for kernels; players (n_features,) are the player that each feature is of."""

    def __init__(self, ensemble: Ensemble, players: NDArray[np.int64]) -> None:
        from graf.kernels._jit import threads_for
        from graf.kernels.tree_shap import Nodes, Splits, lay_out

        n, n_trees = len(ensemble.left), len(ensemble.offsets) - 1
        player = players[np.maximum(ensemble.feature, 0)]
        per_tree = [np.zeros(n_trees, np.int64) for _ in range(3)]
        kinds = (np.int64, np.int64, np.int64, np.float64, np.int64, np.int64, np.float64)
        self.nodes = Nodes(*per_tree, *(np.zeros(n, kind) for kind in kinds))
        means = np.empty((n_trees, len(ensemble.start)))
        offsets, left, right = (np.ascontiguousarray(part, np.int64) for part in ensemble[:3])
        cover = np.ascontiguousarray(ensemble.cover, np.float64)
        with threads_for(n // LEAST):
            lay_out(offsets, left, right, player, cover, ensemble.values, self.nodes, means)
        self.base_values: Floats = ensemble.start + means.sum(axis=0)
        self.n_players = int(players.max()) + 1
        self.most_players = int(self.nodes.widths.max())
        self.splits = Splits(player[self.nodes.node], *_splits(ensemble, self.nodes.node))
        self.points = _gauss_legendre((self.most_players + 1) // 2)

    def run(self, rows: Floats, pairs: bool = False) -> tuple[Floats, Floats]:
        """Values (n, n_players, n_outputs), and mixed derivatives of pairs."""
        from graf.kernels._jit import threads_for
        from graf.kernels.tree_shap import tree_shap

        n, k, n_outputs = len(rows), self.n_players, len(self.base_values)
        out = np.zeros((n, k, n_outputs))
        crossed = np.zeros((n, k, k, n_outputs) if pairs else (0, 0, 0, 0))
        with threads_for(n * len(self.nodes.node) // LEAST):
            tree_shap(rows, self.nodes, self.splits, *self.points, out, crossed)
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
        roots, shares = np.polynomial.legendre.leggauss(n)
        points[n, :n], weights[n, :n] = (roots + 1) / 2, shares / 2
    return points, weights
