"""SHAP values against their definition, and the check of their sum."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from sklearn.ensemble import ExtraTreesRegressor

from graf.exceptions import GrafError
from graf.explainers.shap_values import check_additivity, shap_values


def expected_value(tree, node, x, known):
    """Mean prediction where only some features are known, as the tree's own rows weigh it."""
    if tree.children_left[node] < 0:
        return tree.value[node].item()
    children = [tree.children_left[node], tree.children_right[node]]
    feature = tree.feature[node]
    if feature in known:
        chosen = children[int(x[feature] > tree.threshold[node])]
        return expected_value(tree, chosen, x, known)
    sizes = tree.weighted_n_node_samples[children]
    values = [expected_value(tree, child, x, known) for child in children]
    return np.average(values, weights=sizes)


def naive_shap(forest, x):
    """Shapley values by all subsets of features."""
    n = len(x)
    trees = [estimator.tree_ for estimator in forest.estimators_]

    def value(known):
        return np.mean([expected_value(tree, 0, x, known) for tree in trees])

    found = np.zeros(n)
    for i in range(n):
        others = [j for j in range(n) if j != i]
        for size in range(n):
            weight = factorial(size) * factorial(n - size - 1) / factorial(n)
            for known in combinations(others, size):
                found[i] += weight * (value({*known, i}) - value({*known}))
    return found


def test_forest_values_are_shapley_values():
    rng = np.random.default_rng(0)
    X = rng.integers(0, 4, (40, 3)).astype(float)
    forest = ExtraTreesRegressor(4, random_state=0).fit(X, X[:, 0] * X[:, 1] + rng.normal(size=40))
    values, base = shap_values(forest, X[:5])
    np.testing.assert_allclose(values, [naive_shap(forest, x) for x in X[:5]], atol=1e-10)
    assert base == pytest.approx(forest.predict(X).mean())


def test_a_sum_that_is_off_is_an_internal_error():
    values = np.ones((2, 3))
    check_additivity(None, values, 1.0, np.array([4.0, 4.0]))
    with pytest.raises(GrafError, match=r"internal error: the SHAP values of row 1 add up to 4,.* 4\.001"):
        check_additivity(None, values, 1.0, np.array([4.0, 4.001]))
    with pytest.raises(GrafError, match="internal error"):
        check_additivity(None, values, 1.0, np.array([4.0, np.nan]))
