"""Exact SHAP values against their definition and against shap."""

import matplotlib.pyplot as plt
import naive_trees
import numba
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor, RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from graf.exceptions import InputError, UnsupportedError
from graf.explainers import TreeShap
from graf.explainers.shap_library import quiet_shap
from graf.predictors.forest import MixedForest

N_FEATURES = 4


@pytest.fixture(scope="module")
def data():
    """Few values, so that features come again on a path; some missing."""
    rng = np.random.default_rng(0)
    X = rng.integers(0, 6, (60, N_FEATURES)) / 7
    y = X[:, 0] * X[:, 1] + np.sin(5 * X[:, 2]) + rng.normal(scale=0.1, size=60)
    X[rng.random(X.shape) < 0.1] = np.nan
    return X, y


def forest_nodes(model, output=0):
    return [naive_trees.scikit_learn_nodes(e, 1 / len(model.estimators_), output) for e in model.estimators_]


def added_up(model, X):
    """Values and base values of rows, added up, (n, n_outputs)."""
    explainer = TreeShap(model)
    return explainer.values(X).sum(axis=1) + explainer.base_values


MODELS = {
    "random forest": (RandomForestRegressor(3, random_state=0), forest_nodes),
    "extra trees": (ExtraTreesRegressor(3, random_state=0), forest_nodes),
    "mixed forest": (MixedForest(2, random_state=0), forest_nodes),
    "one tree": (
        DecisionTreeRegressor(random_state=0),
        lambda model: [naive_trees.scikit_learn_nodes(model)],
    ),
    "medians": (
        DecisionTreeRegressor(criterion="absolute_error", max_depth=4),
        lambda model: [naive_trees.scikit_learn_nodes(model)],
    ),
    "xgboost": (XGBRegressor(n_estimators=4), naive_trees.xgboost_nodes),
    "many at a time": (XGBRegressor(n_estimators=2, num_parallel_tree=2), naive_trees.xgboost_nodes),
}


@pytest.mark.parametrize("name", MODELS)
def test_values_and_interactions_are_those_of_the_definition(name, data):
    model, nodes = MODELS[name]
    X, y = data
    trees = nodes(model.fit(X, y))
    explainer = TreeShap(model)
    rows = X[:6]
    values, pairs = explainer.values(rows)[..., 0], explainer.interactions(rows)[..., 0]
    np.testing.assert_allclose(values, [naive_trees.shapley_values(trees, x) for x in rows], atol=1e-12)
    np.testing.assert_allclose(pairs, [naive_trees.interaction_values(trees, x) for x in rows], atol=1e-12)
    start = model.intercept_[0] if name in ("xgboost", "many at a time") else 0.0
    nothing = sum(naive_trees.expected_value(tree, X[0], frozenset()) for tree in trees)
    np.testing.assert_allclose(explainer.base_values, [start + nothing], rtol=1e-7)


@pytest.mark.parametrize("name", MODELS)
def test_values_with_a_background_are_those_of_the_definition(name, data):
    X, y = data
    model = MODELS[name][0].fit(X, y)
    values = TreeShap(model).interventional_values(X[:4], X[30:35])[..., 0]
    expected = [naive_trees.interventional_values(model.predict, x, X[30:35]) for x in X[:4]]
    single = "xgboost" in name or name == "many at a time"
    np.testing.assert_allclose(values, expected, atol=1e-6 if single else 1e-12)


def test_a_background_of_neighbouring_numbers():
    X = np.array([[2 + 2**-22], [2 + 2**-21]])  # in single precision the threshold between them is the larger
    tree = DecisionTreeRegressor().fit(X, [0.0, 1.0])
    assert TreeShap(tree).interventional_values(X, X[:1])[..., 0].tolist() == [[0.0], [1.0]]


def test_a_background_of_a_large_tree():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20_000, 5)), rng.normal(size=20_000)
    tree = DecisionTreeRegressor(random_state=0).fit(X, y)
    assert tree.tree_.node_count > 2**15
    total = TreeShap(tree).interventional_values(X[:2], X[-3:]).sum(axis=1) + tree.predict(X[-3:]).mean()
    np.testing.assert_allclose(total[:, 0], y[:2], rtol=1e-12)


@pytest.mark.parametrize("name", ["random forest", "extra trees", "one tree", "medians"])
def test_values_add_up(name, data):
    model = MODELS[name][0].fit(*data)
    np.testing.assert_allclose(added_up(model, data[0])[:, 0], model.predict(data[0]), rtol=1e-12)


def test_gradient_boosting_adds_up(data):
    X, y = np.nan_to_num(data[0]), data[1]
    for init in (None, "zero"):
        model = GradientBoostingRegressor(n_estimators=20, init=init, random_state=0).fit(X, y)
        np.testing.assert_allclose(added_up(model, X)[:, 0], model.predict(X), rtol=1e-12)


