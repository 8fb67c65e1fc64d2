"""SHAP values of one model, and the check of their sum."""

import naive_trees
import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor

from graf.exceptions import GrafError
from graf.explainers.shap_values import check_additivity, shap_values


def test_forest_values_are_shapley_values():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (40, 3)).astype(float)
    forest = ExtraTreesRegressor(4, random_state=0).fit(X, X[:, 0] * X[:, 1] + rng.normal(size=40))
    values, base = shap_values(forest, X[:5])
    trees = [naive_trees.scikit_learn_nodes(estimator, 1 / 4) for estimator in forest.estimators_]
    np.testing.assert_allclose(values, [naive_trees.shapley_values(trees, x) for x in X[:5]], atol=1e-10)
    assert base == pytest.approx(forest.predict(X).mean())


def test_a_sum_that_is_off_is_an_internal_error():
    values = np.ones((2, 3))
    check_additivity(None, values, 1.0, np.array([4.0, 4.0]))
    with pytest.raises(GrafError, match=r"internal error: the SHAP values of row 1 add up to 4,.* 4\.001"):
        check_additivity(None, values, 1.0, np.array([4.0, 4.001]))
    with pytest.raises(GrafError, match="internal error"):
        check_additivity(None, values, 1.0, np.array([4.0, np.nan]))
