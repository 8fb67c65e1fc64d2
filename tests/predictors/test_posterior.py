"""Draws of weights against the density they are drawn from."""

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.spatial.distance import pdist, squareform
from scipy.stats import multivariate_normal, norm

from graf.predictors import posterior
from graf.predictors.posterior import _evidence, _loss, _prior, matern, most_probable, plausible

RNG = np.random.default_rng(5)
X = RNG.normal(size=(25, 3))
Y = np.sin(X[:, 0]) + 0.2 * RNG.normal(size=25)
Y = (Y - Y.mean()) / Y.std()
DISTANCES = np.stack([pdist(X[:, [k]], "sqeuclidean") for k in range(3)])


def log_density(theta):
    """Up to a constant, with one group."""
    covariance = np.exp(theta[0]) * matern(np.exp(theta[2] + theta[3]) * squareform(DISTANCES[0]))
    covariance = covariance + np.exp(theta[1]) * np.eye(len(Y))
    prior = norm.logpdf(theta, *_prior(1)).sum()
    return multivariate_normal(np.zeros(len(Y)), covariance).logpdf(Y) + prior


def test_slopes_of_the_evidence():
    told = np.array([-0.3, -1.5, -1.0, -2.0, 0.5])
    slopes = approx_fprime(told, lambda t: _evidence(t, DISTANCES, Y)[0], 1e-6)
    np.testing.assert_allclose(_evidence(told, DISTANCES, Y)[1], slopes, rtol=1e-3, atol=1e-4)


def test_likelihood():
    a, b = np.array([0.1, -2.0, -1.0, 0.3]), np.array([0.5, -1.0, -2.0, -0.3])
    expected = log_density(a) - log_density(b)
    prior = norm.logpdf(a, *_prior(1)).sum() - norm.logpdf(b, *_prior(1)).sum()
    assert _loss(b, DISTANCES[:1], Y) - _loss(a, DISTANCES[:1], Y) == pytest.approx(expected - prior)
    assert _evidence(posterior._told(a), DISTANCES[:1], Y)[0] == pytest.approx(_loss(a, DISTANCES[:1], Y))


def test_the_most_probable_weights_are_a_peak():
    found = most_probable(DISTANCES[:1], Y)
    level = (
        posterior.LEVEL
    )  # with one group level and part come from one sum, in the ratio of their variances
    share = posterior.LEVEL_STD**2 / (posterior.LEVEL_STD**2 + posterior.GROUP_STD**2)
    theta = np.array([*found[:2], level + share * (found[2] - level), (1 - share) * (found[2] - level)])
    for k in range(4):
        for step in (-0.2, 0.2):
            assert log_density(theta) > log_density(theta + step * np.eye(4)[k])


def test_draws_follow_the_posterior(monkeypatch):
    """Mean and spread of the log noise beside a sum over a grid."""
    monkeypatch.setattr(posterior, "STEPS", 4000)
    monkeypatch.setattr(posterior, "KEPT", 2000)
    draws = plausible(DISTANCES[:1], Y, np.random.default_rng(0))
    assert draws.shape == (2000, 3)
    means, stds = _prior(1)
    spread = np.hypot(stds[2], stds[3])  # of the log weight
    grid = np.stack(
        np.meshgrid(
            *(
                np.linspace(m - 4 * s, m + 4 * s, 25)
                for m, s in zip(means[:3], [*stds[:2], spread], strict=True)
            ),
            indexing="ij",
        ),
        axis=-1,
    ).reshape(-1, 3)
    losses = np.array([_loss(np.array([*point, 0.0]), DISTANCES[:1], Y) for point in grid])
    density = np.exp(-losses + losses.min()) * norm.pdf(grid, means[:3], [*stds[:2], spread]).prod(axis=1)
    density /= density.sum()
    expected = density @ grid
    deviation = np.sqrt(density @ (grid - expected) ** 2)
    np.testing.assert_allclose(draws.mean(axis=0), expected, atol=0.25 * deviation.max())
    np.testing.assert_allclose(draws.std(axis=0), deviation, rtol=0.2)


def test_draws_come_from_the_seed():
    first, again, other = (plausible(DISTANCES, Y, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert first.shape == (10, 5)
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
