"""The forest of two kinds of trees."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau
from sklearn.base import clone
from sklearn.ensemble import RandomForestRegressor
from sklearn.tree import DecisionTreeRegressor, ExtraTreeRegressor

from graf import PerformancePredictor, load_predictor
from graf.explainers.shap_values import check_additivity, shap_values
from graf.predictors.forest import MixedForest

RNG = np.random.default_rng(3)
CAUSES = RNG.normal(size=(500, 6))
X = CAUSES[:, RNG.integers(6, size=80)] + RNG.normal(size=(500, 80))  # many tell the same, as features do
X[RNG.random(X.shape) < 0.02] = np.nan
Y = CAUSES[:, 0] + CAUSES[:, 1] + 0.3 * RNG.normal(size=500)
TRAIN, TEST = slice(60), slice(60, None)


@pytest.fixture(scope="module")
def forest():
    return MixedForest(random_state=1).fit(X[TRAIN], Y[TRAIN])


def test_ranks_better_than_a_random_forest_with_the_defaults(forest):
    usual = RandomForestRegressor(random_state=1).fit(X[TRAIN], Y[TRAIN])
    ours, theirs = (kendalltau(m.predict(X[TEST]), Y[TEST]).statistic for m in (forest, usual))
    assert ours > theirs + 0.03


def test_is_the_mean_of_as_many_trees_of_each_kind(forest):
    assert [type(tree) for tree in forest.estimators_] == [DecisionTreeRegressor] * 100 + [
        ExtraTreeRegressor
    ] * 100
    told = np.mean([tree.predict(X[TEST]) for tree in forest.estimators_], axis=0)
    np.testing.assert_allclose(forest.predict(X[TEST]), told, rtol=1e-12)
    assert {tree.max_features_ for tree in forest.estimators_} == {80 // 3}


def test_tells_which_rows_each_tree_was_grown_on(forest):
    samples = forest.estimators_samples_
    assert len(samples) == 200
    for rows, tree in zip(samples, forest.estimators_, strict=True):
        np.testing.assert_allclose(tree.tree_.value[0, 0, 0], Y[TRAIN][rows].mean())
    assert {len(set(rows.tolist())) for rows in samples[100:]} == {60}


def test_settings_reach_both_kinds_and_copies():
    small = clone(MixedForest(2, max_features=0.5, random_state=4)).fit(X[TRAIN], Y[TRAIN])
    assert [tree.max_features_ for tree in small.estimators_] == [40] * 4
    again = clone(small).fit(X[TRAIN], Y[TRAIN])
    np.testing.assert_array_equal(again.predict(X), small.predict(X))


def test_fitted_again_it_forgets():
    twice = MixedForest(2, random_state=0).fit(X[TRAIN], -Y[TRAIN]).fit(X[TRAIN], Y[TRAIN])
    once = MixedForest(2, random_state=0).fit(X[TRAIN], Y[TRAIN])
    np.testing.assert_array_equal(twice.predict(X), once.predict(X))


@pytest.mark.parametrize("unit", [2.0**-1000, 2.0**-40, 2.0**40, 2.0**1000])
def test_does_not_depend_on_the_unit_of_the_labels(forest, unit):
    other = MixedForest(random_state=1).fit(X[TRAIN], Y[TRAIN] * unit)
    np.testing.assert_array_equal(other.predict(X[TEST]), forest.predict(X[TEST]) * unit)
    np.testing.assert_array_equal(other.feature_importances_, forest.feature_importances_)


@pytest.mark.parametrize("far", [1e9, -1e9, 1e12])
def test_labels_far_from_zero_are_told_apart_as_well(forest, far):
    other = MixedForest(random_state=1).fit(X[TRAIN], Y[TRAIN] + far)
    far_ones, near_ones = (kendalltau(m.predict(X[TEST]), Y[TEST]).statistic for m in (other, forest))
    assert far_ones == pytest.approx(near_ones, abs=0.01)


@pytest.mark.parametrize("kind", [bool, np.int8, np.float16])
def test_labels_of_any_type_are_numbers(kind):
    labels = (Y[TRAIN] > 0).astype(kind)
    told = MixedForest(2, random_state=0).fit(X[TRAIN], labels).predict(X)
    np.testing.assert_array_equal(told, MixedForest(2, random_state=0).fit(X[TRAIN], labels * 1.0).predict(X))


def test_several_targets_at_once(forest):
    both = (
        MixedForest(20, random_state=1).fit(X[TRAIN], np.column_stack([Y[TRAIN], -Y[TRAIN]])).predict(X[TEST])
    )
    np.testing.assert_allclose(both[:, 0], -both[:, 1])


@pytest.mark.parametrize("background", [None, np.nan_to_num(X[:5])])
def test_shap_values_add_up(forest, background):
    rows = np.nan_to_num(X[TEST][:4])
    values, base = shap_values(forest, rows, background)
    check_additivity(forest, values, base, forest.predict(rows))


def test_saved_and_loaded_it_predicts_the_same(tmp_path):
    predictor = PerformancePredictor("random_forest", features="given").fit(_table(TRAIN), Y[TRAIN])
    predictor.save(tmp_path / "forest")
    again = load_predictor(tmp_path / "forest")
    for one, other in zip(
        *(p.predict(_table(TEST), return_std=True) for p in (predictor, again)), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def _table(rows):
    return pd.DataFrame(X[rows]).add_prefix("column")
