from itertools import combinations

import numpy as np
import pytest
from scipy.stats import kendalltau

from graf.measure.noise import noise_ceiling, seed_agreement


@pytest.mark.parametrize("noise", [0.2, 0.7, 1.5])
@pytest.mark.parametrize("k", [2, 3, 5])
def test_recovers_the_truth_of_a_simulation(noise, k):
    rng = np.random.default_rng(k)
    truth = rng.standard_normal(4000)
    seeds = truth[:, None] + noise * rng.standard_normal((4000, k))
    expected = kendalltau(truth, seeds.mean(axis=1)).statistic
    assert noise_ceiling(seed_agreement(seeds), k) == pytest.approx(expected, abs=0.02)


def test_agreement_is_the_mean_over_pairs():
    values = np.random.default_rng(0).random((6, 3))
    taus = []
    for a, b in combinations(range(3), 2):
        signs = [
            np.sign((values[i, a] - values[j, a]) * (values[i, b] - values[j, b]))
            for i, j in combinations(range(6), 2)
        ]
        taus.append(np.mean(signs))
    assert seed_agreement(values) == pytest.approx(np.mean(taus))


@pytest.mark.parametrize(
    "values", [np.ones((5, 1)), np.ones((1, 3)), np.ones((5, 2)), np.array([[1, 2], [2, np.nan], [3, 1]])]
)
def test_undefined(values):
    agreement = seed_agreement(values.astype(float))
    assert np.isnan(agreement) and np.isnan(noise_ceiling(agreement, 2))


def test_ceiling_grows_with_agreement_and_seeds():
    assert noise_ceiling(0.3, 3) < noise_ceiling(0.5, 3) < noise_ceiling(0.5, 10) < 1
    assert noise_ceiling(-0.2, 3) == noise_ceiling(0.0, 3) == 0
    assert noise_ceiling(1.0, 2) == 1
