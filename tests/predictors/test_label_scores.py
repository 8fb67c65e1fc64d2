"""Scores of labels: there and back, and what outliers do to them."""

import numpy as np
import pytest
from scipy.stats import norm, skew, yeojohnson

from graf.predictors.label_scores import LabelScores, rising_mean

RNG = np.random.default_rng(2)
LABELS = {
    "three": [3.0, 1.0, 2.0],
    "ties": [1.0, 1.0, 2.0, 5.0],
    "one": [4.0, 4.0],
    "constant that is not exact": [0.1] * 3,
    "right tail": np.exp(3 * RNG.normal(size=100)),
    "left tail": -np.exp(3 * RNG.normal(size=100)),
    "both tails": RNG.standard_cauchy(100),
    "outlier": [*RNG.normal(size=99), -1e6],
    "huge": 1e300 * RNG.normal(size=30),
    "tiny": 1e-300 * RNG.normal(size=30),
    "offset": 1e9 + RNG.normal(size=30),
}


@pytest.mark.parametrize("by_rank", [False, True])
@pytest.mark.parametrize("y", [*LABELS.values(), np.arange(50.0) ** 3], ids=[*LABELS, "cubes"])
def test_there_and_back(y, by_rank):
    y = np.asarray(y)
    scores = LabelScores(by_rank).fit(y)
    told = scores.transform(y)
    np.testing.assert_allclose(scores.inverse_transform(told), y)
    assert len(np.unique(told)) == len(np.unique(y))
    assert (np.diff(scores.inverse_transform(np.linspace(-12, 12, 500))) >= 0).all()
    assert np.isfinite(scores.inverse_transform(np.array([-12.0, 12.0]))).all()


def test_are_what_scipy_finds():
    y = np.exp(RNG.normal(size=60))
    expected = yeojohnson((y - y.mean()) / y.std())[0]
    expected = (expected - expected.mean()) / expected.std()
    np.testing.assert_allclose(LabelScores().fit(y).transform(y), expected, atol=1e-4)


def test_take_the_skew_but_keep_distances():
    y = np.concatenate([RNG.normal(90, 1, size=95), RNG.normal(60, 1, size=5)])
    scores = LabelScores().fit(y).transform(y)
    assert abs(skew(scores)) < abs(skew(y)) / 2
    gaps = np.diff(np.sort(scores))
    assert gaps.argmax() == 4  # between the cells that fail and the others


def test_do_not_depend_on_the_unit():
    y = np.exp(RNG.normal(size=40))
    np.testing.assert_allclose(
        LabelScores().fit(1000 * y + 7).transform(1000 * y + 7), LabelScores().fit(y).transform(y), atol=1e-6
    )


@pytest.mark.parametrize("y", [[3.0, 1.0, 2.0], [1.0, 2.0, 5.0, 5.0], np.arange(50.0) ** 3])
def test_ranks_are_quantiles_of_the_normal_distribution(y):
    y = np.asarray(y)
    told = LabelScores(by_rank=True).fit(y).transform(y)
    assert told.min() == pytest.approx(norm.ppf(0.5 / len(y)))
    order = np.sort(y)
    expected = [norm.ppf((np.flatnonzero(order == value).mean() + 0.5) / len(y)) for value in y]
    np.testing.assert_allclose(told, expected)


def test_ranks_spread_the_best_apart():
    y = np.concatenate([np.linspace(10, 80, 20), np.linspace(93.0, 93.1, 20)])
    gaps = {by_rank: np.ptp(LabelScores(by_rank).fit(y).transform(y[-20:])) for by_rank in (False, True)}
    assert gaps[True] > 20 * gaps[False]


