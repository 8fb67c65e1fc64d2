"""The Gaussian process against its definition."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import norm

from graf.predictors.gaussian_process import GroupGaussianProcess, _distances, _evidence
from graf.predictors.normal_scores import NormalScores

RNG = np.random.default_rng(5)
X = RNG.normal(size=(40, 6))
X[RNG.random(X.shape) < 0.1] = np.nan
Y = np.nan_to_num(X[:, 0]) + 0.3 * RNG.normal(size=40)
Y = (Y - Y.mean()) / Y.std()
GROUPS = ["a", "a", "b", "c", "c", "c"]


def matern(rows, others, process):
    """Covariance of ranked rows, entry by entry."""
    signal = np.exp(process._theta[0])
    weights = dict(zip(process.groups_, process.weights_, strict=True))
    out = np.empty((len(rows), len(others)))
    for i, row in enumerate(rows):
        for j, other in enumerate(others):
            r = sum(weights[g] * (row[k] - other[k]) ** 2 for k, g in enumerate(process.groups)) ** 0.5
            out[i, j] = signal * (1 + 5**0.5 * r + 5 / 3 * r**2) * np.exp(-(5**0.5) * r)
    return out


def test_predictions_are_those_of_the_definition():
    process = GroupGaussianProcess(GROUPS).fit(X[:30], Y[:30])
    train, test = process._ranked(X[:30]), process._ranked(X[30:])
    noise = np.exp(process._theta[1])
    covariance = matern(train, train, process) + noise * np.eye(30)
    cross = matern(test, train, process)
    mean, std = process.predict(X[30:], return_std=True)
    np.testing.assert_allclose(mean, cross @ np.linalg.solve(covariance, Y[:30]), rtol=1e-8)
    known = np.einsum("ij,ji->i", cross, np.linalg.solve(covariance, cross.T))
    np.testing.assert_allclose(std**2, np.exp(process._theta[0]) - known + noise, rtol=1e-8)


def test_leave_one_out_leaves_one_out():
    process = GroupGaussianProcess(GROUPS).fit(X, Y)
    rows = process._ranked(X)
    covariance = matern(rows, rows, process) + np.exp(process._theta[1]) * np.eye(40)
    for i in (0, 7, 39):
        others = np.delete(np.arange(40), i)
        mean = covariance[i, others] @ np.linalg.solve(covariance[np.ix_(others, others)], Y[others])
        assert process.loo_mean_[i] == pytest.approx(mean, rel=1e-8)


def test_slopes_of_the_evidence():
    distances = _distances(np.nan_to_num(X), np.array([0, 0, 1, 2, 2, 2]))
    flat = distances.reshape(3, -1)

    def value(theta):
        return _evidence(theta[0], theta[1], np.exp(theta[2:]), flat, Y)[0]

    theta = np.array([-0.3, -1.5, -1.0, -2.0, 0.5])
    slopes = _evidence(theta[0], theta[1], np.exp(theta[2:]), flat, Y)[1]
    np.testing.assert_allclose(slopes, approx_fprime(theta, value, 1e-6), rtol=1e-3, atol=1e-4)


def test_a_group_without_meaning_gets_less_weight():
    process = GroupGaussianProcess(GROUPS).fit(X, Y)
    weights = dict(zip(process.groups_, process.weights_, strict=True))
    assert weights["a"] > 5 * max(weights["b"], weights["c"])


def test_more_labels_than_it_learns_from(monkeypatch):
    monkeypatch.setattr("graf.predictors.gaussian_process.LEARNED_FROM", 20)
    monkeypatch.setattr("graf.predictors.gaussian_process.MOST_LABELS", 30)
    process = GroupGaussianProcess(GROUPS).fit(X, Y)
    assert len(process._dual) == 30
    assert np.isfinite(process.loo_mean_).all()
    assert np.corrcoef(process.loo_mean_, Y)[0, 1] > 0.5


def test_novelty_is_one_at_most_among_training_rows_and_grows_outside():
    process = GroupGaussianProcess().fit(X[:, :2], Y)
    assert process.novelty(X[:, :2]).max() == 0
    far = process.novelty(np.array([[50.0, -50.0]]))[0]
    assert far > 1
    assert far > process.novelty(np.array([[0.1, 0.1]]))[0]


@pytest.mark.parametrize("y", [[3.0, 1.0, 2.0], [1.0, 1.0, 2.0, 5.0], [4.0, 4.0], np.arange(50.0) ** 3])
def test_normal_scores_go_both_ways(y):
    y = np.asarray(y)
    scores = NormalScores().fit(y)
    np.testing.assert_allclose(scores.inverse_transform(scores.transform(y)), y)
    grid = np.linspace(-6, 6, 200)
    assert (np.diff(scores.inverse_transform(grid)) >= 0).all()
    first = np.argmin(y)
    if (y == y[first]).sum() == 1:
        assert scores.transform(y)[first] == pytest.approx(norm.ppf(0.5 / len(y)))


def test_scores_go_on_beyond_the_labels():
    scores = NormalScores().fit(np.arange(100.0))
    assert scores.inverse_transform(scores.transform(np.array([99.0])) + 1)[0] > 105
