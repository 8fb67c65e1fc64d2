"""Boosted trees with settings for few labels."""

import numpy as np
import pytest
from scipy.stats import kendalltau
from xgboost import XGBRegressor

from graf.predictors.boosted import BoostedTrees

RNG = np.random.default_rng(3)
CAUSES = RNG.normal(size=(500, 6))
X = CAUSES[:, RNG.integers(6, size=80)] + RNG.normal(size=(500, 80))  # many tell the same, as features do
X[RNG.random(X.shape) < 0.02] = np.nan
Y = np.exp(CAUSES[:, 0] + CAUSES[:, 1] + 0.3 * RNG.normal(size=500))
TRAIN, TEST = slice(60), slice(60, None)


@pytest.fixture(scope="module")
def trees():
    return BoostedTrees(random_state=1).fit(X[TRAIN], Y[TRAIN])


def test_rank_better_than_with_the_defaults(trees):
    usual = XGBRegressor(random_state=1, n_jobs=1).fit(X[TRAIN], Y[TRAIN])
    ours, theirs = (kendalltau(m.predict(X[TEST]), Y[TEST]).statistic for m in (trees, usual))
    assert ours > theirs + 0.03


def test_predict_in_units_of_the_target(trees):
    told = trees.predict(X[TEST])
    assert np.median(told) == pytest.approx(np.median(Y), rel=0.3)
    scores = np.mean([part.predict(X[TEST]) for part in trees.trees_], axis=0)
    np.testing.assert_allclose(trees.scores_.transform(told), scores, atol=1e-5)


def test_ensembles_draw_columns_evenly_by_family_and_by_gain():
    names = ["live.depth", "node_degree(skip).in", "node_degree(skip).out", "zcp_a", "zcp_b", "zcp_c"]
    rows = np.random.default_rng(0).normal(size=(100, 6))
    alike, by_family, by_gain = BoostedTrees(names).fit(rows, rows[:, 4]).trees_
    assert alike.feature_weights is None
    np.testing.assert_allclose(by_family.feature_weights**-2.0, [1, 2, 2, 3, 3, 3])
    assert by_gain.feature_weights.argmax() == 4
    assert by_gain.feature_weights.min() > 0
    assert by_gain.feature_importances_[4] > by_family.feature_importances_[4]


def test_equal_labels_are_predicted():
    told = BoostedTrees().fit(X[:20], np.full(20, 3.0)).predict(X)
    np.testing.assert_array_equal(told, 3.0)


def test_without_a_seed_one_is_drawn():
    one, other = (BoostedTrees(random_state=None).fit(X[TRAIN], Y[TRAIN]).predict(X) for _ in range(2))
    assert (one != other).any()


def test_do_not_depend_on_threads(trees):
    again = BoostedTrees(random_state=1, n_jobs=2).fit(X[TRAIN], Y[TRAIN])
    np.testing.assert_array_equal(again.predict(X), trees.predict(X))
    other = BoostedTrees(random_state=2).fit(X[TRAIN], Y[TRAIN])
    assert (other.predict(X) != trees.predict(X)).any()


def test_are_the_same_trees_for_any_threads():
    n = 205  # scores whose mean would depend on how it is summed
    one, two = (BoostedTrees(n_jobs=n_jobs).fit(X[:n, :2], Y[:n]).trees_ for n_jobs in (1, 2))
    assert [trees.get_booster().save_raw() for trees in one] == [
        trees.get_booster().save_raw() for trees in two
    ]


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_handful_of_labels(n):
    told = BoostedTrees().fit(X[:n], Y[:n]).predict(X)
    assert np.isfinite(told).all()
    assert Y[:n].min() - 1e-6 <= told.min() <= told.max() <= Y[:n].max() + 1e-6
