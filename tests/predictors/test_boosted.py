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
    scores = trees.trees_.predict(X[TEST]).astype(float)
    np.testing.assert_allclose(trees.scores_.transform(told), scores, atol=1e-6)


def test_do_not_depend_on_threads(trees):
    again = BoostedTrees(random_state=1, n_jobs=2).fit(X[TRAIN], Y[TRAIN])
    np.testing.assert_array_equal(again.predict(X), trees.predict(X))
    other = BoostedTrees(random_state=2).fit(X[TRAIN], Y[TRAIN])
    assert (other.predict(X) != trees.predict(X)).any()


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_handful_of_labels(n):
    told = BoostedTrees().fit(X[:n], Y[:n]).predict(X)
    assert np.isfinite(told).all()
    assert Y[:n].min() - 1e-6 <= told.min() <= told.max() <= Y[:n].max() + 1e-6
