"""Scores of labels: there and back, and what outliers do to them."""

import numpy as np
import pytest
from scipy.stats import skew, yeojohnson

from graf.predictors.power_scores import PowerScores

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


@pytest.mark.parametrize("y", LABELS.values(), ids=LABELS)
def test_there_and_back(y):
    y = np.asarray(y)
    scores = PowerScores().fit(y)
    told = scores.transform(y)
    np.testing.assert_allclose(scores.inverse_transform(told), y)
    assert len(np.unique(told)) == len(np.unique(y))
    assert (np.diff(scores.inverse_transform(np.linspace(-12, 12, 500))) >= 0).all()
    assert np.isfinite(scores.inverse_transform(np.array([-12.0, 12.0]))).all()


def test_are_what_scipy_finds():
    y = np.exp(RNG.normal(size=60))
    expected = yeojohnson((y - y.mean()) / y.std())[0]
    expected = (expected - expected.mean()) / expected.std()
    np.testing.assert_allclose(PowerScores().fit(y).transform(y), expected, atol=1e-4)


def test_take_the_skew_but_keep_distances():
    y = np.concatenate([RNG.normal(90, 1, size=95), RNG.normal(60, 1, size=5)])
    scores = PowerScores().fit(y).transform(y)
    assert abs(skew(scores)) < abs(skew(y)) / 2
    gaps = np.diff(np.sort(scores))
    assert gaps.argmax() == 4  # between the cells that fail and the others


def test_do_not_depend_on_the_unit():
    y = np.exp(RNG.normal(size=40))
    np.testing.assert_allclose(
        PowerScores().fit(1000 * y + 7).transform(1000 * y + 7), PowerScores().fit(y).transform(y), atol=1e-6
    )


def test_go_on_beyond_the_labels():
    scores = PowerScores().fit(np.arange(100.0))
    assert scores.inverse_transform(scores.transform(np.array([99.0])) + 1)[0] > 105