def test_several_outputs_at_once(data):
    X, y = data
    model = RandomForestRegressor(3, random_state=0).fit(X, np.column_stack([y, -2 * y, X[:, 3] > 0]))
    explainer = TreeShap(model)
    values, pairs = explainer.values(X[:3]), explainer.interactions(X[:3])
    assert values.shape == (3, N_FEATURES, 3)
    for k in range(3):
        trees = forest_nodes(model, k)
        expected = [naive_trees.shapley_values(trees, x) for x in X[:3]]
        np.testing.assert_allclose(values[..., k], expected, atol=1e-12)
        expected = [naive_trees.interaction_values(trees, x) for x in X[:3]]
        np.testing.assert_allclose(pairs[..., k], expected, atol=1e-12)


def test_several_outputs_of_xgboost(data):
    X, y = data
    model = XGBRegressor(n_estimators=5).fit(X, np.column_stack([y, -y]))
    np.testing.assert_allclose(added_up(model, X), model.predict(X), rtol=1e-5, atol=1e-6)


def test_deep_forests_agree_with_shap():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(150, 30)).round(1)
    X[rng.random(X.shape) < 0.05] = np.nan
    y = np.nan_to_num(X[:, :3]).prod(axis=1) + rng.normal(size=150)
    model = RandomForestRegressor(4, random_state=0).fit(X, y, sample_weight=rng.random(150))
    rows = X[:20]
    with quiet_shap() as shap:
        theirs = shap.TreeExplainer(model, feature_perturbation="tree_path_dependent")
        expected = theirs.shap_values(rows)
        expected_pairs = theirs.shap_interaction_values(rows[:3])
    explainer = TreeShap(model)
    np.testing.assert_allclose(explainer.values(rows)[..., 0], expected, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(explainer.interactions(rows[:3])[..., 0], expected_pairs, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(explainer.base_values, theirs.expected_value, rtol=1e-12)
    np.testing.assert_allclose(added_up(model, X)[:, 0], model.predict(X), rtol=1e-11, atol=1e-11)


def test_xgboost_agrees_with_its_own_contributions(data):
    from xgboost import DMatrix

    X, y = data
    for model in (
        XGBRegressor(n_estimators=50),
        XGBRegressor(n_estimators=20, booster="dart", rate_drop=0.5),
        XGBRegressor(n_estimators=20, missing=0.0),
        XGBRegressor(n_estimators=20, objective="reg:absoluteerror"),
    ):
        model.fit(X, y)
        matrix = DMatrix(X, missing=model.missing)
        expected = model.get_booster().predict(matrix, pred_contribs=True)
        explainer = TreeShap(model)
        np.testing.assert_allclose(explainer.values(X)[..., 0], expected[:, :-1], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(explainer.base_values[0], expected[0, -1], rtol=1e-5, atol=1e-6)


def test_xgboost_adds_up_in_double_precision(data):
    X, y = data
    model = XGBRegressor(n_estimators=50).fit(X, y)
    everything = frozenset(range(N_FEATURES))
    trees = naive_trees.xgboost_nodes(model)
    start = TreeShap(model).base_values[0] - sum(
        naive_trees.expected_value(t, X[0], frozenset()) for t in trees
    )
    expected = [start + sum(naive_trees.expected_value(t, x, everything) for t in trees) for x in X]
    total = added_up(model, X)[:, 0]
    np.testing.assert_allclose(total, expected, rtol=1e-11)
    np.testing.assert_allclose(total, model.predict(X), rtol=1e-5)


def test_only_the_iterations_that_predict(data):
    X, y = data
    model = XGBRegressor(n_estimators=50, early_stopping_rounds=1)
    model.fit(X[:30], y[:30], eval_set=[(X[30:], y[30:])], verbose=False)
    assert model.best_iteration + 1 < model.get_booster().num_boosted_rounds()
    np.testing.assert_allclose(added_up(model, X)[:, 0], model.predict(X), rtol=1e-5)


def test_trees_without_splits(data):
    X = data[0]
    for model in (RandomForestRegressor(2), XGBRegressor(n_estimators=2)):
        explainer = TreeShap(model.fit(X, np.full(len(X), 3.0)))
        assert not explainer.values(X).any()
        assert explainer.base_values == pytest.approx([3.0])
    stump = TreeShap(DecisionTreeRegressor(max_depth=1).fit(X, data[1]))
    assert (stump.values(X) != 0).any(axis=(0, 2)).sum() == 1


def test_branches_that_no_row_weighs_anything_in(data):
    X, y = data
    weight = np.arange(len(y)) % 2.0
    model = DecisionTreeRegressor(random_state=0).fit(X, y, sample_weight=weight)
    np.testing.assert_allclose(added_up(model, X)[:, 0], model.predict(X), rtol=1e-12)


def test_the_result_does_not_depend_on_threads_nor_on_the_other_rows(data):
    X, y = data
    explainer = TreeShap(RandomForestRegressor(5, random_state=0).fit(X, y))
    together = explainer.values(X)
    np.testing.assert_array_equal(together[7:8], explainer.values(X[7:8]))
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        np.testing.assert_array_equal(together, explainer.values(X))
    finally:
        numba.set_num_threads(before)
    assert explainer.values(X[:0]).shape == (0, N_FEATURES, 1)


def test_what_is_no_sum_over_leaves(data):
    X, y = data
    positive = y - y.min() + 1
    with pytest.raises(UnsupportedError, match=r"one of the objectives .* got count:poisson"):
        TreeShap(XGBRegressor(n_estimators=2, objective="count:poisson").fit(X, positive))
    with pytest.raises(UnsupportedError, match="got binary:logistic"):
        TreeShap(XGBClassifier(n_estimators=2).fit(X, y > 0))
    with pytest.raises(UnsupportedError, match="got a linear booster"):
        TreeShap(XGBRegressor(n_estimators=2, booster="gblinear").fit(np.nan_to_num(X), y))
    with pytest.raises(UnsupportedError, match="without categories and vectors"):
        vectors = XGBRegressor(n_estimators=2, multi_strategy="multi_output_tree")
        TreeShap(vectors.fit(X, np.column_stack([y, y])))


def test_rows_of_another_width(data):
    X, y = data
    with pytest.raises(InputError, match=r"`X` must have shape \(n, 4\), as in training, got \(60, 3\)"):
        TreeShap(DecisionTreeRegressor().fit(X, y)).values(X[:, :3])


@pytest.mark.parametrize("groups", [[0, 1, 2, 3], [0, 0, 1, 1], [1, 0, 1, 1], [0, 0, 0, 0]])
def test_groups_are_players(groups, data):
    X, y = data
    model = RandomForestRegressor(2, random_state=0).fit(X, y)
    trees, rows = forest_nodes(model), X[:4]
    expected = [naive_trees.shapley_values(trees, x, groups) for x in rows]
    np.testing.assert_allclose(TreeShap(model).values(rows, groups)[..., 0], expected, atol=1e-12)


def test_groups_are_not_sums_of_features(data):
    X, y = data
    twice = np.column_stack([X, X[:, 0]])  # an effect shared by two columns
    model = ExtraTreesRegressor(20, random_state=0).fit(twice, y)
    explainer, groups = TreeShap(model), np.array([0, 1, 2, 3, 0])
    sums = explainer.values(twice)[..., 0] @ np.eye(4)[groups]
    together = explainer.values(twice, groups)[..., 0]
    np.testing.assert_allclose(sums.sum(axis=1), together.sum(axis=1))
    assert np.abs(sums - together).max() > 1e-3


@pytest.mark.parametrize("groups", [[0, 1], [0.5, 0, 1, 1], [-1, 0, 1, 1]])
def test_groups_that_are_none(groups, data):
    with pytest.raises(InputError, match="`groups` must be 4 numbers from 0, one per feature"):
        TreeShap(DecisionTreeRegressor().fit(*data)).values(data[0], groups)


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("interactions", [False, True])
def test_a_call_gives_what_shap_gives(data, n_outputs, interactions):
    X, y = data
    X = pd.DataFrame(X, columns=list("abcd"))
    model = RandomForestRegressor(5, random_state=1).fit(
        X, y if n_outputs == 1 else np.stack([y, -(y**2)], 1)
    )
    found = TreeShap(model)(X[:7], interactions=interactions)
    with quiet_shap() as shap:
        expected = shap.TreeExplainer(model)(X[:7], interactions=interactions)
        assert isinstance(found, shap.Explanation)
    assert found.feature_names == expected.feature_names
    np.testing.assert_allclose(found.values, expected.values, atol=1e-9)
    np.testing.assert_allclose(found.base_values, expected.base_values, atol=1e-9)
    np.testing.assert_array_equal(found.data, expected.data)


def test_the_plots_of_shap_take_it(data):
    X, y = data
    explanation = TreeShap(RandomForestRegressor(5, random_state=1).fit(X, y))(X)
    with quiet_shap() as shap:
        for draw in (shap.plots.beeswarm, shap.plots.bar, shap.plots.heatmap):
            draw(explanation, show=False)
            plt.close("all")
        shap.plots.waterfall(explanation[0], show=False)
        shap.plots.scatter(explanation[:, 0], show=False)
    plt.close("all")