def test_stretch_is_what_a_score_is_worth():
    scores = LabelScores().fit(np.exp(RNG.normal(size=40)))
    off = np.array([-1.0, 0.0, 0.5])
    expected = scores.inverse_transform(0.2 + off) - scores.inverse_transform([0.2])
    np.testing.assert_allclose(scores.stretch(0.2, off) * off, expected)
    assert scores.stretch(0.2, off)[1] == pytest.approx(scores.stretch(0.2, np.array([1e-5]))[0], rel=1e-3)


@pytest.mark.parametrize("by_rank", [False, True])
def test_go_on_beyond_the_labels(by_rank):
    scores = LabelScores(by_rank).fit(np.arange(100.0))
    assert scores.inverse_transform(scores.transform(np.array([99.0])) + 1)[0] > 105


def test_lines_beyond_the_labels_are_no_steeper_than_their_range_for_each_score():
    failing = np.where(RNG.random(1000) < 0.9, 0.0, RNG.exponential(size=1000))
    scores = LabelScores().fit(failing)
    last = scores.transform([failing.max()])
    assert np.ptp(scores.transform(np.sort(failing)[-50:])) < 1e-2  # that many labels within next to nothing
    assert failing.max() < scores.inverse_transform(last + 1)[0] < 2.001 * failing.max()


def skewed(n):
    """Labels with a long tail of networks that fail, and their scores, predicted with a noise that is the same for all."""
    y = 90 - np.exp(RNG.normal(0, 1.5, size=n))
    scores = LabelScores().fit(y)
    return y, scores, scores.transform(y) + RNG.normal(0, 0.3, size=n)


def test_calibrated_scores_err_less_on_new_labels():
    y, scores, predicted = skewed(600)
    known, new = slice(300), slice(300, None)
    before = (scores.inverse_transform(predicted) - y) ** 2
    unseen = (scores.calibrate(predicted[known], y[known]) - y[known]) ** 2
    after = (scores.inverse_transform(predicted) - y) ** 2
    assert after[new].mean() < 0.9 * before[new].mean()
    assert after[known].mean() < unseen.mean() < before[known].mean()


def test_calibrated_scores_keep_the_order_and_go_there_and_back():
    y, scores, predicted = skewed(300)
    scores.calibrate(predicted, y)
    grid = np.linspace(-8, 8, 500)
    assert (np.diff(scores.inverse_transform(grid)) > 0).all()
    np.testing.assert_allclose(scores.transform(scores.inverse_transform(grid)), grid, atol=1e-6)


@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
def test_scores_that_are_right_stay_as_they_are(y):
    y = np.asarray(y)
    scores = LabelScores().fit(y)
    before = scores.labels_.copy()
    found = scores.calibrate(scores.transform(y), y)
    np.testing.assert_array_equal(scores.labels_, before)
    np.testing.assert_allclose(found, y)


@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
def test_calibrated_scores_of_noise_are_finite(y):
    y = np.asarray(y)
    scores = LabelScores().fit(y)
    found = scores.calibrate(np.random.default_rng(0).normal(size=len(y)), y)
    assert np.isfinite(found).all()
    values = scores.inverse_transform(np.linspace(-12, 12, 500))
    assert np.isfinite(values).all()
    assert (np.diff(values) >= 0).all()


def test_scores_of_ranks_stay():
    y, _, _ = skewed(100)
    scores = LabelScores(by_rank=True).fit(y)
    before, predicted = scores.labels_.copy(), scores.transform(y)[::-1]
    np.testing.assert_array_equal(scores.calibrate(predicted, y), scores.inverse_transform(predicted))
    np.testing.assert_array_equal(scores.labels_, before)


def test_the_mean_rises_and_is_one_for_equal_scores():
    predicted, y = np.array([1.0, 1.0, 0.0, 3.0, 5.0]), np.array([2.0, 6.0, 1.0, 3.0, 9.0])
    at, mean = rising_mean(predicted, y)
    np.testing.assert_allclose(at, [0, 5 / 3, 5])  # of blocks whose labels fall, the middle
    np.testing.assert_allclose(mean, [1, 11 / 3, 9])
