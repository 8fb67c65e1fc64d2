"""Scores of labels: there and back, and what outliers do to them."""

import numpy as np
import pytest
from scipy.stats import norm, skew, yeojohnson

from graf.predictors.label_scores import LabelScores

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
