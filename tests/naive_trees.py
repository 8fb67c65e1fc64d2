"""Shapley values of trees by their definition: all subsets of features. Slow on purpose."""

import json
from itertools import combinations
from math import factorial

import numpy as np


def scikit_learn_nodes(estimator, scale=1.0, output=0):
    """A fitted tree as nested dicts, leaves as numbers."""
    tree = estimator.tree_

    def node(i):
        if tree.children_left[i] < 0:
            return tree.value[i, output, 0] * scale
        children = [tree.children_left[i], tree.children_right[i]]
        return {
            "feature": tree.feature[i],
            "left": lambda x: x <= tree.threshold[i],
            "missing_left": bool(tree.missing_go_to_left[i]),
            "covers": tree.weighted_n_node_samples[children],
            "children": [node(child) for child in children],
        }

    return node(0)


def xgboost_nodes(model):
    """The trees of a fitted booster as nested dicts."""
    learner = json.loads(model.get_booster().save_raw("json"))["learner"]

    def node(tree, i):
        children = [tree["left_children"][i], tree["right_children"][i]]
        condition = np.float32(tree["split_conditions"][i])
        if children[0] < 0:
            return float(condition)
        return {
            "feature": tree["split_indices"][i],
            "left": lambda x: x < condition,
            "missing_left": bool(tree["default_left"][i]),
            "covers": [tree["sum_hessian"][child] for child in children],
            "children": [node(tree, child) for child in children],
        }

    return [node(tree, 0) for tree in learner["gradient_booster"]["model"]["trees"]]


def expected_value(node, x, known):
    """Mean prediction where only some features are known, as the rows of training weigh it."""
    if not isinstance(node, dict):
        return node
    value = np.float32(x[node["feature"]])
    left = node["missing_left"] if np.isnan(value) else node["left"](value)
    if node["feature"] in known:
        return expected_value(node["children"][0 if left else 1], x, known)
    values = [expected_value(child, x, known) for child in node["children"]]
    return np.average(values, weights=node["covers"])


def shapley_values(trees, x, groups=None):
    """The Shapley value of each feature, or of each group of features that become known together."""
    groups = range(len(x)) if groups is None else groups
    n, value = max(groups) + 1, _game(trees, x)

    def worth(known):
        return value[frozenset(i for i, group in enumerate(groups) if group in known)]

    found = np.zeros(n)
    for i in range(n):
        for known in _subsets(n, {i}):
            weight = factorial(len(known)) * factorial(n - len(known) - 1) / factorial(n)
            found[i] += weight * (worth(known | {i}) - worth(known))
    return found


def interventional_values(predict, x, background):
    """The Shapley value of each feature where unknown features are those of background rows, in the mean."""
    n = len(x)

    def value(known):
        return np.mean(predict([[x[j] if j in known else row[j] for j in range(n)] for row in background]))

    found = np.zeros(n)
    for i in range(n):
        for known in _subsets(n, {i}):
            weight = factorial(len(known)) * factorial(n - len(known) - 1) / factorial(n)
            found[i] += weight * (value(known | {i}) - value(known))
    return found


def interaction_values(trees, x):
    """Shapley interaction indices, halved, and what is left of the Shapley values on the diagonal."""
    n, value = len(x), _game(trees, x)
    found = np.zeros((n, n))
    for i, j in combinations(range(n), 2):
        for known in _subsets(n, {i, j}):
            weight = factorial(len(known)) * factorial(n - len(known) - 2) / factorial(n - 1) / 2
            both, neither = value[known | {i, j}], value[known]
            found[i, j] += weight * (both - value[known | {i}] - value[known | {j}] + neither)
    found += found.T
    return found + np.diag(shapley_values(trees, x) - found.sum(axis=1))


def _game(trees, x):
    return {known: sum(expected_value(tree, x, known) for tree in trees) for known in _subsets(len(x), set())}


def _subsets(n, without):
    others = [j for j in range(n) if j not in without]
    return [frozenset(known) for size in range(len(others) + 1) for known in combinations(others, size)]
